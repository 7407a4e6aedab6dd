"""Newly drawn weights to train from, one set for each seed."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from guided_retraining.machine.backend import keras
from guided_retraining.models.cloning import clone
from guided_retraining.retraining.trainer import BUILDING

KEPT_BYTES = 128 * 2**20  # of weights kept: all budgets and metrics of a seed start from the same


class InitialWeights:
    """Draws initial weights of an architecture; for one seed always the same.

    Each new model leaves some memory behind in Keras and takes longer than a step of a small one, so that a drawn set
    is kept. Threads may share an instance.

    Args:
        model: any built Keras classifier that can be rebuilt from its configuration.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._drawn: dict[int, list[NDArray[Any]]] = {}

    def __call__(self, seed: int) -> list[NDArray[Any]]:
        """Weights as ``model.get_weights()`` gives them.

        Args:
            seed: of the draw.
        """
        with BUILDING:
            if seed not in self._drawn:
                keras.utils.set_random_seed(seed)  # for initializers of a user's own that take no seed
                drawn = list(clone(self.model, seed=seed).get_weights())
                kept = max(0, KEPT_BYTES // max(1, sum(weight.nbytes for weight in drawn)) - 1)
                for oldest in list(self._drawn)[: max(0, len(self._drawn) - kept)]:
                    del self._drawn[oldest]
                self._drawn[seed] = drawn
            return list(self._drawn[seed])
