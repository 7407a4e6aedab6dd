"""Intervals, paired comparisons and corrections for a handful of seeds (see ``docs/statistics.md``)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite

import numpy as np
import scipy  # its parts are loaded when they are first used, which listing pipelines never does
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.evaluation.permutation import sign_flip_p

__all__ = ["Interval", "PairedComparison", "compare_paired", "holm", "mean_interval"]

NAN = float("nan")


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its confidence interval.

    Args:
        mean: of the values.
        low: lower bound; NaN where it is unknown (one seed).
        high: upper bound; NaN where it is unknown.
        half_width: of the interval before it was cut at any bounds.
        sd: standard deviation over seeds (n - 1).
        n: number of seeds.
    """

    mean: float
    low: float
    high: float
    half_width: float
    sd: float
    n: int

    def as_dict(self) -> dict[str, float | int | None]:
        """Plain numbers for JSON; None for what is undefined."""
        return {key: value if isfinite(value) else None for key, value in asdict(self).items()}


@dataclass(frozen=True)
class PairedComparison:
    """Differences of pairs (same seed).

    Args:
        difference: their mean and interval.
        p_value: of the paired t test, in [0, 1]; NaN where it is undefined.
        p_sign_flip: of the sign-flip test, in [0, 1]; NaN with one pair.
        effect_size: mean difference in standard deviations, corrected for few pairs; NaN if undefined.
    """

    difference: Interval
    p_value: float
    p_sign_flip: float
    effect_size: float


def mean_interval(
    values: ArrayLike, *, confidence: float = 0.95, bounds: tuple[float, float] | None = None
) -> Interval:
    """Mean and Student's t interval.

    Args:
        values: ``(n,)`` one value per seed; NaN (not measured) is left out.
        confidence: of the interval, in (0, 1).
        bounds: where the quantity cannot lie outside, such as (0, 1) for an accuracy: the interval is cut
        there.

    Returns:
        The interval. One value: its mean, bounds NaN. None: all NaN.

    Raises:
        ParameterError: if ``confidence`` is not in (0, 1).

    Source: Student (1908), "The probable error of a mean".

    >>> interval = mean_interval([0.80, 0.82, 0.84])
    >>> round(interval.mean, 3), round(interval.half_width, 4), interval.n
    (0.82, 0.0497, 3)
    >>> mean_interval([0.8])
    Interval(mean=0.8, low=nan, high=nan, half_width=nan, sd=nan, n=1)
    """
    if not 0 < confidence < 1:
        raise ParameterError(f"confidence: expected a number in (0, 1) such as 0.95, got {confidence!r}.")
    finite = _finite(values)
    n = len(finite)
    if n == 0:
        return Interval(NAN, NAN, NAN, NAN, NAN, 0)
    mean = float(finite.mean())
    if n == 1:
        return Interval(mean, NAN, NAN, NAN, NAN, 1)
    sd = float(finite.std(ddof=1))
    half = float(scipy.stats.t.ppf((1 + confidence) / 2, n - 1)) * sd / n**0.5
    low, high = mean - half, mean + half
    if bounds is not None:
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return Interval(mean, low, high, half, sd, n)


def compare_paired(values: ArrayLike, baseline: ArrayLike, *, confidence: float = 0.95) -> PairedComparison:
    """Compare two ways of doing something over the same seeds.

    Args:
        values: ``(n,)`` one value per seed.
        baseline: ``(n,)`` the baseline's value for the same seed; pairs with a NaN are left out.
        confidence: of the interval of the mean difference, in (0, 1).

    Returns:
        ``difference``: mean of ``values - baseline`` with its t interval. ``p_value``: paired t test
        (assumes normal differences). ``p_sign_flip``: exact test under symmetry alone, never below 2 / 2**n.
        ``effect_size``: mean difference over its standard deviation with Hedges' correction for few pairs.
        With equal differences that are not zero the spread cannot be estimated: ``p_value`` and
        ``effect_size`` are NaN, the interval is undefined.

    Raises:
        InputError: if the lengths differ.

    >>> found = compare_paired([0.84, 0.85, 0.88], [0.80, 0.82, 0.83])
    >>> round(found.difference.mean, 3), round(found.p_value, 4), found.p_sign_flip
    (0.04, 0.0202, 0.25)
    """
    ours, theirs = np.asarray(values, dtype=float), np.asarray(baseline, dtype=float)
    if ours.ndim != 1 or ours.shape != theirs.shape:
        raise InputError(
            f"Pairs: expected two arrays of one shape (n,), got {ours.shape} and {theirs.shape}."
        )
    differences = _finite(ours - theirs)
    n = len(differences)
    interval = mean_interval(differences, confidence=confidence)
    if n < 2:
        return PairedComparison(interval, NAN, NAN, NAN)
    sign_flip = sign_flip_p(differences)
    if interval.sd <= 1e-12:  # rounding: equal differences, whose spread a few seeds cannot show
        if abs(interval.mean) <= 1e-12:
            return PairedComparison(interval, 1.0, 1.0, 0.0)
        undefined = Interval(interval.mean, NAN, NAN, NAN, 0.0, n)
        return PairedComparison(undefined, NAN, sign_flip, NAN)
    t = interval.mean / (interval.sd / n**0.5)
    p_value = float(2 * scipy.stats.t.sf(abs(t), n - 1))
    return PairedComparison(interval, p_value, sign_flip, interval.mean / interval.sd * _hedges(n - 1))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Holm's step-down correction: p-values that may be compared with alpha after many tests.

    Args:
        p_values: ``(m,)`` in [0, 1]; NaN (no test) stays NaN and is not counted.

    Returns:
        ``(m,)`` adjusted p-values, in the order given.

    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".

    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=float)
    adjusted = np.full(p.shape, NAN)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    steps = p[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return adjusted


def _hedges(df: int) -> float:
    """Hedges (1981): the factor that makes a standardised mean difference unbiased; undefined for df = 1."""
    if df < 2:
        return NAN
    return float(
        np.exp(scipy.special.gammaln(df / 2) - scipy.special.gammaln((df - 1) / 2)) / (df / 2) ** 0.5
    )


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    flat = np.asarray(values, dtype=float).ravel()
    return flat[np.isfinite(flat)]
