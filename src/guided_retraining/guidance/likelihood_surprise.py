"""Likelihood-based surprise adequacy: how improbable an input's activations are for its predicted class."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import GuidedRetrainingWarning, InputError, ParameterError
from guided_retraining.guidance.checks import check_number
from guided_retraining.guidance.covariance import covariance, pooled_residuals, shrunk, whitening
from guided_retraining.guidance.parallel import Scratch, workers
from guided_retraining.guidance.surprise import Surprise
from guided_retraining.images import blocks

STRIP_BYTES = 2**22  # exponents of a strip of inputs for all kernels of one class


@dataclass(frozen=True)
class Kernels:
    """One class's density, in coordinates where each kernel is a standard normal.

    Args:
        columns: ``(d_c,)`` int64, the activation columns that are used.
        centre: ``(d_c,)`` float64, the class mean.
        factor: ``(d_c, d_c)`` float64, whitens centred columns and divides by the bandwidth.
        kernels: ``(n_c, d_c + 1)`` float64, the members in these coordinates, and -|z|^2 / 2 behind them.
        log_normaliser: ln of sqrt(det(2 pi bandwidth^2 covariance)), without the number of kernels.
    """

    columns: NDArray[np.int64]
    centre: NDArray[np.float64]
    factor: NDArray[np.float64]
    kernels: NDArray[np.float64]
    log_normaliser: float

    def place(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """The ``(n, d_c)`` coordinates of points given as ``(n, d)``."""
        return (points[:, self.columns] - self.centre) @ self.factor


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

    def __init__(
        self, *, min_variance: float = 1e-5, drop_columns: str = "per_class", exclude_self: bool = False
    ) -> None:
        self.min_variance = min_variance
        self.drop_columns = drop_columns
        self.exclude_self = exclude_self

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_number(self.min_variance, "min_variance", 0)
        if self.drop_columns not in ("per_class", "any_class"):
            raise ParameterError(
                f"drop_columns is {self.drop_columns!r}; expected 'per_class' or 'any_class'"
            )

    def _fit(self) -> None:
        variances = {}
        for label in self.classes_.tolist():
            members = np.asarray(self.reference_[self._members(label)], dtype=np.float64)
            # constant columns are dropped also with min_variance 0; single members say nothing of a column
            spread = np.ptp(members, axis=0) > 0
            variances[label] = np.where(spread, members.var(axis=0), -1.0) if len(members) > 1 else None
        self.columns_ = {c: self._choose(v, variances) for c, v in variances.items()}
        self._residuals: NDArray[np.float64] | None = None
        self.weak_classes_: list[int] = []
        self.densities_ = {c: self._density(c) for c in self.classes_.tolist()}
        del self._residuals
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

    def _density(self, label: int) -> Kernels:
        rows, columns = self._members(label), self.columns_[label]
        members = np.asarray(self.reference_[rows], dtype=np.float64)[:, columns]
        found, sample = None, members
        if len(columns) and len(rows) > 1:
            matrix = covariance(members)
            found = whitening(matrix) if len(rows) > len(columns) else None
        if found is None:
            self.weak_classes_.append(label)
            if not len(columns) or len(rows) < 2:
                sample, columns = self._within_classes()
                self.columns_[label] = columns
                matrix = sample.T @ sample / len(sample)
                members = np.asarray(self.reference_[rows], dtype=np.float64)[:, columns]
            found = whitening(shrunk(sample, matrix))
        if found is None:
            raise InputError(
                f"LSA: the covariance of class {label} is not finite: check the activations' range"
            )
        factor, log_determinant = found
        d = len(columns)
        bandwidth = len(rows) ** (-1 / (d + 4))
        centre = members.mean(axis=0)
        placed = (members - centre) @ (factor / bandwidth)
        kernels = np.column_stack([placed, -0.5 * np.einsum("ij,ij->i", placed, placed)])
        log_normaliser = 0.5 * (d * np.log(2 * np.pi) + log_determinant) + d * np.log(bandwidth)
        return Kernels(columns, centre, factor / bandwidth, kernels, float(log_normaliser))

    def _within_classes(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        if self._residuals is None:
            self._residuals = pooled_residuals(self.reference_, self.predictions_)
        residuals = self._residuals
        if not residuals.any():  # each class a single point: all that is left is the spread between classes
            residuals = np.asarray(self.reference_, dtype=np.float64) - self.reference_.mean(
                axis=0, dtype=np.float64
            )
        variances = residuals.var(axis=0)
        columns = np.flatnonzero((variances >= self.min_variance) & (variances > 0))
        if not len(columns):
            raise InputError(
                f"LSA: no activation column has a variance of {self.min_variance:g} or more "
                "within the predicted classes: are the activations those of a trained layer?"
            )
        return residuals[:, columns], columns

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
