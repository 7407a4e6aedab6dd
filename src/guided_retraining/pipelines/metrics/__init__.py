"""A guidance score for every input of the training pool."""

from guided_retraining.pipelines.metrics.pipeline import create_pipeline

__all__ = ["create_pipeline"]
