"""What the surprise metrics share: a reference of activations, grouped by predicted class."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from guided_retraining.errors import GuidedRetrainingWarning, InputError
from guided_retraining.guidance.checks import check_activations, check_classes, check_parameters


class Surprise(BaseEstimator, ABC):
    """Base of the surprise metrics: ``fit`` on the training set, ``score_samples`` of any inputs."""

    exclude_self: bool = False
    _metric: str  # its key in the registry

    def fit(self, activations: ArrayLike, predictions: ArrayLike) -> Self:
        """Take the reference.

        Args:
            activations: ``(m, d)`` real, finite: those of the clean training set T; kept by reference, not
                copied.
            predictions: ``(m,)`` integers, the classes the model predicts for them (not the true labels).

        Returns:
            self.

        Raises:
            InputError: wrong shapes, NaN, or a reference the metric is not defined on.
            ParameterError: an impossible constructor argument.
        """
        check_parameters(self._metric, **self.get_params())
        self.reference_ = check_activations(activations)
        if not len(self.reference_):
            raise InputError(
                "the reference is empty; expected the training set's activations, (m, d) with m >= 1"
            )
        self.predictions_ = check_classes(predictions, len(self.reference_))
        self.n_features_in_ = self.reference_.shape[1]
        self.classes_ = np.unique(self.predictions_)
        self._fit()
        return self

    def score_samples(
        self, activations: ArrayLike, predictions: ArrayLike, reference_index: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Score inputs: higher = more surprising.

        An input whose predicted class has nothing left in the reference scores infinity, with one warning.

        Args:
            activations: ``(n, d)`` real, finite.
            predictions: ``(n,)`` integers, the classes the model predicts for them.
            reference_index: ``(n,)`` integers, each input's own position in the reference and -1 for an
                input that is not in it; used with ``exclude_self=True``. None looks for an equal row of the
                same predicted class.

        Returns:
            ``(n,)`` float64.

        Raises:
            InputError: wrong shapes or NaN, or a ``reference_index`` outside the reference or of another
                class.
            sklearn.exceptions.NotFittedError: before ``fit``.
        """
        if not hasattr(self, "reference_"):
            raise NotFittedError(
                f"this {type(self).__name__} is not fitted yet: call fit(train_activations, "
                "train_predictions)"
            )
        points = check_activations(activations, n_features=self.n_features_in_)
        classes = check_classes(predictions, len(points))
        own = self._own_positions(points, classes, reference_index)
        scores = self._score(points, classes, own) if len(points) else np.empty(0)
        unknown = np.unique(classes[np.isinf(scores) & ~np.isin(classes, self.classes_)])
        if len(unknown):
            warnings.warn(
                f"the reference holds no input predicted as class {', '.join(map(str, unknown))}: inputs "
                "predicted so score infinity and come first",
                GuidedRetrainingWarning,
                stacklevel=2,
            )
        return scores

    @abstractmethod
    def _fit(self) -> None:
        """Learn from ``reference_`` and ``predictions_``."""

    @abstractmethod
    def _score(
        self, points: NDArray[Any], classes: NDArray[np.int64], own: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Score checked inputs; ``own`` are positions in the reference that do not count for them, or -1."""

    def _members(self, label: int) -> NDArray[np.int64]:
        return np.flatnonzero(self.predictions_ == label)

    def _own_positions(
        self, points: NDArray[Any], classes: NDArray[np.int64], index: ArrayLike | None
    ) -> NDArray[np.int64]:
        """Position of each input in the reference, or -1; all -1 unless ``exclude_self``."""
        if not self.exclude_self:
            return np.full(len(points), -1, dtype=np.int64)
        if index is None:
            return self._equal_rows(points, classes)
        own = check_classes(index, len(points), "reference_index")
        wrong = (own < -1) | (own >= len(self.reference_))
        wrong[~wrong] = (own[~wrong] >= 0) & (self.predictions_[own[~wrong]] != classes[~wrong])
        if wrong.any():
            at = int(np.argmax(wrong))
            raise InputError(
                f"reference_index is {own[at]} for input {at} of class {classes[at]}; expected -1 or a "
                f"position in [0, {len(self.reference_)}) of that class: give the same predictions to fit "
                "and score_samples"
            )
        return own

    def _equal_rows(self, points: NDArray[Any], classes: NDArray[np.int64]) -> NDArray[np.int64]:
        def key(row: NDArray[Any], label: int) -> tuple[int, bytes]:
            return int(label), (row.astype(np.float64) + 0.0).tobytes()  # + 0.0 makes -0 equal 0

        at: dict[int, list[int]] = {}
        for i, (row, label) in enumerate(zip(self.reference_, self.predictions_, strict=True)):
            at.setdefault(hash(key(row, label)), []).append(i)
        own = np.full(len(points), -1, dtype=np.int64)
        for i, (row, label) in enumerate(zip(points, classes, strict=True)):
            for j in at.get(hash(key(row, label)), ()):
                if self.predictions_[j] == label and np.array_equal(self.reference_[j], row):
                    own[i] = j
                    break
        return own
