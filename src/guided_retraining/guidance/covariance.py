"""Covariances that can be inverted, also where a class has too few members for its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

CONDITION_LIMIT = 1e12  # of a covariance: beyond, float64 leaves fewer than four digits in its inverse
LEAST_SHRINKAGE = 1e-6  # bounds the condition by d * 1e6 where the estimated shrinkage vanishes


def covariance(members: NDArray[np.float64]) -> NDArray[np.float64]:
    """The unbiased sample covariance.

    Args:
        members: ``(n, d)`` float64, n >= 2.

    Returns:
        ``(d, d)`` float64.
    """
    centred = members - members.mean(axis=0)
    return centred.T @ centred / (len(members) - 1)


def shrunk(members: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shrink a covariance towards a multiple of the identity, as far as Ledoit and Wolf's formula says.

    Args:
        members: ``(n, d)`` float64, what the covariance was estimated from, n >= 1.
        matrix: ``(d, d)`` float64 covariance, not all zero.

    Returns:
        ``(d, d)`` float64, positive definite.

    Source: Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
    Journal of Multivariate Analysis 88, 2004.
    """
    from sklearn.covariance import ledoit_wolf_shrinkage

    d = len(matrix)
    amount = LEAST_SHRINKAGE
    if d > 1 and len(members) > 1:
        amount = max(amount, float(ledoit_wolf_shrinkage(members)))
    return (1 - amount) * matrix + amount * np.trace(matrix) / d * np.eye(d)


def whitening(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], float] | None:
    """Factor a covariance so that coordinates times the factor have the identity as theirs.

    Args:
        matrix: ``(d, d)`` float64, symmetric.

    Returns:
        The ``(d, d)`` factor W, W W^T the inverse, and the natural logarithm of the determinant; None if
        the matrix is singular or its condition number exceeds 1e12.
    """
    values, vectors = np.linalg.eigh(matrix)
    if not values[-1] > 0 or values[0] * CONDITION_LIMIT < values[-1]:
        return None
    return vectors / np.sqrt(values), float(np.log(values).sum())


def pooled_residuals(points: NDArray[Any], classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each row less the mean of its class, to estimate the covariance within classes.

    Args:
        points: ``(n, d)`` real.
        classes: ``(n,)`` int64.

    Returns:
        ``(n, d)`` float64.
    """
    residuals = np.array(points, dtype=np.float64)
    for label in np.unique(classes):
        residuals[classes == label] -= residuals[classes == label].mean(axis=0)
    return residuals
