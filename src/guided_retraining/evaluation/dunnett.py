"""Many columns against one within replicates: simultaneous intervals and p-values (Dunnett)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.evaluation.layout import larger_spread, pooled_variance, residual_variance

__all__ = ["POWER", "ManyToOne", "corrected_p", "many_to_one"]

Floats = NDArray[np.float64]
POWER = 0.80
# Degrees of freedom are rounded down to one of these.
LADDER = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 30, 50, 100)


@dataclass(frozen=True)
class ManyToOne:
    """Means of the differences to the control, and half-widths of their simultaneous intervals.

    Attributes:
        means: ``(..., k)`` differences to the control.
        half_widths: ``(..., k)`` of the intervals.
        detectable: ``(..., k)`` true differences that are shown with a probability of ``POWER``, given these
            half-widths.
    """

    means: Floats
    half_widths: Floats
    detectable: Floats


def many_to_one(values: ArrayLike, control: int, alpha: float) -> ManyToOne:
    """Simultaneous intervals of all columns minus the control, with the replicate as block.

    The wider of two counts: from the residual spread of the two-way layout, and from the pooled spread of the
    differences, which does not assume that the control varies like the others. A column whose own spread is larger
    than both has the interval of its paired t test at the Bonferroni level, if that is wider.

    Args:
        values: ``(..., n_replicates, n_columns)``, no NaN, two replicates at least.
        control: the column that the others are compared with.
        alpha: error rate of all intervals together, in (0, 1).

    Returns:
        The differences with their half-widths.

    Source: Dunnett (1955), "A multiple comparison procedure for comparing several treatments with a control".
    """
    from scipy import stats

    means, variances, df, applies = _spreads(values, control)
    k = means.shape[-1]
    critical = np.stack(
        [
            _critical_values(k, df[0], alpha),
            _critical_values(k, df[1], alpha),
            stats.t.isf(alpha / 2 / k, df[2]),
        ]
    )
    errors = np.where(applies, np.sqrt(variances), 0.0)
    half_widths = (errors * critical).max(axis=0)
    return ManyToOne(means, half_widths, half_widths + (errors * stats.t.ppf(POWER, df)).max(axis=0))


def corrected_p(values: ArrayLike, control: int) -> Floats:
    """P-values that go with :func:`many_to_one`, corrected for the number of columns.

    Args:
        values: ``(n_replicates, n_columns)``, no NaN, two replicates at least.
        control: the column that the others are compared with.

    Returns:
        ``(n_columns - 1)`` in [0, 1]: the largest of those that apply.
    """
    from scipy import stats

    means, variances, df, applies = _spreads(values, control)
    k = len(means)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(means == 0, 0.0, np.abs(means) / np.sqrt(variances))
    whole = _rounded_down(df)
    joint = [[1 - _inside(k, float(t[i, j]), int(whole[i, j])) for j in range(k)] for i in (0, 1)]
    alone = 2 * k * stats.t.sf(t[2], df[2])
    return np.clip(np.where(applies, np.array([*joint, alone]), 0.0).max(axis=0), 0.0, 1.0)


def _spreads(values: ArrayLike, control: int) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """Means; and for residual, pooled and own spread the variance of a mean, its df, and where it applies."""
    table = np.asarray(values, dtype=float)
    differences = np.delete(table, control, axis=-1) - table[..., control, None]
    n, k = differences.shape[-2:]
    means = differences.mean(axis=-2)

    def alike(one: ArrayLike) -> Floats:
        return np.broadcast_to(np.asarray(one, dtype=float)[..., None], means.shape)

    pooled, pooled_df = pooled_variance(differences)
    own, own_df = pooled_variance(np.swapaxes(differences, -1, -2)[..., None])
    variances = np.stack([alike(2 * residual_variance(table) / n), alike(pooled), own])
    df = np.stack([np.full(means.shape, float((n - 1) * k)), alike(pooled_df), own_df])
    wider = np.take_along_axis(
        np.stack([variances[:2], df[:2]]), variances[None, :2].argmax(axis=1)[:, None], axis=1
    )
    unequal = larger_spread(own, wider[0, 0], wider[1, 0], n)
    return means, variances, df, np.stack([np.ones_like(unequal), np.ones_like(unequal), unequal])


def _critical_values(k: int, df: Floats, alpha: float) -> Floats:
    steps, place = np.unique(_rounded_down(df), return_inverse=True)
    return np.array([_critical(k, int(step), alpha) for step in steps])[place].reshape(df.shape)


def _rounded_down(df: Floats) -> NDArray[np.int64]:
    return np.asarray(LADDER)[np.maximum(np.searchsorted(LADDER, df + 1e-9, side="right") - 1, 0)]


@lru_cache(maxsize=1024)
def _critical(k: int, df: int, alpha: float) -> float:
    """Two-sided critical value of Dunnett's test: the largest of k absolute t values, correlated by one half."""
    from scipy import optimize, stats

    if k == 1:
        return float(stats.t.isf(alpha / 2, df))
    highest = float(stats.t.isf(alpha / 2 / k, df))  # Bonferroni's
    lowest = float(stats.t.isf(alpha / 2, df))
    return float(optimize.brentq(lambda c: _inside(k, c, df) - (1 - alpha), lowest, highest, xtol=1e-3))


def _inside(k: int, limit: float, df: int) -> float:
    """The probability that k t values with correlation one half all lie within plus or minus the limit."""
    from scipy import stats

    if k == 1 or not np.isfinite(limit):
        return float(1 - 2 * stats.t.sf(limit, df))
    shape = np.full((k, k), 0.5) + 0.5 * np.eye(k)
    ends = np.full(k, limit)
    return float(stats.multivariate_t.cdf(ends, shape=shape, df=df, lower_limit=-ends, random_state=0))
