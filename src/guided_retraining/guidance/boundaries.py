"""DeepGauge's coverage criteria for single inputs: neurons driven outside the training range."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError
from guided_retraining.guidance.checks import check_activations, check_parameters
from guided_retraining.images.arrays import blocks


def neuron_boundary(
    activations: ArrayLike, reference: ArrayLike, *, n_std: float = 0.0
) -> NDArray[np.float64]:
    """Share of neurons below the least or above the greatest output seen on the reference (NBC).

    Args:
        activations: ``(n, d)`` real.
        reference: ``(m, d)`` real, the training set's activations.
        n_std: >= 0, standard deviations the range is widened by on both sides.

    Returns:
        ``(n,)`` float64 in [0, 1]; 0 for the elements of the reference.

    Raises:
        InputError: not finite ``(n, d)`` numbers, or another d than the reference's.
        ParameterError: a negative ``n_std``.

    Source: Ma et al., "DeepGauge: multi-granularity testing criteria for deep learning systems", ASE 2018.

    >>> neuron_boundary([[0.5, 2.0], [-1.0, 2.0]], reference=[[0.0, 0.0], [1.0, 1.0]])
    array([0.5, 1. ])
    """
    low, high = _ranges(reference, n_std)
    return _share(activations, lambda a: (a < low) | (a > high), len(low))


def strong_activation(
    activations: ArrayLike, reference: ArrayLike, *, n_std: float = 0.0
) -> NDArray[np.float64]:
    """Share of neurons above the greatest output seen on the reference (SNAC).

    Args:
        activations: ``(n, d)`` real.
        reference: ``(m, d)`` real, the training set's activations.
        n_std: >= 0, standard deviations the bound is raised by.

    Returns:
        ``(n,)`` float64 in [0, 1]; 0 for the elements of the reference.

    Raises:
        InputError: not finite ``(n, d)`` numbers, or another d than the reference's.
        ParameterError: a negative ``n_std``.

    Source: Ma et al., "DeepGauge: multi-granularity testing criteria for deep learning systems", ASE 2018.

    >>> strong_activation([[0.5, 2.0], [-1.0, 2.0]], reference=[[0.0, 0.0], [1.0, 1.0]])
    array([0.5, 0.5])
    """
    _, high = _ranges(reference, n_std)
    return _share(activations, lambda a: a > high, len(high))


def multisection_coverage(
    activations: ArrayLike, reference: ArrayLike, *, n_sections: int = 1000, seed: int = 0
) -> NDArray[np.float64]:
    """Greedy order of k-multisection neuron coverage (KMNC): each next input covers the most new sections.

    Each neuron's range on the reference is cut into equal sections. An input covers the sections its
    outputs fall into. Once no input covers anything new, the rest follow by their share of neurons
    within the range.

    Args:
        activations: ``(n, d)`` real.
        reference: ``(m, d)`` real, the training set's activations.
        n_sections: >= 1, sections of each neuron's range (k).
        seed: draws between inputs that cover equally many.

    Returns:
        ``(n,)`` float64, higher = earlier: n - position for the greedy picks, less for the rest.

    Raises:
        InputError: not finite ``(n, d)`` numbers, or another d than the reference's.
        ParameterError: ``n_sections`` below 1.

    Source: Ma et al., "DeepGauge: multi-granularity testing criteria for deep learning systems", ASE 2018;
    Yoo and Harman, "Regression testing minimization, selection and prioritization: a survey",
    2012, for the additional-greedy order.

    >>> multisection_coverage([[0.1], [0.2], [0.9]], [[0.0], [1.0]], n_sections=2).argmin() in (0, 1)
    True
    """
    low, high = _ranges(reference, 0.0)
    check_parameters("kmnc", n_sections=n_sections)
    a = check_activations(activations, n_features=len(low))
    n, d = a.shape
    shuffled = np.random.default_rng(seed).permutation(n)
    codes = np.empty((n, d), dtype=np.int64)
    extent = np.where(high > low, high - low, 1.0)
    for rows in blocks(n, d * 8):
        block = a[shuffled[rows]].astype(np.float64)
        section = np.minimum(((block - low) / extent * n_sections), n_sections - 1).astype(np.int64)
        inside = (block >= low) & (block <= high)
        codes[rows] = np.where(inside, section + np.arange(d) * n_sections, -1)
    gain = np.count_nonzero(codes >= 0, axis=1).astype(np.int32)
    scores = np.empty(n)
    picks = _greedy(codes, gain.copy(), d * n_sections)
    rest = np.ones(n, dtype=bool)
    rest[picks] = False
    scores[shuffled[picks]] = n - np.arange(len(picks))
    scores[shuffled[rest]] = gain[rest] / d * (n - len(picks))
    return scores


def _greedy(codes: NDArray[np.int64], gain: NDArray[np.int32], n_codes: int) -> list[int]:
    """Pick the row with most uncovered codes until none is left; ``gain`` is kept up to date in place."""
    n, d = codes.shape
    by_code = np.argsort(codes, axis=None, kind="stable")
    starts = np.searchsorted(codes.ravel()[by_code], np.arange(n_codes + 1))
    by_code //= d  # from flat positions to rows
    covered = np.zeros(n_codes, dtype=bool)
    picks: list[int] = []
    while n and gain[pick := int(gain.argmax())] > 0:
        picks.append(pick)
        for code in codes[pick]:
            if code >= 0 and not covered[code]:
                covered[code] = True
                gain[by_code[starts[code] : starts[code + 1]]] -= 1
    return picks


def _ranges(reference: ArrayLike, n_std: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    array = check_activations(reference, "reference activations")
    if not len(array):
        raise InputError(
            "the reference is empty; expected the training set's activations, (m, d) with m >= 1"
        )
    check_parameters("nbc", n_std=n_std)
    slack = n_std * (array.std(axis=0, dtype=np.float64) if n_std else 0.0)
    return array.min(axis=0).astype(np.float64) - slack, array.max(axis=0).astype(np.float64) + slack


def _share(activations: ArrayLike, covers: Any, n_features: int) -> NDArray[np.float64]:
    a = check_activations(activations, n_features=n_features)
    scores = np.empty(len(a))
    for rows in blocks(len(a), n_features * 8):
        scores[rows] = np.count_nonzero(covers(a[rows]), axis=1) / n_features
    return scores
