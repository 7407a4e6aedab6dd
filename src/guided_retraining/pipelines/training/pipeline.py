"""Images and labels -> the original model."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.training.nodes import evaluate_original, train_original
from guided_retraining.pipelines.wiring import BACKEND, stage


def create_pipeline() -> Pipeline:
    """The stage, with plain names."""
    return stage(
        "training",
        [
            node(
                train_original,
                [
                    "train_images",
                    "train_labels",
                    "validation_images",
                    "validation_labels",
                    "dataset_summary",
                    "study_plan",
                    "params:model",
                    "params:training",
                    "params:replicates",
                    "params:seed",
                    "training_store",
                ],
                ["model", "training_log"],
                name="train_original",
            ),
            node(
                evaluate_original,
                [
                    "model",
                    "validation_images",
                    "validation_labels",
                    "test_images",
                    "test_labels",
                    "params:replicates",
                ],
                "original_accuracy",
                name="evaluate_original",
            ),
        ],
        tags=BACKEND,
    )
