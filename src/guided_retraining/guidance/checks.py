"""Checks of the arrays every metric takes: each error says what came, what was expected and what to pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError
from guided_retraining.images.arrays import blocks
from guided_retraining.parameters.parameter import check_values

SUM_TOLERANCE = 1e-3  # softmax outputs stored as float16 are off by up to about 5e-4


def check_activations(
    activations: ArrayLike, name: str = "activations", n_features: int | None = None
) -> NDArray[Any]:
    """Give activations back as a finite ``(n, d)`` floating array, without a copy where they are one.

    Args:
        activations: ``(n, d)``, any real dtype; a memory map stays one.
        name: what to call them in an error.
        n_features: the expected d; None accepts any.

    Returns:
        The array, ``(n, d)``.

    Raises:
        InputError: not two-dimensional, no columns, another d than expected, not real numbers, NaN or
            infinity.
    """
    array = np.asanyarray(activations)
    if array.ndim != 2 or array.shape[1] == 0:
        raise InputError(
            f"{name} have shape {array.shape}; expected (n, d) with d >= 1: one row of neurons for each input"
        )
    if n_features is not None and array.shape[1] != n_features:
        raise InputError(
            f"{name} have {array.shape[1]} columns, but fit saw {n_features}: take both from the same layer"
        )
    if array.dtype.kind not in "fiub":
        raise InputError(f"{name} have dtype {array.dtype}; expected real numbers such as float32")
    for rows in blocks(len(array), array.shape[1] * 8) if array.dtype.kind == "f" else ():
        finite = np.isfinite(array[rows]).all(axis=1)
        if not finite.all():
            row = rows.start + int(np.argmin(finite))
            raise InputError(f"{name} hold NaN or infinity, first in row {row}: check the model's outputs")
    return (
        array if array.dtype.kind == "f" else array.astype(np.float32 if array.dtype.itemsize < 4 else float)
    )


def check_classes(classes: ArrayLike, n: int, name: str = "predictions") -> NDArray[np.int64]:
    """Give class indices back as ``(n,)`` int64.

    Args:
        classes: ``(n,)`` integers, one class index for each input.
        n: the expected length.
        name: what to call them in an error.

    Returns:
        The class indices, ``(n,)`` int64.

    Raises:
        InputError: one-hot rows or probabilities, another length, or not whole numbers.
    """
    array = np.asarray(classes)
    if array.ndim == 2:
        raise InputError(
            f"{name} have shape {array.shape}; expected class indices ({n},): pass "
            "probabilities.argmax(axis=1)"
        )
    if array.shape != (n,):
        raise InputError(f"{name} have shape {array.shape}; expected ({n},): one class index for each input")
    if array.size and array.dtype.kind not in "iu":
        raise InputError(f"{name} have dtype {array.dtype}; expected integer class indices")
    return array.astype(np.int64, copy=False)


def check_probabilities(probabilities: ArrayLike, name: str = "probabilities") -> NDArray[Any]:
    """Give softmax outputs back as an ``(n, k)`` array whose rows are distributions.

    Args:
        probabilities: ``(n, k)`` in [0, 1], k >= 2, each row summing to 1 within 1e-3.
        name: what to call them in an error.

    Returns:
        The array, ``(n, k)``.

    Raises:
        InputError: another shape, NaN, negative values, or rows that do not sum to 1.
    """
    array = check_activations(probabilities, name)
    if array.shape[1] < 2:
        raise InputError(f"{name} have shape {array.shape}; expected (n, k) with k >= 2 classes")
    for rows in blocks(len(array), array.shape[1] * 8):
        block = array[rows].astype(np.float64)
        sums = block.sum(axis=1)
        wrong = (np.abs(sums - 1) > SUM_TOLERANCE) | (block.min(axis=1) < -SUM_TOLERANCE)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise InputError(
                f"row {rows.start + at} of {name} sums to {sums[at]:.4g} with a lowest value of "
                f"{block[at].min():.4g}; expected probabilities that sum to 1: pass softmax outputs, "
                "not logits"
            )
    return array


def check_parameters(metric: str, **values: Any) -> None:
    """Refuse values that the metric's row of the registry does not allow, for those who call its function directly.

    Args:
        metric: key of the metric.
        **values: its parameters.

    Raises:
        ParameterError: a value of another type or out of range.
    """
    # The registry imports the metrics, which import this module.
    from guided_retraining.guidance.registry import METRICS

    check_values(metric, METRICS[metric].parameters, values)
