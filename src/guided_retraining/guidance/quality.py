"""How good a ranking is before any retraining: does it put the inputs that the model gets wrong first?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError
from guided_retraining.guidance.wrappers import check_scores
from guided_retraining.parameters.parameter import number, whole


def apfd(order: ArrayLike, faults: ArrayLike) -> float:
    """Average percentage of faults detected (APFD): near 1 if all faulty inputs come first, 0.5 by chance.

    Args:
        order: ``(n,)`` integers, a permutation of the inputs, earliest first.
        faults: ``(n,)`` bool, inputs (in storage order) that the model gets wrong.

    Returns:
        1 - sum of the faults' positions (from 1) / (n m) + 1 / (2 n); NaN without any fault: undefined.

    Raises:
        InputError: not a permutation, or lengths differ.

    Source: Rothermel et al., "Prioritizing test cases for regression testing", IEEE TSE 27, 2001; each faulty
    input is a fault of its own as in Feng et al., "DeepGini", ISSTA 2020.

    >>> apfd([2, 0, 1], [False, False, True]), apfd([0, 1, 2], [False, False, False])
    (0.8333333333333334, nan)
    """
    wrong = _faults_in_order(order, faults)
    n, m = len(wrong), int(wrong.sum())
    if m == 0:
        return float("nan")
    return float(1 - (np.flatnonzero(wrong) + 1).sum() / (n * m) + 1 / (2 * n))


def faults_found(
    order: ArrayLike, faults: ArrayLike, fractions: Sequence[float] = (0.01, 0.05, 0.10)
) -> NDArray[np.int64]:
    """Count the faults among the first inputs of an order.

    Args:
        order: ``(n,)`` integers, a permutation of the inputs, earliest first.
        faults: ``(n,)`` bool, inputs (in storage order) that the model gets wrong.
        fractions: shares of the order in [0, 1]; a part of an input counts as none.

    Returns:
        ``(len(fractions),)`` int64.

    Raises:
        InputError: not a permutation, or lengths differ.
        ParameterError: a fraction outside [0, 1].

    >>> faults_found([2, 0, 1, 3], [True, False, True, False], fractions=(0.25, 0.5, 1.0))
    array([1, 2, 2])
    """
    wrong = np.append(0, np.cumsum(_faults_in_order(order, faults)))
    # the product may fall just below a whole number: 0.07 * 100
    for fraction in fractions:
        number(fraction, low=0, high=1).check("", "a fraction", fraction)
    firsts = [int(fraction * (len(wrong) - 1) + 1e-9) for fraction in fractions]
    return wrong[firsts].astype(np.int64)


def rank_correlation(scores: ArrayLike) -> NDArray[np.float64]:
    """Spearman's rank correlation between metrics, or between seeds of one metric; ties take mean ranks.

    Args:
        scores: ``(k, n)`` real, a row for each metric; infinity allowed.

    Returns:
        ``(k, k)`` float64 in [-1, 1]; NaN where a metric is constant.

    Raises:
        InputError: not two-dimensional, or NaN.

    Source: Spearman, "The proof and measurement of association between two things", 1904.

    >>> rank_correlation([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    from scipy.stats import rankdata

    rows = np.asarray(scores, dtype=np.float64)
    if rows.ndim != 2:
        raise InputError(f"scores have shape {rows.shape}; expected (k, n): a row for each metric")
    ranks = np.array([rankdata(check_scores(row)) for row in rows]).reshape(rows.shape)
    centred = ranks - (rows.shape[1] + 1) / 2
    lengths = np.sqrt(np.einsum("ij,ij->i", centred, centred))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip((centred @ centred.T) / np.outer(lengths, lengths), -1, 1)


def overlap(orders: ArrayLike, first: int) -> NDArray[np.float64]:
    """Share of inputs that two orders have in common among their first ones.

    Args:
        orders: ``(k, n)`` integers, a permutation of the inputs in each row, earliest first.
        first: 1 to n, how many of each are compared.

    Returns:
        ``(k, k)`` float64 in [0, 1].

    Raises:
        InputError: not two-dimensional, or a row is not a permutation.
        ParameterError: ``first`` is out of range.

    >>> overlap([[0, 1, 2, 3], [1, 2, 0, 3]], first=2)
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    rows = np.asarray(orders)
    if rows.ndim != 2:
        raise InputError(f"orders have shape {rows.shape}; expected (k, n): a row for each metric")
    whole(first, low=1, high=rows.shape[1]).check("", "first", first)
    chosen = np.zeros(rows.shape, dtype=np.float32)
    for mask, row in zip(chosen, rows, strict=True):
        mask[_permutation(row)[:first]] = 1
    return (chosen @ chosen.T).astype(np.float64) / first


def first_of(n: int, share: float) -> int:
    """How many inputs a share of the pool is; at least one.

    Args:
        n: inputs of the pool.
        share: in (0, 1].

    Returns:
        The number, at least 1.

    >>> first_of(1347, 0.1), first_of(30, 0.01)
    (135, 1)
    """
    return max(1, round(n * share))


def _permutation(order: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(order)
    whole = array.ndim == 1 and (array.dtype.kind in "iu" or not array.size)
    if not whole or not np.array_equal(np.sort(array), np.arange(len(array))):
        raise InputError(
            f"order has shape {array.shape} and dtype {array.dtype}; expected a permutation of 0 to n - 1, "
            "as ranking(scores) gives"
        )
    return array.astype(np.int64, copy=False)


def _faults_in_order(order: ArrayLike, faults: ArrayLike) -> NDArray[np.bool_]:
    permutation, wrong = _permutation(order), np.asarray(faults)
    if wrong.shape != permutation.shape or wrong.dtype.kind != "b":
        raise InputError(
            f"faults have shape {wrong.shape} and dtype {wrong.dtype}; expected {permutation.shape} bool, "
            "such as predictions != labels"
        )
    return wrong[permutation]
