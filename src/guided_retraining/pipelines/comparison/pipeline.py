"""Finished studies -> their overview, a diagram of strategies and one of metrics, the page and tables for papers."""

from __future__ import annotations

from collections.abc import Sequence

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.comparison.nodes import compare, draw_ranks, show
from guided_retraining.pipelines.wiring import bound

RANKED = ["strategies_figure", "metrics_figure"]


def create_pipeline(datasets: Sequence[str], command: str) -> Pipeline:
    """The pipeline, with plain names.

    Args:
        datasets: that are configured.
        command: which, with a data set's name behind it, finishes that study.
    """
    gather = bound(compare, datasets=tuple(datasets), command=command)
    return Pipeline(
        [
            node(gather, "studies", "answer", name="compare"),
            node(draw_ranks, "answer", RANKED, name="draw_ranks"),
            node(show, ["answer", *RANKED], ["report", "tables"], name="show"),
        ]
    )
