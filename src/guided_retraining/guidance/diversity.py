"""Diversity: inputs that together cover the activation space."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.guidance.checks import check_activations, check_number

RELATIVE_ZERO = 1e-14  # squared distances below this share of the squared norms are rounding: a duplicate


def k_center(activations: ArrayLike, *, n_picks: int = 1000) -> NDArray[np.float64]:
    """K-centre greedy order: each next input is the one farthest from all before it.

    The first is the input farthest from the mean. The first ``n_picks`` are the exact greedy order; all
    others follow by their distance to the nearest of these picks, which is not the greedy order any more.
    Time grows with n_picks * n * d.

    Args:
        activations: ``(n, d)`` real.
        n_picks: >= 1, length of the exact greedy part.

    Returns:
        ``(n,)`` float64, higher = earlier: n - position for the picks, less for the rest.

    Raises:
        InputError: not finite ``(n, d)`` numbers.
        ParameterError: ``n_picks`` below 1.

    Source: Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985; Sener and Savarese,
    "Active learning for convolutional neural networks: a core-set approach", ICLR 2018.

    >>> k_center([[0.0], [1.0], [2.0], [10.0]], n_picks=2).argsort()[::-1].tolist()
    [3, 0, 2, 1]
    """
    a = check_activations(activations)
    n = len(a)
    picks = min(int(check_number(n_picks, "n_picks", 1)), n)
    points = a.astype(np.float64)
    points -= points.mean(axis=0) if n else 0.0
    norms = np.einsum("ij,ij->i", points, points)
    squares = np.full(n, np.inf)
    scores = np.zeros(n)
    taken = np.zeros(n, dtype=bool)
    farthest = int(norms.argmax()) if n else 0
    for position in range(picks):
        taken[farthest] = True
        scores[farthest] = n - position
        found = points @ points[farthest]
        found *= -2
        found += norms
        found += norms[farthest]
        found[found < RELATIVE_ZERO * (norms + norms[farthest])] = 0
        np.minimum(squares, found, out=squares)
        squares[taken] = -1
        farthest = int(squares.argmax())
        if squares[farthest] <= 0:  # all others are duplicates of a pick
            break
    rest = ~taken
    largest = squares[rest].max(initial=0.0)
    if largest > 0:
        scores[rest] = np.sqrt(squares[rest] / largest) * (n - np.count_nonzero(taken))
    return scores
