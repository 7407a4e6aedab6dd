"""Adversarial inputs for each split, made against the original model."""

from guided_retraining.pipelines.attack.pipeline import create_pipeline

__all__ = ["create_pipeline"]
