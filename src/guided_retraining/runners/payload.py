"""What travels to a worker: a node and the catalog entries it uses, never the data."""

from __future__ import annotations

from typing import Any

from kedro.io import CatalogProtocol, DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from guided_retraining.errors import ParameterError


def check_persisted(pipeline: Pipeline, catalog: CatalogProtocol) -> None:
    """Refuse a pipeline whose nodes hand data over in memory.

    Args:
        pipeline: all nodes of the run.
        catalog: its entries.

    Raises:
        ParameterError: a node's output has no catalog entry, or one that lives in this process's memory.
    """
    in_memory = sorted(name for name in pipeline.all_outputs() if _ephemeral(catalog, name))
    if in_memory:
        raise ParameterError(
            f"workers share data through files, and {', '.join(in_memory)} would stay in memory; "
            "add an entry or a pattern to conf/base/catalog.yml"
        )


def _ephemeral(catalog: CatalogProtocol, name: str) -> bool:
    dataset: Any = catalog.get(name)
    return dataset is None or any(getattr(dataset, mark, False) for mark in ("_EPHEMERAL", "_SINGLE_PROCESS"))


def node_catalog(node: Node, catalog: CatalogProtocol) -> DataCatalog:
    """A catalog of a node's inputs and outputs alone, with their validators.

    Args:
        node: one node.
        catalog: of the run.
    """
    names = {*node.inputs, *node.outputs}
    small = DataCatalog({name: catalog[name] for name in names})  # type: ignore[arg-type]
    # Kedro keeps what checks the data beside the catalog's entries, not in them.
    specs = getattr(catalog, "_validator_specs", {})
    small._validator_specs = {name: spec for name, spec in specs.items() if name in names}
    small.validation_enabled = getattr(catalog, "validation_enabled", True)
    return small
