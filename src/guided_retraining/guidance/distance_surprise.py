"""Distance-based surprise adequacy: how near an input is to its class, against the gap to others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError
from guided_retraining.guidance.neighbours import OtherClassSearch, nearest_in_class
from guided_retraining.guidance.parallel import workers
from guided_retraining.guidance.surprise import Surprise


class DistanceSurprise(Surprise):
    """Distance-based surprise adequacy (DSA), d_a / d_b.

    d_a is the distance from an input to the nearest reference element x_a of the class the model predicts
    for it; d_b is the distance from x_a to its nearest reference element of another predicted class. Exact:
    equal to the formula in float64. 0/0, an input that lies on its own and on another class, counts as 1.

    Args:
        exclude_self: leave an element of the reference out of its own neighbours; otherwise it scores 0, as
            in the published study.

    Source: Kim, Feldt and Yoo, "Guiding deep learning system testing using surprise adequacy", ICSE 2019.

    >>> T = np.array([[0.0], [1.0], [4.0]])
    >>> DistanceSurprise().fit(T, [0, 0, 1]).score_samples([[2.0], [-1.0]], [0, 0])
    array([0.33333333, 0.25      ])
    """

    _metric = "dsa"

    def __init__(self, *, exclude_self: bool = False) -> None:
        self.exclude_self = exclude_self

    def _fit(self) -> None:
        if len(self.classes_) < 2:
            raise InputError(
                f"DSA needs reference inputs of at least two predicted classes; all are predicted as class "
                f"{self.classes_[0]}: is the model trained?"
            )

    def _score(
        self, points: NDArray[Any], classes: NDArray[np.int64], own: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        squares = np.full(len(points), np.inf)
        nearest = np.full(len(points), -1, dtype=np.int64)
        place = np.empty(len(self.reference_), dtype=np.int64)
        with workers() as run:
            for label in np.intersect1d(self.classes_, classes):
                members, rows = self._members(label), np.flatnonzero(classes == label)
                place[members] = np.arange(len(members))
                excluded = np.where(own[rows] >= 0, place[own[rows]], -1)
                squares[rows], at = nearest_in_class(run, points, rows, self.reference_, members, excluded)
                nearest[rows] = members[at]
            known = np.isfinite(squares)
            wanted = np.zeros(len(self.reference_), dtype=bool)
            wanted[nearest[known]] = True
            search = OtherClassSearch(self.reference_, self.predictions_, wanted)
            d_a, d_b = np.sqrt(squares[known]), np.sqrt(search.search(run)[nearest[known]])
        scores = np.full(len(points), np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            scores[known] = np.where((d_a == 0) & (d_b == 0), 1.0, d_a / d_b)
        return scores
