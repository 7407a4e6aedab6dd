"""All finished studies of an environment side by side."""

from guided_retraining.pipelines.comparison.pipeline import create_pipeline

__all__ = ["create_pipeline"]
