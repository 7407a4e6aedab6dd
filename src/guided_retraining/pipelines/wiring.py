"""Small helpers that the stages' ``pipeline.py`` share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, update_wrapper
from typing import Any

from kedro.pipeline import Pipeline, node

# The tag of nodes that compute with a model, and so load the deep-learning backend.
BACKEND = "backend"


def bound(function: Callable[..., Any], **arguments: Any) -> Callable[..., Any]:
    """``function`` with some arguments fixed, still under its own name and docstring."""
    return update_wrapper(partial(function, **arguments), function)


def inside(namespace: str, parts: Iterable[Any], *, own: Iterable[str] = ()) -> Pipeline:
    """Nodes or pipelines in a namespace; only the data names in ``own`` are prefixed with it.

    Args:
        namespace: the level to add.
        parts: nodes or pipelines.
        own: names of data that belong to the namespace.
    """
    flat = Pipeline(list(parts))
    shared = {name for name in flat.datasets() if name not in set(own)}
    return Pipeline(
        flat,
        namespace=namespace,
        inputs={name for name in flat.inputs() & shared if not _is_parameter(name)},
        outputs=set(flat.all_outputs() & shared),
        parameters={name for name in flat.inputs() if _is_parameter(name)},
    )


def stage(name: str, parts: Iterable[Any], *, tags: str | None = None) -> Pipeline:
    """Nodes in a stage's namespace, with a tag if given; the names of data stay as they are."""
    return Pipeline(list(parts), namespace=name, prefix_datasets_with_namespace=False, tags=tags)


def for_dataset(dataset: str, stage_pipeline: Pipeline) -> Pipeline:
    """A stage for one data set: all its data and parameters are named after the data set."""
    return Pipeline(stage_pipeline, namespace=dataset)


def over_metrics(
    function: Callable[..., Any],
    inputs: Mapping[str, str],
    metrics: Sequence[str],
    what: str,
    outputs: str | list[str],
) -> Pipeline:
    """A node that takes a piece of data of every metric, each as the argument ``<what>_<metric>``.

    Args:
        function: of the node.
        inputs: argument and data of its other inputs.
        metrics: keys of the metrics.
        what: the piece of each, such as ``scores``.
        outputs: names of what it gives.
    """
    pieces = {f"{what}_{metric}": f"{metric}.{what}" for metric in metrics}
    given = {**inputs, **{name: name for name in pieces}}
    return Pipeline([node(function, given, outputs, name=function.__name__)], inputs=pieces)


def _is_parameter(name: str) -> bool:
    return name == "parameters" or name.startswith("params:")
