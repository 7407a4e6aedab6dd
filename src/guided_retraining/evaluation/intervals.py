"""Intervals of accuracies over replicates and test images: both are samples, and either may be the small one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from guided_retraining.evaluation.findings import Interval

__all__ = ["accuracy_interval", "difference_interval", "replicate_interval", "two_way_bounds", "wilson"]

Floats = NDArray[np.float64]


def accuracy_interval(right: pd.DataFrame, *, confidence: float = 0.95) -> Interval:
    """Mean accuracy with its interval over replicates and images.

    Args:
        right: a row for each replicate, a column for each test image: 1 right, 0 wrong, NaN not measured.
        confidence: in (0, 1).

    Returns:
        The interval, within [0, 1] and never narrower than Wilson's for its number of distinct images; of one replicate
        it is Wilson's.
    """
    values = _measured(right)
    mean, low, high = (float(one) for one in two_way_bounds(values, confidence=confidence))
    least, most = wilson(mean, values.shape[1], confidence)
    if len(values) == 1:
        return _interval(mean, least, most, *values.shape, bounds=(0.0, 1.0))
    return _interval(mean, min(low, least), max(high, most), *values.shape, bounds=(0.0, 1.0))


def difference_interval(
    right: pd.DataFrame, other: pd.DataFrame, *, confidence: float = 0.95
) -> Interval | None:
    """Mean difference of two accuracies, paired by replicate and image, with its interval over both.

    Args:
        right: as in :func:`accuracy_interval`.
        other: the same of the other models.
        confidence: in (0, 1).

    Returns:
        The interval of ``right - other``, within [-1, 1]; None where they share no replicate or image.
    """
    differences = right - other.reindex_like(right)
    values = _measured(differences.dropna(how="all"))
    if not values.size:
        return None
    mean, low, high = (float(one) for one in two_way_bounds(values, confidence=confidence))
    return _interval(mean, low, high, *values.shape, bounds=(-1.0, 1.0))


def replicate_interval(
    values: ArrayLike,
    *,
    n_images: int | None = None,
    confidence: float = 0.95,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """Mean over replicates with its interval, where right or wrong of the single images is not known.

    Args:
        values: ``(n_replicates,)``; NaN (not measured) is left out.
        n_images: that each accuracy was measured on; their part of the variance is then the binomial one, which is
            the largest it can be. Without it images are left out.
        confidence: in (0, 1).
        bounds: where the quantity cannot lie outside.

    Returns:
        The interval; one value without a number of images has none.
    """
    found = np.asarray(values, dtype=float)
    found = found[np.isfinite(found)]
    n = len(found)
    empty = Interval(mean=None, low=None, high=None, n_replicates=n, n_images=n_images, over="")
    if not n:
        return empty
    mean = float(found.mean())
    if n == 1 and n_images is None:
        return Interval(**{**empty, "mean": mean})  # type: ignore[typeddict-item]
    of_images = mean * (1 - mean) / n_images if n_images else 0.0
    low, high = mean, mean
    if n > 1:
        half = float(_half_width(found.var(ddof=1) / n, n, np.asarray(of_images), n_images or 2, confidence))
        low, high = mean - half, mean + half
    if n_images:
        least, most = wilson(mean, n_images, confidence)
        low, high = min(low, least), max(high, most)
    return _interval(mean, low, high, n, n_images, bounds=bounds)


def two_way_bounds(values: ArrayLike, *, confidence: float = 0.95) -> tuple[Floats, Floats, Floats]:
    """The mean over replicates and images, and the bounds of its two-sided interval.

    The variance is that between replicates plus that between images, each of the mean. Noise that belongs to neither is
    counted in both, which errs on the safe side. A variance from a few replicates may come out small by chance, so
    the interval is not narrower than Student's over the replicates alone. One replicate: images alone.

    Args:
        values: ``(..., n_replicates, n_images)`` in [-1, 1], NaN where an image was not measured in a replicate.
        confidence: in (0, 1).

    Returns:
        ``(...)`` mean, lower and upper bound.

    Source: Cameron, Gelbach and Miller (2011), "Robust inference with multiway clustering", without the term they
    subtract; degrees of freedom by Satterthwaite (1946). Two pseudo-images of half a success and half a failure each
    (Agresti and Min 2005) keep the images' part above 0.
    """
    from scipy import stats

    table = np.asarray(values, dtype=float)
    there = np.isfinite(table)
    n_replicates, n_images = table.shape[-2:]
    of_replicate = np.nanmean(table, axis=-1)
    mean = of_replicate.mean(axis=-1)
    rest = np.where(there, table - mean[..., None, None], 0.0)
    of_image = rest.sum(axis=-2) / np.maximum(there.sum(axis=(-2, -1)), 1)[..., None]
    between_images = (of_image**2).sum(axis=-1) + 1 / (n_images + 2) ** 2
    if n_replicates == 1:
        half = np.asarray(stats.norm.isf((1 - confidence) / 2) * np.sqrt(between_images))
    else:
        between_replicates = of_replicate.var(axis=-1, ddof=1) / n_replicates
        half = _half_width(between_replicates, n_replicates, between_images, n_images, confidence)
    return mean, mean - half, mean + half


def _half_width(
    between_replicates: Floats, n_replicates: int, between_images: Floats, n_images: int, confidence: float
) -> Floats:
    """Of both variances of the mean together, or of the replicates' alone where that is wider."""
    from scipy import stats

    level = (1 - confidence) / 2
    variance = between_replicates + between_images
    weighed = between_replicates**2 / (n_replicates - 1) + between_images**2 / max(n_images - 1, 1)
    df = np.divide(variance**2, weighed, out=np.full_like(variance, n_replicates - 1.0), where=weighed > 0)
    both = stats.t.isf(level, df) * np.sqrt(variance)
    alone = stats.t.isf(level, n_replicates - 1) * np.sqrt(between_replicates)
    return np.asarray(np.maximum(both, alone))


def wilson(share: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a share of n images.

    Args:
        share: in [0, 1].
        n: images, one or more.
        confidence: in (0, 1).

    Returns:
        Its bounds.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    >>> [round(bound, 3) for bound in wilson(0.344, 300)]
    [0.293, 0.399]
    """
    from scipy import stats

    z = float(stats.norm.isf((1 - confidence) / 2))
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * (share * (1 - share) / n + z**2 / (4 * n**2)) ** 0.5
    return centre - half, centre + half


def _measured(right: pd.DataFrame) -> Floats:
    """Without the images that no replicate measured."""
    values = np.asarray(right, dtype=float)
    return values[:, np.isfinite(values).any(axis=0)]


def _interval(
    mean: float,
    low: float,
    high: float,
    n_replicates: int,
    n_images: int | None,
    *,
    bounds: tuple[float, float],
) -> Interval:
    low, high = np.clip([low, high], *bounds).tolist()
    over = [*(["replicates"] if n_replicates > 1 else []), *(["images"] if n_images else [])]
    return Interval(
        mean=mean, low=low, high=high, n_replicates=n_replicates, n_images=n_images, over=" and ".join(over)
    )
