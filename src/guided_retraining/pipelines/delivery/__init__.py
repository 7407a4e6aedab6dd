"""The recommended model as a file, measured after it was written, with its card."""

from guided_retraining.pipelines.delivery.pipeline import create_pipeline

__all__ = ["create_pipeline"]
