"""Published files of the public data sets, fetched and verified."""

from guided_retraining.pipelines.download.pipeline import create_pipeline

__all__ = ["create_pipeline"]
