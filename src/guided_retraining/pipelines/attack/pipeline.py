"""The original model and clean images -> adversarial images, their table, and pools of both."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.attack.nodes import SPLITS, attack_split, join_pool
from guided_retraining.pipelines.wiring import BACKEND, bound, stage


def create_pipeline() -> Pipeline:
    """The stage, with plain names."""
    nodes = []
    for split in SPLITS:
        nodes.append(
            node(
                bound(attack_split, split=split),
                [
                    "model",
                    f"{split}_images",
                    f"{split}_labels",
                    "params:attack",
                    "params:replicates",
                    "params:seed",
                    "attack_store",
                ],
                [f"{split}_adversarial_images", f"{split}_adversarial_table"],
                name=f"attack_{split}",
                tags=BACKEND,
            )
        )
        nodes.append(
            node(
                join_pool,
                [
                    f"{split}_images",
                    f"{split}_labels",
                    f"{split}_adversarial_images",
                    f"{split}_adversarial_table",
                    "params:replicates",
                ],
                f"{split}_pool",
                name=f"join_{split}_pool",
            )
        )
    return stage("attack", nodes)
