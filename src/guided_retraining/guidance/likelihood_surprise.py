"""Likelihood-based surprise adequacy: how improbable an input's activations are for its predicted class."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import GuidedRetrainingWarning, InputError
from guided_retraining.guidance.covariance import covariance, pooled_residuals, shrunk, whitening
from guided_retraining.guidance.kernels import Kernels
from guided_retraining.guidance.parallel import Scratch, workers
from guided_retraining.guidance.surprise import Surprise
from guided_retraining.images.arrays import blocks

STRIP_BYTES = 2**22  # exponents of a strip of inputs for all kernels of one class


class LikelihoodSurprise(Surprise):
    """Likelihood-based surprise adequacy (LSA), the negative log density of an input's activations.

    One Gaussian kernel density estimate for each predicted class, with the class's full covariance times
    the square of Scott's bandwidth n^(-1/(d+4)). Computed in logarithms, so that inputs far from all
    kernels keep finite, ordered scores. A class whose covariance cannot be inverted (fewer members than
    columns, collinear neurons) gets a shrunk one, and a class without any varying column the covariance
    within all classes, with one warning.

    Args:
        min_variance: columns whose variance (1/n) is below it are dropped; >= 0.
        drop_columns: ``per_class`` judges each class by its own members; ``any_class`` drops a column
            everywhere if its variance is too small in any class, as in the published study.
        exclude_self: leave an element of the reference out of its own density (the bandwidth and the
            covariance stay).

    Source: Kim, Feldt and Yoo, "Guiding deep learning system testing using surprise adequacy", ICSE 2019;
    Scott, "Multivariate density estimation", 1992, for the bandwidth.

    >>> T = np.array([[-1.0], [0.0], [1.0]])
    >>> LikelihoodSurprise().fit(T, [7, 7, 7]).score_samples([[0.0], [1e6]], [7, 7]).round(2)
    array([1.15000000e+00, 7.75921235e+11])
    """

    _metric = "lsa"

    def __init__(
        self, *, min_variance: float = 1e-5, drop_columns: str = "per_class", exclude_self: bool = False
    ) -> None:
        self.min_variance = min_variance
        self.drop_columns = drop_columns
        self.exclude_self = exclude_self

    def _fit(self) -> None:
        variances = {}
        for label in self.classes_.tolist():
            members = np.asarray(self.reference_[self._members(label)], dtype=np.float64)
            # constant columns are dropped also with min_variance 0; single members say nothing of a column
            spread = np.ptp(members, axis=0) > 0
            variances[label] = np.where(spread, members.var(axis=0), -1.0) if len(members) > 1 else None
        self.columns_ = {c: self._choose(v, variances) for c, v in variances.items()}
        own: dict[int, Kernels | None] = {}
        with workers() as run:
            run(lambda c: own.update({c: self._own_density(c)}), self.classes_.tolist())
            self.weak_classes_ = [c for c in self.classes_.tolist() if own[c] is None]
            pooled = self._within_classes(self.weak_classes_)
            self.densities_ = {c: own[c] or self._shrunk_density(c, pooled) for c in self.classes_.tolist()}
        if self.weak_classes_:
            warnings.warn(
                f"LSA: the activations predicted as class {', '.join(map(str, self.weak_classes_))} "
                f"are too few or too alike for a covariance of their own ({self.n_features_in_} columns); "
                "a shrunk one is used",
                GuidedRetrainingWarning,
                stacklevel=3,
            )

    def _choose(
        self, own: NDArray[np.float64] | None, variances: dict[int, NDArray[np.float64] | None]
    ) -> NDArray[np.int64]:
        """Columns kept for a class; none where its members say nothing."""
        if self.drop_columns == "any_class":
            known = [v for v in variances.values() if v is not None]
            own = np.min(known, axis=0) if known else None
            if own is not None and not (own >= self.min_variance).any():
                raise InputError(
                    f"each of the {self.n_features_in_} activation columns has a variance below "
                    f"{self.min_variance:g} in some class, so drop_columns 'any_class' leaves none: use "
                    "'per_class' or a smaller min_variance"
                )
        return np.flatnonzero(own >= self.min_variance) if own is not None else np.empty(0, dtype=np.int64)

    def _values(self, label: int, columns: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(self.reference_[self._members(label)], dtype=np.float64)[:, columns]

    def _own_density(self, label: int) -> Kernels | None:
        """The density with the class's own covariance; None where that has no inverse."""
        columns = self.columns_[label]
        members = self._values(label, columns)
        if not len(columns) or len(members) <= len(columns):
            return None
        found = whitening(covariance(members))
        return None if found is None else Kernels.around(members, columns, found)

    def _shrunk_density(self, label: int, pooled: NDArray[np.float64]) -> Kernels:
        """The density with a shrunk covariance: the class's, or that within all classes if it has none."""
        columns = self.columns_[label]
        borrows = self._borrows(label)
        if not len(columns):
            columns = np.flatnonzero((pooled.var(axis=0) >= self.min_variance) & pooled.any(axis=0))
            self.columns_[label] = columns
        if not len(columns):
            raise InputError(
                f"LSA: no activation column has a variance of {self.min_variance:g} or more "
                "within the predicted classes: are the activations those of a trained layer?"
            )
        sample = pooled[:, columns] if borrows else self._values(label, columns)
        found = whitening(shrunk(sample, covariance(sample)))
        if found is None:
            raise InputError(
                f"LSA: the covariance of class {label} is not finite: check the activations' range"
            )
        return Kernels.around(self._values(label, columns), columns, found)

    def _borrows(self, label: int) -> bool:
        return not len(self.columns_[label]) or len(self._members(label)) < 2

    def _within_classes(self, weak: list[int]) -> NDArray[np.float64]:
        """Deviations from the class means, if a class needs them, or from the overall mean."""
        if not any(self._borrows(c) for c in weak):
            return np.empty((0, self.n_features_in_))
        residuals = pooled_residuals(self.reference_, self.predictions_)
        if residuals.any():
            return residuals
        return pooled_residuals(self.reference_, np.zeros(len(self.reference_), dtype=np.int64))

    def _score(
        self, points: NDArray[Any], classes: NDArray[np.int64], own: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        scores = np.full(len(points), np.inf)
        scratch = Scratch(np.float64)
        place = np.empty(len(self.reference_), dtype=np.int64)
        pieces = []
        for label in np.intersect1d(self.classes_, classes).tolist():
            members = self._members(label)
            place[members] = np.arange(len(members))
            rows = np.flatnonzero(classes == label)
            row_bytes = 8 * max(len(members), points.shape[1])
            pieces += [
                (self.densities_[label], rows[part]) for part in blocks(len(rows), row_bytes, STRIP_BYTES)
            ]

        def strip(piece: tuple[Kernels, NDArray[np.int64]]) -> None:
            density, rows = piece
            z = density.place(np.asarray(points[rows]))
            terms = scratch.product(np.column_stack([z, np.ones(len(z))]), density.kernels)
            without = np.flatnonzero(own[rows] >= 0)
            terms[without, place[own[rows[without]]]] = -np.inf
            count = len(density.kernels) - (own[rows] >= 0)
            largest = terms.max(axis=1)
            alone = count == 0
            terms -= np.where(alone, 0.0, largest)[:, None]
            np.exp(terms, out=terms)
            with np.errstate(divide="ignore"):
                logs = np.log(terms.sum(axis=1) / np.maximum(count, 1))
            nearest = np.where(alone, 0.0, largest) - 0.5 * np.einsum("ij,ij->i", z, z)
            scores[rows] = density.log_normaliser - nearest - logs

        with workers() as run:
            run(strip, pieces)
        return scores
