"""Some images of a pool, on their way to the model: in this machine's memory or in that of a GPU."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.images.arrays import ImageArray
from guided_retraining.machine.backend import keras, on_accelerator

__all__ = ["Chosen"]

DEVICE_BYTES = (
    4 * 2**30
)  # of a fit's images kept in a GPU's memory; more go there chunk by chunk, in each epoch


class Chosen:
    """Some images of an array, in this machine's memory or, where they fit, in that of a GPU.

    Args:
        images: ``(n, h, w, c)``, read chunk by chunk and never copied whole in this machine's memory.
        indices: ``(m,)`` positions of those to use.
        rows: images read at a time.
    """

    def __init__(self, images: ImageArray, indices: NDArray[np.int64], rows: int) -> None:
        self.images, self.indices = images, indices
        size = int(np.prod(images.shape[1:])) * 4 * len(indices)
        self._on_device = None
        if on_accelerator() and size <= DEVICE_BYTES:
            self._on_device = _on_device(images, indices, rows)

    def __getitem__(self, turn: NDArray[np.int64]) -> Any:
        """Those at ``(k,)`` positions among the chosen ones."""
        if self._on_device is None:
            return self.images[self.indices[turn]]
        return keras.ops.take(self._on_device, turn, axis=0)


def _on_device(images: ImageArray, indices: NDArray[np.int64], chunk: int) -> Any:
    """The chosen images as one tensor, carried over chunk by chunk."""
    parts = range(0, len(indices), chunk)
    tensors = [keras.ops.convert_to_tensor(images[indices[start : start + chunk]]) for start in parts]
    return keras.ops.concatenate(tensors) if len(tensors) > 1 else tensors[0]
