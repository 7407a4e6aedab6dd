"""The answer, and what the recommended model was made from -> the hardened model's file, its check and card."""

from __future__ import annotations

from collections.abc import Sequence

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.delivery.card import write_card
from guided_retraining.pipelines.delivery.nodes import check_hardened, harden
from guided_retraining.pipelines.wiring import BACKEND, over_metrics, stage


def create_pipeline(metrics: Sequence[str]) -> Pipeline:
    """The stage, with plain names.

    Args:
        metrics: keys of the metrics.
    """
    made_from = {
        "models": "model",
        "train_pools": "train_pool",
        "validation_pools": "validation_pool",
        "test_pools": "test_pool",
        "train_table": "train_adversarial_table",
        "seed": "params:seed",
        "study": "params:ordering_retraining",
        "training": "params:training",
        "attack": "params:attack",
        "answer": "answer",
        "results": "results",
    }
    fitted_by = {
        **made_from,
        "model": "params:model",
        "metric_parameters": "params:metrics",
        "store": "hardened_store",
    }
    return stage(
        "delivery",
        [
            Pipeline(over_metrics(harden, fitted_by, metrics, "scores", "hardened_model"), tags=BACKEND),
            node(
                check_hardened,
                {"hardened": "hardened_model", **made_from},
                "hardened_check",
                name="check_hardened",
                tags=BACKEND,
            ),
            node(
                write_card,
                {
                    "checked": "hardened_check",
                    "answer": "answer",
                    "dataset_summary": "dataset_summary",
                    "source": "params:source",
                    "model": "params:model",
                    "attack": "params:attack",
                    "study": "params:ordering_retraining",
                    "parameters": "parameters",
                },
                "hardened_card",
                name="write_card",
            ),
        ],
    )
