"""Scores and pools -> a curve for each configuration and metric -> one results table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.ordering_retraining.nodes import finish_results, retrain_curve, stack
from guided_retraining.pipelines.wiring import BACKEND, bound, inside, stage


def create_pipeline(dataset: str, orders: Mapping[str, Sequence[str]]) -> Pipeline:
    """The stage, with plain names.

    Args:
        dataset: its name, written into the results.
        orders: keys of the configurations, and of the metrics that each compares.
    """
    curves = [f"curves_{configuration}" for configuration in orders]
    gather = Pipeline(
        [
            node(
                bound(finish_results, dataset=dataset),
                curves,
                ["results", "correctness"],
                name="finish_results",
            )
        ],
        inputs={f"curves_{configuration}": f"{configuration}.curves" for configuration in orders},
    )
    return stage("ordering_retraining", [*(_configuration(*row) for row in orders.items()), gather])


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
                    "train_adversarial_table",
                    "scores",
                    "params:replicates",
                    "params:seed",
                    "params:ordering_retraining",
                    "params:training",
                    "params:attack",
                    "params:model",
                    f"params:metrics.{metric}",
                    "cells",
                ],
                "curve",
                name="retrain",
                tags=[BACKEND, "divisible"],  # idle Dask workers may help with its cells
            )
        ],
        own=["scores", "curve"],
    )
