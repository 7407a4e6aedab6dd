"""Permutation tests: few seeds, no assumption of a normal distribution."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError

__all__ = ["permutation_p", "sign_flip_p"]

NAN = float("nan")
ALL_SIGNS_UP_TO = 12  # 2**12 sign patterns are enumerated; beyond that they are drawn
DRAWS = 9_999


def permutation_p(values: ArrayLike, *, seed: int = 0, n_permutations: int = DRAWS) -> float:
    """Do the columns differ at all? A permutation test of columns (metrics) within rows (seeds).

    Under "the metric does not matter" the values of one seed are exchangeable between metrics, so permuting
    them within each seed gives the distribution of the variance of the column means. Needs no normality, and
    even three seeds of six metrics have (6!)**2 arrangements. Equal columns count once.

    Args:
        values: ``(n_seeds, n_metrics)``, no NaN.
        seed: of the drawn permutations.
        n_permutations: how many are drawn.

    Returns:
        The p-value, at least 1 / (n_permutations + 1); NaN with one seed or one metric.

    Raises:
        InputError: if ``values`` is not two-dimensional.

    Source: Pitman (1938), "Significance tests which may be applied to samples from any populations III".
    """
    table = np.asarray(values, dtype=float)
    if table.ndim != 2:
        raise InputError(
            f"Permutation test: expected values of shape (n_seeds, n_metrics), got {table.shape}."
        )
    if table.shape[0] < 2 or table.shape[1] < 2:
        return NAN
    table = np.unique(table, axis=1)  # metrics that chose the same inputs share their models: one vote
    if table.shape[1] < 2:
        return 1.0
    centred = table - table.mean(axis=1, keepdims=True)
    rng = np.random.default_rng(seed)
    drawn = rng.permuted(np.broadcast_to(centred, (n_permutations, *centred.shape)), axis=2)
    observed = float((centred.mean(axis=0) ** 2).sum())
    reached = int(((drawn.mean(axis=1) ** 2).sum(axis=1) >= observed * (1 - 1e-9) - 1e-18).sum())
    return (reached + 1) / (n_permutations + 1)


def sign_flip_p(differences: NDArray[np.float64]) -> float:
    """Is the mean difference zero? An exact test that assumes symmetry alone.

    Args:
        differences: ``(n,)`` one difference per seed, no NaN.

    Returns:
        The share of all sign patterns that reach the observed mean: never below 2 / 2**n, so 0.25 with three
        seeds.

    Source: Fisher (1935), "The Design of Experiments", section 21.
    """
    n = len(differences)
    if n <= ALL_SIGNS_UP_TO:
        signs, extra = np.array(list(product((-1.0, 1.0), repeat=n))), 0
    else:
        signs, extra = np.random.default_rng(0).choice((-1.0, 1.0), size=(DRAWS, n)), 1
    sums = np.abs(signs @ differences)
    reached = int((sums >= abs(differences.sum()) * (1 - 1e-9) - 1e-15).sum())
    return (reached + extra) / (len(signs) + extra)
