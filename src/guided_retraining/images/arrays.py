"""Images too large to copy: arrays that stay in their file and become float32 a block at a time.

Everything downstream asks an image array for four things only: ``len(images)``, ``images.shape``, ``images.dtype``
and ``images[slice_or_index_array]``, which gives float32 in [0, 1]. A NumPy array does that, a memory map of one
does, and so do the two views here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 32 * 2**20  # what a pass over an image array holds in memory at a time


def drawn_positions(available: int, wanted: int, seed: int | tuple[Any, ...]) -> NDArray[np.int64]:
    """Some of so many positions, each at most once, in their order.

    Args:
        available: how many there are.
        wanted: how many are drawn, at most.
        seed: of the draw.

    >>> drawn_positions(3, 5, 0).tolist()
    [0, 1, 2]
    """
    return np.sort(np.random.default_rng(seed).permutation(available)[:wanted]).astype(np.int64)


class ImageArray(Protocol):
    """What the project asks of an array of images, ``(n, h, w, c)``."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any) -> NDArray[Any]: ...


class UnitImages:
    """uint8 images seen as float32 in [0, 1]; converted only where they are indexed.

    Args:
        stored: ``(n, h, w, c)`` uint8, usually a memory map.

    >>> view = UnitImages(np.full((2, 1, 1, 1), 255, np.uint8))
    >>> float(view[0:1].max()), view.dtype.name, view.shape
    (1.0, 'float32', (2, 1, 1, 1))
    """

    dtype = np.dtype(np.float32)

    def __init__(self, stored: Any) -> None:
        self.stored = stored
        self.shape = stored.shape
        self.ndim = len(stored.shape)

    def __len__(self) -> int:
        return len(self.stored)

    def __getitem__(self, index: Any) -> NDArray[np.float32]:
        return np.asarray(np.multiply(self.stored[index], np.float32(1 / 255), dtype=np.float32))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)


class SelectedImages:
    """Some images of an array, by index, without a copy until they are read.

    Args:
        images: ``(n, h, w, c)``, any image array.
        indices: ``(m,)`` positions in it.
    """

    def __init__(self, images: ImageArray, indices: NDArray[np.int64]) -> None:
        self.images = images
        self.indices = np.asarray(indices, dtype=np.int64)
        self.shape = (len(self.indices), *images.shape[1:])
        self.dtype = images.dtype

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        return self.images[self.indices[index]]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)


class JoinedImages:
    """Two image arrays, one after the other, without a copy until they are read.

    Args:
        first: ``(n, h, w, c)``.
        second: ``(m, h, w, c)``.

    >>> JoinedImages(np.zeros((2, 1, 1, 1)), np.ones((1, 1, 1, 1)))[np.array([2, 0])].ravel().tolist()
    [1.0, 0.0]
    """

    def __init__(self, first: ImageArray, second: ImageArray) -> None:
        self.first, self.second = first, second
        self.shape = (len(first) + len(second), *first.shape[1:])
        self.dtype = np.result_type(first.dtype, second.dtype)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> NDArray[Any]:
        positions = np.arange(len(self))[index] if isinstance(index, slice) else np.asarray(index)
        in_first = positions < len(self.first)
        if in_first.all():
            return np.asarray(self.first[positions])
        if not in_first.any():
            return np.asarray(self.second[positions - len(self.first)])
        out = np.empty((len(positions), *self.shape[1:]), self.dtype)
        out[in_first] = self.first[positions[in_first]]
        out[~in_first] = self.second[positions[~in_first] - len(self.first)]
        return out


def blocks(length: int, row_bytes: int, block_bytes: int = BLOCK_BYTES) -> Iterator[slice]:
    """Slices that cover ``range(length)`` with at most ``block_bytes`` in each (at least one row).

    >>> list(blocks(5, row_bytes=4, block_bytes=8))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    rows = max(1, block_bytes // max(1, row_bytes))
    for start in range(0, length, rows):
        yield slice(start, min(start + rows, length))
