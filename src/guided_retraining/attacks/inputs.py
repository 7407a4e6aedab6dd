"""What an attack accepts: float32 images in [0, 1] and labels as class indices or one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError

__all__ = ["check_images", "class_indices"]

CLIP_VALUES = (0.0, 1.0)


def check_images(images: Any, input_shape: tuple[int | None, ...]) -> NDArray[np.float32]:
    """Return ``images`` if an attack can use them.

    Args:
        images: ``(n, h, w, c)`` float32 in [0, 1].
        input_shape: the model's ``(h, w, c)``; None where any size will do.

    Returns:
        The same array.

    Raises:
        InputError: another dtype, shape or range, or NaN.

    >>> check_images(np.zeros((1, 2, 2, 1), np.float32), (2, 2, 1)).shape
    (1, 2, 2, 1)
    """
    array = np.asarray(images)
    if array.dtype != np.float32:
        remedy = "images.astype('float32') / 255" if array.dtype == np.uint8 else "images.astype('float32')"
        raise InputError(
            f"Found images of dtype {array.dtype}, expected float32 in [0, 1]; convert them: {remedy}."
        )
    fits = array.ndim == len(input_shape) + 1 and all(
        size is None or size == found for size, found in zip(input_shape, array.shape[1:], strict=False)
    )
    if not fits:
        expected = ", ".join(["n", *("any" if size is None else str(size) for size in input_shape)])
        raise InputError(f"Found images of shape {array.shape}, expected ({expected}) as the model takes.")
    if len(array) and not (array.min() >= CLIP_VALUES[0] and array.max() <= CLIP_VALUES[1]):  # NaN fails too
        raise InputError(
            f"Found pixel values from {array.min():g} to {array.max():g}, expected [0, 1]; divide 8-bit "
            "images by 255 and put any other scaling into the model, as a Rescaling or Normalization layer."
        )
    return array


def class_indices(labels: Any, n: int, n_classes: int) -> NDArray[np.int64]:
    """Turn labels, class indices or one-hot rows, into class indices.

    Args:
        labels: ``(n,)`` or ``(n, 1)`` integers in [0, n_classes), or ``(n, n_classes)`` one-hot rows.
        n: how many images there are.
        n_classes: how many classes the model has.

    Returns:
        ``(n,)`` int64.

    Raises:
        InputError: another shape, other values.

    >>> class_indices([[0, 1], [1, 0]], 2, 2).tolist()
    [1, 0]
    """
    array = np.asarray(labels)
    if array.shape == (n, n_classes):
        if not (((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all()):
            raise InputError(
                f"Found label rows that are not one-hot, expected a single 1 in each of {n} rows."
            )
        return np.asarray(array.argmax(axis=1), dtype=np.int64)
    if array.shape == (n, 1):
        array = array[:, 0]
    if array.shape != (n,):
        raise InputError(f"Found labels of shape {array.shape}, expected ({n},) or ({n}, {n_classes}).")
    indices = array.astype(np.int64)
    if n and not ((indices == array).all() and indices.min() >= 0 and indices.max() < n_classes):
        raise InputError(
            f"Found labels from {array.min()} to {array.max()}, expected integers from 0 to {n_classes - 1}."
        )
    return indices
