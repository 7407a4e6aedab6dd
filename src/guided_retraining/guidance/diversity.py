"""Diversity: inputs that together cover the activation space."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.guidance.checks import check_activations, check_parameters
from guided_retraining.guidance.parallel import one_blas_thread
from guided_retraining.images.arrays import blocks

NEAR_THE_TOP = 0.98  # of the greatest squared distance: which points are brought up to date together
FEW = 16  # points that missed more picks than this are brought up to date apart from those that missed fewer
RELATIVE_ZERO = 1e-14  # squared distances below this share of the squared norms are rounding: a duplicate


def k_center(activations: ArrayLike, *, n_picks: int = 1000) -> NDArray[np.float64]:
    """K-centre greedy order: each next input is the one farthest from all before it.

    The first is the input farthest from the mean. The first ``n_picks`` are the exact greedy order; all
    others follow by their distance to the nearest of these picks, which is not the greedy order any more.

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
    check_parameters("k_center", n_picks=n_picks)
    wanted = min(n_picks, len(a))
    if not wanted:
        return np.zeros(0)
    with one_blas_thread():  # many small products: threads would only wait for each other
        cover = _Cover(a)
        while len(cover.picks) < wanted and cover.pick_farthest():
            pass
        cover.refresh(np.arange(len(a)))
    rest = np.ones(len(a), dtype=bool)
    rest[cover.picks] = False
    scores = np.empty(len(a))
    scores[cover.picks] = len(a) - np.arange(len(cover.picks))
    distances = np.sqrt(cover.squares[rest])
    largest = distances.max(initial=0.0)
    scores[rest] = distances * (np.count_nonzero(rest) / largest if largest > 0 else 0.0)
    return scores


class _Cover:
    """Points, the picks among them, and upper bounds of the squared distances to the nearest pick.

    A distance to the nearest pick can only fall, so a value from before the last picks is an upper bound.
    Only the few points with the greatest bounds are brought up to date, until the greatest is: the same picks
    as with all of them, for a small part of the work.
    """

    def __init__(self, points: NDArray[Any]) -> None:
        self.points = points.astype(np.float64)
        self.points -= self.points.mean(axis=0)
        self.norms = np.einsum("ij,ij->i", self.points, self.points)
        self.squares = np.full(len(points), np.inf)
        self.seen = np.zeros(len(points), dtype=np.int64)  # picks that ``squares`` accounts for
        self.picks: list[int] = []

    def pick_farthest(self) -> bool:
        """Add the point farthest from all picks; False if all points lie on picks."""
        if not self.picks:
            self.picks.append(int(self.norms.argmax()))
            return True
        farthest = int(self.squares.argmax())
        while self.seen[farthest] < len(self.picks):
            self.refresh(np.flatnonzero(self.squares >= NEAR_THE_TOP * self.squares[farthest]))
            farthest = int(self.squares.argmax())
        if self.squares[farthest] <= 0:
            return False
        self.picks.append(farthest)
        return True

    def refresh(self, rows: NDArray[np.int64]) -> None:
        """Bring some points up to date with all picks."""
        rows = rows[self.seen[rows] < len(self.picks)]
        late = self.seen[rows] < len(self.picks) - FEW
        for group in (rows[late], rows[~late]):
            if not len(group):
                continue
            missed = np.array(self.picks[self.seen[group].min() :], dtype=np.int64)
            for part in blocks(len(group), 8 * max(len(missed), self.points.shape[1])):
                self._lower(group[part], missed)

    def _lower(self, rows: NDArray[np.int64], missed: NDArray[np.int64]) -> None:
        norms = self.norms[rows][:, None] + self.norms[missed]
        squares = norms - 2 * (self.points[rows] @ self.points[missed].T)
        squares[squares < RELATIVE_ZERO * norms] = 0
        self.squares[rows] = np.minimum(self.squares[rows], squares.min(axis=1))
        self.seen[rows] = len(self.picks)
