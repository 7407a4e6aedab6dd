"""Newly drawn weights to train from, one set for each seed."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from numpy.typing import NDArray

from guided_retraining.machine.backend import keras
from guided_retraining.models.cloning import architecture, clone
from guided_retraining.retraining.cell import Cell
from guided_retraining.retraining.trainer import BUILDING

KEPT_BYTES = 128 * 2**20  # of weights kept: all budgets and metrics of a replicate start from the same

_drawn: OrderedDict[tuple[str, int], list[NDArray[Any]]] = OrderedDict()


def initial_weights(model: Any, seed: int) -> list[NDArray[Any]]:
    """New weights for a model's architecture, as ``model.get_weights()`` gives them; for one seed always the same.

    Each new model leaves some memory behind in Keras and takes longer than a step of a small one, so that drawn sets
    are kept. Threads may call this at the same time.

    Args:
        model: any built Keras classifier that can be rebuilt from its configuration; it is left as it is.
        seed: of the draw.
    """
    kind = architecture(model), seed
    with BUILDING:
        if kind not in _drawn:
            keras.utils.set_random_seed(seed)  # for initializers of a user's own that take no seed
            weights = list(clone(model, seed=seed).get_weights())
            most = max(1, KEPT_BYTES // max(1, sum(weight.nbytes for weight in weights)))
            while len(_drawn) >= most:
                _drawn.popitem(last=False)
            _drawn[kind] = weights
        return list(_drawn[kind])


def start_weights(cell: Cell) -> list[NDArray[Any]]:
    """The weights that a cell's training begins with: newly drawn, or the original model's."""
    replicate = cell.replicate
    fresh = cell.start == "fresh"
    return initial_weights(replicate.original, replicate.draws) if fresh else replicate.start
