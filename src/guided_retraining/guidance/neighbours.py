"""The two searches behind distance-based surprise: nearest of the own class, and nearest of another class."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.guidance.parallel import Run, Scratch
from guided_retraining.guidance.screening import Frame, ceiling, confirm, squared_distances
from guided_retraining.images.arrays import blocks

TILE = 1024  # rows and columns of one product: 4 MiB of float32, about a core's own cache
KEPT_BYTES = 2**28  # of the reference's float32 coordinates are kept; beyond they are made again tile by tile
STRIP_BYTES = 2**23  # lower bounds from a strip of inputs to all reference elements of one class


def nearest_in_class(
    run: Run,
    points: NDArray[Any],
    rows: NDArray[np.int64],
    reference: NDArray[Any],
    members: NDArray[np.int64],
    excluded: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Find the nearest of some reference elements to each of some points, exactly.

    Args:
        run: what ``workers`` gives.
        points: ``(n, d)`` real.
        rows: ``(a,)`` int64, the points that are asked about.
        reference: ``(m, d)`` real.
        members: ``(b,)`` int64 ascending, the reference elements that count; b >= 1.
        excluded: ``(a,)`` int64, a position in ``members`` that does not count for this point, or -1.

    Returns:
        squares: ``(a,)`` float64 squared distances, infinite where nothing is left.
        nearest: ``(a,)`` int64 positions in ``members``, the first of those equally near, or any duplicate.
    """
    frame = Frame.around(reference, members)
    right = np.concatenate([frame.right(reference[members[part]]) for part in blocks(len(members), 8 * TILE)])
    squares, nearest = np.empty(len(rows)), np.empty(len(rows), dtype=np.int64)
    row_bytes, scratch = points.shape[1] * 8, Scratch(np.float32)

    def strip(part: slice) -> None:
        x = np.asarray(points[rows[part]])
        left, factors = frame.left(x)
        bounds = scratch.product(left, right)
        without = np.flatnonzero(excluded[part] >= 0)
        bounds[without, excluded[part][without]] = np.inf
        squares[part], nearest[part] = confirm(
            bounds, factors, lambda r, c: squared_distances(x[r], reference[members[c]]), row_bytes
        )

    run(strip, blocks(len(rows), max(4 * len(members), row_bytes), STRIP_BYTES))
    return squares, nearest


class OtherClassSearch:
    """Distances from chosen reference elements to their nearest reference element of another class.

    Tiles of the symmetric distance matrix are visited once, for their rows and for their columns. Each
    wanted element keeps the tile with its least lower bound, and the least bound of all other tiles; a
    second pass computes the kept tile's distances exactly, and goes over all tiles again only for those
    whose second bound leaves a doubt.

    Args:
        points: ``(m, d)`` real.
        classes: ``(m,)`` int64; at least two differ.
        wanted: ``(m,)`` bool, the elements that are asked about.
    """

    def __init__(self, points: NDArray[Any], classes: NDArray[np.int64], wanted: NDArray[np.bool_]) -> None:
        self.points, self.classes = points, classes
        self.order = np.lexsort((classes, ~wanted))
        self.n_wanted = int(np.count_nonzero(wanted))
        self.frame = Frame.around(points, np.arange(len(points)))
        self.tiles = [slice(at, min(at + TILE, self.n_wanted)) for at in range(0, self.n_wanted, TILE)]
        self.n_wanted_tiles = len(self.tiles)
        self.tiles += [
            slice(at, min(at + TILE, len(points))) for at in range(self.n_wanted, len(points), TILE)
        ]
        self.spans = [self._class_spans(tile) for tile in self.tiles]
        self.best = np.full(self.n_wanted, np.inf, dtype=np.float32)
        self.second = np.full(self.n_wanted, np.inf, dtype=np.float32)
        self.owner = np.zeros(self.n_wanted, dtype=np.int64)
        self.squares = np.full(self.n_wanted, np.inf)
        self.scratch, self._lock = Scratch(np.float32), Lock()
        self.kept: list[NDArray[np.float32]] | None = None
        if 4 * points.size <= KEPT_BYTES:
            self.kept = [self.frame.right(self._rows(tile)) for tile in self.tiles]

    def search(self, run: Run) -> NDArray[np.float64]:
        """Search, with ``run`` from ``workers``; ``(m,)`` squared distances, infinite if not wanted."""
        run(self._screen, range(self.n_wanted_tiles))
        run(self._confirm_owner, range(len(self.tiles)))
        # the reference is scaled to norms of at most 1, so that all factors are scale^2
        doubt = np.flatnonzero(self.second <= ceiling(self.squares, np.full(1, self.frame.scale**2)))
        run(self._confirm_all, [doubt[part] for part in blocks(len(doubt), 1, TILE)])
        result = np.full(len(self.points), np.inf)
        result[self.order[: self.n_wanted]] = self.squares
        return result

    def _class_spans(self, tile: slice) -> dict[int, slice]:
        found, starts = np.unique(self.classes[self.order[tile]], return_index=True)
        ends = [*starts[1:], tile.stop - tile.start]
        return {int(c): slice(int(a), int(b)) for c, a, b in zip(found, starts, ends, strict=True)}

    def _rows(self, at: slice | NDArray[np.int64]) -> NDArray[Any]:
        return np.asarray(self.points[self.order[at]])

    def _right(self, j: int) -> NDArray[np.float32]:
        return self.frame.right(self._rows(self.tiles[j])) if self.kept is None else self.kept[j]

    def _offer(self, at: slice, bounds: NDArray[np.float32], tile: int) -> None:
        """Keep the least bound with its tile (the lower of equals), and the least of the other tiles."""
        with self._lock:
            best, second, owner = self.best[at], self.second[at], self.owner[at]
            better = (bounds < best) | ((bounds == best) & (tile < owner))
            second[:] = np.where(better, best, np.minimum(second, bounds))
            best[better], owner[better] = bounds[better], tile

    def _screen(self, i: int) -> None:
        left, _ = self.frame.left(self._rows(self.tiles[i]))
        for j in range(i, len(self.tiles)):
            common = self.spans[i].keys() & self.spans[j].keys()
            if len(self.spans[i]) == len(self.spans[j]) == len(common) == 1:
                continue
            bounds = self.scratch.product(left, self._right(j))
            for c in common:
                bounds[self.spans[i][c], self.spans[j][c]] = np.inf
            self._offer(self.tiles[i], bounds.min(axis=1), j)
            if i < j < self.n_wanted_tiles:
                self._offer(self.tiles[j], bounds.min(axis=0), i)

    def _improve(self, wanted: NDArray[np.int64], j: int) -> None:
        """Lower the squared distances of some wanted elements to the least of those to tile j, exactly."""
        x, tile = self._rows(wanted), self.order[self.tiles[j]]
        left, factors = self.frame.left(x)
        bounds = self.scratch.product(left, self._right(j))
        classes = self.classes[self.order[wanted]]
        for c, span in self.spans[j].items():
            bounds[classes == c, span] = np.inf
        squares, _ = confirm(
            bounds,
            factors,
            lambda r, c: squared_distances(x[r], self.points[tile[c]]),
            self.points.shape[1] * 8,
        )
        self.squares[wanted] = np.minimum(self.squares[wanted], squares)

    def _confirm_owner(self, j: int) -> None:
        wanted = np.flatnonzero(self.owner == j)
        for part in blocks(len(wanted), 1, TILE):
            self._improve(wanted[part], j)

    def _confirm_all(self, wanted: NDArray[np.int64]) -> None:
        for j in range(len(self.tiles)):
            self._improve(wanted, j)
