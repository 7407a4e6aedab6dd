"""How far a model's confidence is from how often it is right."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from guided_retraining.errors import InputError

__all__ = ["expected_calibration_error"]


def expected_calibration_error(probabilities: ArrayLike, labels: ArrayLike, *, n_bins: int = 15) -> float:
    """Mean gap between confidence and accuracy over bins of equal width, each bin weighed by its inputs.

    Args:
        probabilities: ``(n, k)`` of the classes, rows that sum to 1.
        labels: ``(n,)`` true classes.
        n_bins: of the confidence, the largest probability, over [0, 1].

    Returns:
        In [0, 1]; NaN without inputs.

    Raises:
        InputError: shapes that do not fit.

    Source: Guo et al. 2017, "On calibration of modern neural networks" (arXiv 1706.04599), eq. 3, with their 15 bins.

    >>> round(expected_calibration_error([[0.8, 0.2], [0.6, 0.4]], [0, 1]), 3)
    0.4
    """
    shares, true = np.asarray(probabilities, dtype=float), np.asarray(labels)
    if shares.ndim != 2 or true.shape != shares.shape[:1]:
        raise InputError(
            f"Calibration: expected probabilities (n, k) and labels (n,), got {shares.shape} and {true.shape}."
        )
    if not len(true):
        return float("nan")
    confidence, right = shares.max(axis=1), shares.argmax(axis=1) == true
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, right - confidence, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(true))
