"""Mahalanobis-distance surprise adequacy: how far an input lies from the mean of its predicted class."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import GuidedRetrainingWarning, InputError
from guided_retraining.guidance.covariance import covariance, pooled_residuals, shrunk, whitening
from guided_retraining.guidance.parallel import workers
from guided_retraining.guidance.surprise import Surprise
from guided_retraining.images.arrays import blocks


class MahalanobisSurprise(Surprise):
    """Mahalanobis-distance surprise adequacy (MDSA), sqrt((a - m)^T C^-1 (a - m)).

    m and C are the mean and the Ledoit-Wolf shrunk covariance of the reference elements of the
    predicted class. A class without spread of its own takes the covariance within all classes, with
    one warning.

    Source: Kim, Ju, Feldt and Yoo, "Reducing DNN labelling cost using surprise adequacy", ESEC/FSE 2020;
    Ledoit and Wolf 2004 for the shrinkage.

    >>> T = np.array([[-2.0], [0.0], [2.0]])
    >>> MahalanobisSurprise().fit(T, [0, 0, 0]).score_samples([[0.0], [6.0]], [0, 0])
    array([0., 3.])
    """

    _metric = "mdsa"

    def _fit(self) -> None:
        self.means_: dict[int, NDArray[np.float64]] = {}
        self.factors_: dict[int, NDArray[np.float64]] = {}
        with workers() as run:
            run(self._fit_class, self.classes_.tolist())
        weak = [label for label in self.classes_.tolist() if label not in self.factors_]
        if weak:
            self._borrow(weak)

    def _fit_class(self, label: int) -> None:
        members = np.asarray(self.reference_[self._members(label)], dtype=np.float64)
        self.means_[label] = members.mean(axis=0)
        if np.ptp(members, axis=0).any():
            found = whitening(shrunk(members, covariance(members)))
            if found is None:
                raise InputError(f"MDSA: the covariance of class {label} is not finite: check the range")
            self.factors_[label] = found[0]

    def _borrow(self, weak: list[int]) -> None:
        residuals = pooled_residuals(self.reference_, self.predictions_)
        if not residuals.any():
            raise InputError("MDSA: the activations do not vary within any predicted class")
        found = whitening(shrunk(residuals, residuals.T @ residuals / len(residuals)))
        if found is None:
            raise InputError("MDSA: the covariance within the classes is not finite: check the range")
        self.factors_.update(dict.fromkeys(weak, found[0]))
        warnings.warn(
            f"MDSA: the activations predicted as class {', '.join(map(str, weak))} do not vary; the "
            "covariance within all classes is used for them",
            GuidedRetrainingWarning,
            stacklevel=4,
        )

    def _score(
        self,
        points: NDArray[Any],
        classes: NDArray[np.int64],
        own: NDArray[np.int64],  # noqa: ARG002
    ) -> NDArray[np.float64]:
        scores = np.full(len(points), np.inf)

        def of_class(label: int) -> None:
            rows = np.flatnonzero(classes == label)
            for part in blocks(len(rows), points.shape[1] * 8):
                z = (points[rows[part]] - self.means_[label]) @ self.factors_[label]
                scores[rows[part]] = np.sqrt(np.einsum("ij,ij->i", z, z))

        with workers() as run:
            run(of_class, np.intersect1d(self.classes_, classes).tolist())
        return scores
