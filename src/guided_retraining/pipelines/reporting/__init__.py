"""Figures, tables, statistics, the answer and the page."""

from guided_retraining.pipelines.reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
