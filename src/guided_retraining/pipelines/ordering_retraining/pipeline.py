"""Scores and pools -> a curve for each configuration and metric -> one results table."""

from __future__ import annotations

from collections.abc import Sequence

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.ordering_retraining.nodes import finish_results, retrain_curve, stack
from guided_retraining.pipelines.wiring import bound, inside, stage


def create_pipeline(dataset: str, configurations: Sequence[str], metrics: Sequence[str]) -> Pipeline:
    """The stage, with plain names.

    Args:
        dataset: its name, written into the results.
        configurations: keys of the configurations.
        metrics: keys of the metrics.
    """
    curves = [f"curves_{configuration}" for configuration in configurations]
    gather = Pipeline(
        [
            node(
                bound(finish_results, dataset=dataset),
                curves,
                ["results", "correctness"],
                name="finish_results",
            )
        ],
        inputs={f"curves_{configuration}": f"{configuration}.curves" for configuration in configurations},
    )
    return stage("ordering_retraining", [*(_configuration(name, metrics) for name in configurations), gather])


def _configuration(name: str, metrics: Sequence[str]) -> Pipeline:
    together = Pipeline(
        [node(stack, [f"curve_{metric}" for metric in metrics], "curves", name="stack")],
        inputs={f"curve_{metric}": f"{metric}.curve" for metric in metrics},
    )
    own = [*(f"{metric}.curve" for metric in metrics), "curves"]
    return inside(name, [*(_curve(name, metric) for metric in metrics), together], own=own)


def _curve(name: str, metric: str) -> Pipeline:
    return inside(
        metric,
        [
            node(
                bound(retrain_curve, names=(name, metric)),
                [
                    "model",
                    "train_pool",
                    "validation_pool",
                    "test_pool",
                    "scores",
                    "params:replicates",
                    "params:seed",
                    "params:ordering_retraining",
                    "params:training",
                    "params:attack",
                    f"params:metrics.{metric}",
                    "cells",
                ],
                "curve",
                name="retrain",
                tags="divisible",  # idle Dask workers may help with its cells
            )
        ],
        own=["scores", "curve"],
    )
