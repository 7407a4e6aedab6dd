"""A cell's model once more: the study keeps what it measured of its models, not the models."""

from __future__ import annotations

from typing import Any

from guided_retraining.models.cloning import clone
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.cell import Cell
from guided_retraining.retraining.cells import retrain
from guided_retraining.retraining.measure import measure
from guided_retraining.retraining.replicate import Replicate
from guided_retraining.retraining.trainer import BUILDING, lent_trainer
from guided_retraining.storage.store import Store

__all__ = ["measure_model", "refit"]


def refit(cell: Cell, store: Store) -> Any:
    """The model of a cell, fitted as it was for its record.

    Args:
        cell: with its inputs chosen.
        store: weights of cells that were fitted again before.

    Returns:
        The architecture of the original model with the hardened weights, not compiled, computing in float32.
    """
    kept = store.get(cell.key)
    if kept is None:
        with lent_trainer(cell.replicate.original, cell.fit) as trainer:
            retrain(cell, trainer)
            kept = {f"weights_{i}": weight for i, weight in enumerate(trainer.model.get_weights())}
        store.put(cell.key, kept)
    with BUILDING:
        model = clone(cell.replicate.original)
    model.set_weights([kept[f"weights_{i}"] for i in range(len(kept))])
    return model


def measure_model(model: Any, replicate: Replicate, fit: FitParameters) -> dict[str, Any]:
    """Measure any model of the study's architecture as the cells are measured.

    Args:
        model: with its weights, such as one that was loaded from a file.
        replicate: whose data it is measured on.
        fit: how the cell was fitted, so that the same compiled functions serve.

    Returns:
        As ``measure``.
    """
    with lent_trainer(model, fit) as trainer:
        trainer.model.set_weights(model.get_weights())
        return measure(trainer, replicate)
