"""Raw files -> images, labels, a summary of the data set, and the plan of its study."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.preprocessing.nodes import plan, prepare
from guided_retraining.pipelines.wiring import stage

_SPLITS = [f"{split}_{kind}" for split in ("train", "validation", "test") for kind in ("images", "labels")]


def create_pipeline() -> Pipeline:
    """The stage, with plain names."""
    return stage(
        "preprocessing",
        [
            node(
                prepare,
                ["raw", "params:source", "params:preprocessing", "params:seed"],
                {name: name for name in [*_SPLITS, "dataset_summary"]},
                name="prepare",
            ),
            node(
                plan,
                [
                    "dataset_summary",
                    "params:attack",
                    "params:ordering_retraining",
                    "params:training",
                    "params:metrics",
                    "params:replicates",
                ],
                "study_plan",
                name="plan",
            ),
        ],
    )
