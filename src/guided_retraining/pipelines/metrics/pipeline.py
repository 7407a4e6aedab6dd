"""The original model and the training pool -> scores, one namespace for each metric."""

from __future__ import annotations

from collections.abc import Sequence

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.metrics.nodes import score_pool, trace_pool
from guided_retraining.pipelines.metrics.stability import measure_stability
from guided_retraining.pipelines.wiring import bound, inside, over_metrics, stage


def create_pipeline(metrics: Sequence[str], *, with_stability: bool = False) -> Pipeline:
    """The stage, with plain names.

    Args:
        metrics: keys of the metrics to score with.
        with_stability: whether further original models are trained to see how stable the rankings are.
    """
    trace = node(
        trace_pool,
        ["model", "train_pool", "params:model"],
        ["pool_activations", "pool_probabilities", "trace_cost"],
        name="trace_pool",
    )
    stability = [_stability(metrics)] if with_stability else []
    return stage("metrics", [trace, *(_score(metric) for metric in metrics), *stability])


def _stability(metrics: Sequence[str]) -> Pipeline:
    labelled = [f"{split}_{what}" for split in ("train", "validation") for what in ("images", "labels")]
    parameters = ("model", "training", "metrics", "seed", "stability_seeds")
    inputs = [
        *labelled,
        "dataset_summary",
        "train_pool",
        "training_store",
        *(f"params:{name}" for name in parameters),
    ]
    return over_metrics(measure_stability, inputs, metrics, "scores", ["stability", "stability_cost"])


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
                    "params:seed",
                ],
                ["scores", "scoring_cost"],
                name="score",
            )
        ],
        own=["scores", "scoring_cost"],
    )
