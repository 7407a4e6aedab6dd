"""Exact nearest neighbours at the speed of float32 matrix products.

``|x - y|^2 = |x|^2 + |y|^2 - 2 x.y`` loses digits where x and y are close. So the product is used for a proven
**lower bound** only: what rounding can take away, (2 d + 16) units of float32 round-off of ``|x|^2 + |y|^2``,
is subtracted beforehand. Pairs whose lower bound does not exceed an exact distance already found are
computed again, directly and in float64; all others are proven farther. The answer is that of the float64
formula, whatever the data.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.images.arrays import blocks

UNIT_ROUND_OFF = 2.0**-24  # of float32
EXACT_BYTES = 2**23  # float64 differences held at a time while candidates are confirmed
TINY = np.float32(1e-30)  # above what float32 underflow can add up to; coordinates are scaled to norms near 1


@dataclass(frozen=True)
class Frame:
    """A centre and a scale in which coordinates are rounded to float32.

    Args:
        centre: ``(d,)`` float64, subtracted before squares are expanded.
        scale: multiplies centred coordinates, so that the reference's largest norm is 1.
    """

    centre: NDArray[np.float64]
    scale: float

    @classmethod
    def around(cls, points: NDArray[Any], rows: NDArray[np.int64]) -> Frame:
        """The frame of some rows: their mean, and the inverse of the largest distance from it."""
        centre = np.zeros(points.shape[1])
        for part in blocks(len(rows), points.shape[1] * 8):
            centre += points[rows[part]].sum(axis=0, dtype=np.float64) / len(rows)
        largest = 0.0
        for part in blocks(len(rows), points.shape[1] * 8):
            offset = points[rows[part]] - centre
            largest = max(largest, float(np.einsum("ij,ij->i", offset, offset).max()))
        return cls(centre, 1 / float(np.sqrt(largest)) if largest > 1e-200 else 1.0)

    def _coordinates(self, points: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Centred and scaled coordinates, and their squared norms less the allowance for rounding."""
        coordinates = (points - self.centre) * self.scale
        allowance = 1 - (2 * points.shape[1] + 16) * UNIT_ROUND_OFF
        return coordinates, np.einsum("ij,ij->i", coordinates, coordinates) * allowance

    def left(self, points: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Rows whose product with ``right`` rows are lower bounds, each times a factor against overflow."""
        coordinates, norms = self._coordinates(points)
        factors = 1 / np.maximum(1.0, norms)
        rows = np.column_stack([-2 * coordinates, norms, np.ones(len(points))])
        return (rows * factors[:, None]).astype(np.float32), factors * self.scale**2

    def right(self, points: NDArray[Any]) -> NDArray[np.float32]:
        """Rows whose product with ``left`` rows are lower bounds of squared distances."""
        coordinates, norms = self._coordinates(points)
        return np.column_stack([coordinates, np.ones(len(points)), norms]).astype(np.float32)


def squared_distances(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
    """Squared Euclidean distances of paired rows, directly and in float64.

    Args:
        x: ``(n, d)`` real.
        y: ``(n, d)`` real.

    Returns:
        ``(n,)`` float64.
    """
    difference = np.subtract(x, y, dtype=np.float64)
    return np.einsum("ij,ij->i", difference, difference)


def ceiling(squares: NDArray[np.float64], factors: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest lower bound a pair at this exact squared distance, or nearer, can have.

    Args:
        squares: ``(n,)`` float64 exact squared distances.
        factors: ``(n,)`` float64, what ``Frame.left`` gave beside its rows.

    Returns:
        ``(n,)`` float32.
    """
    return (squares * factors * (1 + 4 * UNIT_ROUND_OFF) + TINY).astype(np.float32)


def confirm(
    bounds: NDArray[np.float32],
    factors: NDArray[np.float64],
    exact: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]],
    row_bytes: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Find each row's nearest column, given lower bounds of the squared distances.

    Args:
        bounds: ``(a, b)`` float32 lower bounds times the row's factor; infinite where a pair does not count.
        factors: ``(a,)`` float64, what ``Frame.left`` gave beside its rows.
        exact: gives the float64 squared distances of pairs (row positions, column positions).
        row_bytes: bytes of one row of float64 coordinates, to bound the scratch memory.

    Returns:
        squares: ``(a,)`` float64 exact squared distances, infinite where no pair counts.
        nearest: ``(a,)`` int64 column, the first of those equally near, or any duplicate of the row.
    """
    every = np.arange(len(bounds))
    nearest = bounds.argmin(axis=1)
    squares = exact(every, nearest)
    counts = np.isfinite(bounds[every, nearest])
    limits = np.where(counts, ceiling(squares, factors), -np.inf).astype(np.float32)
    squares[~counts] = np.inf
    hits = np.flatnonzero((bounds <= limits[:, None]).ravel())
    rows, columns = np.divmod(hits, bounds.shape[1])
    # at distance 0 all candidates are duplicates of each other, and any will do
    contested = (np.bincount(rows, minlength=len(bounds)) > 1) & (squares > 0)
    chosen = contested[rows]
    rows, columns = rows[chosen], columns[chosen]
    # a contested row's winner is set anew: the column with the least bound may not be the nearest
    squares[contested] = np.inf
    for part in blocks(len(rows), row_bytes, EXACT_BYTES):
        r, c = rows[part], columns[part]
        found = exact(r, c)
        starts = np.flatnonzero(np.diff(r, prepend=-1))
        least = np.minimum.reduceat(found, starts)
        owners = r[starts]
        ends = np.append(starts[1:], len(r))
        first = np.flatnonzero(found == np.repeat(least, ends - starts))
        first = first[np.flatnonzero(np.diff(r[first], prepend=-1))]
        better = least < squares[owners]
        squares[owners[better]] = least[better]
        nearest[owners[better]] = c[first[better]]
    return squares, nearest
