"""The original model and the training pool -> scores, one namespace for each metric."""

from __future__ import annotations

from collections.abc import Sequence

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.metrics.nodes import score_pool, trace_pool
from guided_retraining.pipelines.wiring import BACKEND, bound, inside, stage


def create_pipeline(metrics: Sequence[str]) -> Pipeline:
    """The stage, with plain names.

    Args:
        metrics: keys of the metrics to score with.
    """
    trace = node(
        trace_pool,
        ["model", "train_pool", "params:model", "params:replicates"],
        ["pool_activations", "pool_probabilities", "trace_cost"],
        name="trace_pool",
        tags=BACKEND,
    )
    return stage("metrics", [trace, *(_score(metric) for metric in metrics)])


def _score(metric: str) -> Pipeline:
    return inside(
        metric,
        [
            node(
                bound(score_pool, metric=metric),
                [
                    "pool_activations",
                    "pool_probabilities",
                    "train_pool",
                    f"params:metrics.{metric}",
                    "params:replicates",
                    "params:seed",
                ],
                ["scores", "scoring_cost"],
                name="score",
            )
        ],
        own=["scores", "scoring_cost"],
    )
