"""The original model: trained here, or brought by the user."""

from guided_retraining.pipelines.training.pipeline import create_pipeline

__all__ = ["create_pipeline"]
