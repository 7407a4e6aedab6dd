"""Wrappers: rearrange any scores so that the first inputs are spread over classes or score values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError
from guided_retraining.guidance.checks import check_classes
from guided_retraining.parameters.parameter import Parameter, check_values, one_of, whole


@dataclass(frozen=True)
class Wrapper:
    """A row of the table of wrappers.

    Args:
        function: called as ``function(scores, trace, seed=seed, **parameters)``; gives ``(n,)`` scores.
        parameters: names, defaults and allowed values.
    """

    function: Callable[..., NDArray[np.float64]]
    parameters: Mapping[str, Parameter]


def ranking(scores: ArrayLike, *, seed: int = 0) -> NDArray[np.int64]:
    """Order inputs by score, highest first, ties by a seeded draw and never by storage order.

    Args:
        scores: ``(n,)`` real, infinity allowed.
        seed: of the draw between equal scores.

    Returns:
        ``(n,)`` int64 indices, earliest first.

    Raises:
        InputError: not one-dimensional, or NaN.

    >>> ranking([0.5, 2.0, 1.0])
    array([1, 2, 0])
    """
    values = check_scores(scores)
    return np.lexsort((np.random.default_rng(seed).permutation(len(values)), -values))


def check_scores(scores: ArrayLike) -> NDArray[np.float64]:
    """Give scores back as ``(n,)`` float64 without NaN.

    Args:
        scores: ``(n,)`` real, infinity allowed.

    Returns:
        The scores.

    Raises:
        InputError: not one-dimensional, or NaN.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1:
        raise InputError(f"scores have shape {values.shape}; expected (n,): one number for each input")
    if np.isnan(values).any():
        at = int(np.argmax(np.isnan(values)))
        raise InputError(f"scores hold NaN, first for input {at}: a metric must give each input a number")
    return values


def class_balanced(scores: ArrayLike, classes: ArrayLike, *, seed: int = 0) -> NDArray[np.float64]:
    """Take inputs from the classes in turn: the best of each class, then the second best of each, and so on.

    Args:
        scores: ``(n,)`` real, higher = earlier.
        classes: ``(n,)`` integers, predicted or true classes.
        seed: of the draw between equal scores.

    Returns:
        ``(n,)`` float64, n - position in the new order.

    Raises:
        InputError: scores hold NaN or lengths differ.

    >>> class_balanced([9.0, 8.0, 7.0, 1.0], [0, 0, 0, 1])
    array([4., 2., 1., 3.])
    """
    order = ranking(scores, seed=seed)
    return _in_turn(order, check_classes(classes, len(order), "classes"))


def k_multisection(scores: ArrayLike, *, n_sections: int = 4, seed: int = 0) -> NDArray[np.float64]:
    """Take equally many inputs from each of k equal ranges of the score, drawn at random within a range.

    Args:
        scores: ``(n,)`` real, higher = earlier; an infinite score counts as the nearest finite one.
        n_sections: >= 1, ranges between the lowest and the highest score (k).
        seed: of the draws.

    Returns:
        ``(n,)`` float64, n - position in the new order.

    Raises:
        InputError: scores hold NaN.
        ParameterError: ``n_sections`` below 1.

    Source: Wang et al., "RobOT: robustness-oriented testing for deep learning systems", ICSE 2021, the
    strategy KM-ST.

    >>> k_multisection([0.0, 0.1, 0.2, 1.0], n_sections=2)[3]
    np.float64(4.0)
    """
    values = check_scores(scores)
    check_values("k_multisection", WRAPPERS["k_multisection"].parameters, {"n_sections": n_sections})
    k = n_sections
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    share = (np.clip(values, low, high) - low) / (high - low if high > low else 1.0)
    sections = np.minimum((share * k).astype(np.int64), k - 1)
    order = np.random.default_rng(seed).permutation(len(values))
    order = order[np.argsort(-sections[order], kind="stable")]
    return _in_turn(order, sections)


def _in_turn(order: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Scores of the order that takes one of each group in turn, each group in the given order."""
    n = len(order)
    by_group = np.argsort(groups[order], kind="stable")
    sizes = np.unique(groups, return_counts=True)[1]
    rounds = np.empty(n, dtype=np.int64)
    rounds[by_group] = np.concatenate([np.arange(size) for size in sizes]) if n else 0
    scores = np.empty(n)
    scores[order[np.argsort(rounds, kind="stable")]] = n - np.arange(n)
    return scores


WRAPPERS: dict[str, Wrapper] = {
    "class_balanced": Wrapper(
        lambda scores, trace, by, seed: class_balanced(scores, getattr(trace, by), seed=seed),
        {"by": one_of("predictions", "predictions", "labels")},
    ),
    "k_multisection": Wrapper(
        lambda scores, _, **given: k_multisection(scores, **given),
        {"n_sections": whole(4, low=1)},
    ),
}
