"""Two-way layouts with the replicate as block: how far a mean difference may be off, from a handful of replicates.

All functions take arrays whose last axes are named below and any number of leading ones, so that the simulations in
``benchmarks/simulate_choice.py`` and the tests run the very code that makes the choice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError

__all__ = ["larger_spread", "lower_bounds", "pooled_variance", "residual_variance"]

CHECK_LEVEL = 0.20  # of the F test for a spread of its own: docs/statistics.md has the error rates at others

Floats = NDArray[np.float64]


def pooled_variance(differences: ArrayLike) -> tuple[Floats, Floats]:
    """The variance of a mean difference to one common comparator, pooled over those compared with it.

    The differences of one replicate share its comparator, so they are no independent estimates of a spread. Split into
    what a replicate's differences have in common and the rest (replicate as random block), their mean squares give
    the pooled variance, and Satterthwaite's formula what it is worth in degrees of freedom. With one column this is
    the paired t test's.

    Args:
        differences: ``(..., n_replicates, k)``, no NaN, at least two replicates.

    Returns:
        ``(...)`` variance of the mean over replicates of any one column, and its degrees of freedom.

    Raises:
        InputError: with fewer than two replicates.

    Source: Satterthwaite (1946), "An approximate distribution of estimates of variance components".

    >>> variance, df = pooled_variance([[1.0], [2.0], [4.5]])
    >>> round(float(variance), 3), float(df)
    (1.083, 2.0)
    """
    values = np.asarray(differences, dtype=float)
    n, k = values.shape[-2:]
    if n < 2:
        raise InputError(f"Spread over replicates: expected two replicates at least, got {n}.")
    in_common = values.mean(axis=-1).var(axis=-1, ddof=1)  # mean square between replicates, over k
    rest = residual_variance(values) * (k - 1) / k
    of_one = in_common + rest
    weighed = in_common**2 / (n - 1) + rest**2 / max((n - 1) * (k - 1), 1)
    with np.errstate(invalid="ignore"):
        df = np.where(weighed > 0, of_one**2 / weighed, n - 1.0)
    return of_one / n, df


def residual_variance(values: ArrayLike) -> Floats:
    """The residual variance of a two-way layout, column and replicate effects taken out.

    Args:
        values: ``(..., n_replicates, k)``, no NaN.

    Returns:
        ``(...)`` residual mean square on ``(n_replicates - 1) * (k - 1)`` degrees of freedom; 0 with one column.
    """
    table = np.asarray(values, dtype=float)
    n, k = table.shape[-2:]
    rest = table - table.mean(axis=-2, keepdims=True) - table.mean(axis=-1, keepdims=True)
    rest = rest + table.mean(axis=(-2, -1), keepdims=True)
    return np.asarray((rest**2).sum(axis=(-2, -1)) / max((n - 1) * (k - 1), 1), dtype=float)


def larger_spread(own: Floats, pooled: Floats, df: Floats, n_replicates: int) -> NDArray[np.bool_]:
    """Where a spread of its own is larger than the pooled one by more than a check of equal spreads lets pass.

    Args:
        own: ``(...)`` variances from ``n_replicates`` values.
        pooled: ``(...)`` pooled variances.
        df: ``(...)`` degrees of freedom of the pooled ones.
        n_replicates: two or more.

    Returns:
        ``(...)``: there, pooling would understate the spread.
    """
    from scipy import stats

    with np.errstate(invalid="ignore"):
        return np.asarray(own > stats.f.isf(CHECK_LEVEL, n_replicates - 1, df) * pooled, dtype=np.bool_)


def lower_bounds(differences: ArrayLike, levels: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """One-sided lower bounds of each cell's mean difference from the whole pool.

    Spreads change with the budget (small ones vary more), and may change with the ordering. So a cell's spread is
    pooled twice, over all orderings at its budget and over all budgets of its ordering, and the lower bound counts.
    Where the cell's own spread is larger than both, its own bound counts if it is lower still.

    Args:
        differences: ``(..., n_replicates, n_orderings, n_budgets)`` accuracy minus that of the whole pool in the same
            replicate; a cell with a NaN anywhere gets no bound and is not pooled. Two replicates at least.
        levels: ``(n_orderings,)`` one-sided error rates, in (0, 1).

    Returns:
        ``(..., n_orderings, n_budgets)`` bounds, NaN where there is none, and whether a cell's own spread was used.
    """
    from scipy import stats

    values = np.asarray(differences, dtype=float)
    n_replicates, level = values.shape[-3], np.asarray(levels, dtype=float)[:, None]
    means = values.mean(axis=-3)
    complete = np.isfinite(means).all(axis=tuple(range(means.ndim - 2)))
    by_budget, by_ordering, own = (np.full((2, *means.shape), np.nan) for _ in range(3))
    own[:] = pooled_variance(np.moveaxis(values, -3, -1)[..., None])
    for budget, there in enumerate(complete.T):
        pooled = np.stack(pooled_variance(values[..., there, budget])) if there.any() else np.array(np.nan)
        by_budget[..., there, budget] = pooled[..., None]
    for ordering, there in enumerate(complete):
        pooled = np.stack(pooled_variance(values[..., ordering, there])) if there.any() else np.array(np.nan)
        by_ordering[..., ordering, there] = pooled[..., None]

    def bound(spread: Floats) -> Floats:
        variance, df = spread
        return np.asarray(means - stats.t.isf(level, df) * np.sqrt(variance))

    pooled_bound = np.minimum(bound(by_budget), bound(by_ordering))
    larger = np.where(by_budget[0] > by_ordering[0], by_budget, by_ordering)
    unequal = larger_spread(own[0], larger[0], larger[1], n_replicates) & (bound(own) < pooled_bound)
    return np.where(unequal, bound(own), pooled_bound), unequal
