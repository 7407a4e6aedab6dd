"""Sizes and channels of image arrays that come whole (IDX, CIFAR-10, npz), and the widths a size may have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from guided_retraining.errors import ParameterError
from guided_retraining.images.arrays import blocks

Size = tuple[int, int]
LUMA_601 = np.array([19595, 38470, 7471], np.uint32)  # ITU-R BT.601 weights times 2**16, as Pillow's mode "L"


def check_size(size: object) -> Size | None:
    """A size as two positive ints, height first, or None to keep the source's own.

    Raises:
        ParameterError: it is something else.

    >>> check_size([48, 32])
    (48, 32)
    """
    if size is None:
        return None
    if (
        isinstance(size, (list, tuple))
        and len(size) == 2
        and all(
            isinstance(side, (int, np.integer)) and not isinstance(side, bool) and side > 0 for side in size
        )
    ):
        return int(size[0]), int(size[1])
    raise ParameterError(f"size: expected [height, width], two positive whole numbers, or none; got {size!r}")


def to_grey(images: NDArray[Any]) -> NDArray[Any]:
    """One grey channel: ITU-R BT.601 luma, rounded as Pillow's mode ``L`` does for uint8.

    Args:
        images: ``(n, h, w, 3)`` uint8 in 0..255 or float32 in [0, 1]; ``(n, h, w, 1)`` comes back as it is.

    Returns:
        ``(n, h, w, 1)`` of the same dtype.
    """
    if images.shape[-1] == 1:
        return images
    grey = np.empty((*images.shape[:-1], 1), images.dtype)
    row_bytes = 4 * int(np.prod(images.shape[1:]))
    for block in blocks(len(images), row_bytes):
        if images.dtype == np.uint8:
            grey[block, ..., 0] = (images[block] @ LUMA_601 + 0x8000) >> 16
        else:
            grey[block, ..., 0] = images[block] @ (LUMA_601 / np.float32(2**16)).astype(np.float32)
    return grey


def resized(images: NDArray[Any], size: Size | None) -> NDArray[Any]:
    """Bilinear resizing, antialiased when it shrinks: Pillow's ``BILINEAR`` filter, all images at a time.

    Args:
        images: ``(n, h, w, c)`` uint8 or float32.
        size: height and width in pixels; None keeps the array.

    Returns:
        ``(n, *size, c)`` of the same dtype.
    """
    if size is None or images.shape[1:3] == size:
        return images
    n, height, width, channels = images.shape
    rows, columns = _weights(height, size[0]), _weights(width, size[1])
    out = np.empty((n, *size, channels), images.dtype)
    for block in blocks(n, 8 * max(height, size[0]) * max(width, size[1]) * channels):
        tall = rows @ images[block].reshape(-1, height, width * channels).astype(np.float32)
        lines = tall.reshape(-1, width, channels).transpose(0, 2, 1) @ columns.T
        small = lines.transpose(0, 2, 1).reshape(-1, *size, channels)
        out[block] = np.rint(small) if images.dtype == np.uint8 else small.clip(0, 1)
    return out


def _weights(old: int, new: int) -> NDArray[np.float32]:
    """The filter as a ``(new, old)`` matrix: Pillow's own answer to each unit vector."""
    unit = Image.fromarray(np.eye(old, dtype=np.float32))
    return np.asarray(unit.resize((old, new), Image.Resampling.BILINEAR))


def fitted(images: NDArray[Any], *, size: Size | None, grey: bool) -> NDArray[Any]:
    """Grey first, then the size: the cheaper order, and the one the published study used."""
    return resized(to_grey(images) if grey else images, size)
