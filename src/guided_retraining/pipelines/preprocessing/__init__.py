"""Raw files to images and labels for training, validation and test."""

from guided_retraining.pipelines.preprocessing.pipeline import create_pipeline

__all__ = ["create_pipeline"]
