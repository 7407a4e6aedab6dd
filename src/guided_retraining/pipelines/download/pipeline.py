"""The raw folder -> the published files in it."""

from __future__ import annotations

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.download.nodes import fetch
from guided_retraining.pipelines.wiring import bound, stage


def create_pipeline(dataset: str) -> Pipeline:
    """The stage, with plain names.

    Args:
        dataset: which one to fetch.
    """
    return stage(
        "download",
        [node(bound(fetch, dataset=dataset), ["raw", "params:source"], "download_log", name="fetch")],
    )
