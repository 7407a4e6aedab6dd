"""Rank the pool by each metric and retrain with growing numbers of inputs under each configuration."""

from guided_retraining.pipelines.ordering_retraining.pipeline import create_pipeline

__all__ = ["create_pipeline"]
