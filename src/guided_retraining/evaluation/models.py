"""The models that the answer speaks of: their test accuracies with intervals, and what they differ by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.evaluation.correctness import right_of
from guided_retraining.evaluation.cost import cost_of
from guided_retraining.evaluation.curves import cell
from guided_retraining.evaluation.findings import Cost, Interval, ModelNumbers
from guided_retraining.evaluation.intervals import accuracy_interval, difference_interval, replicate_interval
from guided_retraining.evaluation.outcomes import attack_of, columns_in_order
from guided_retraining.evaluation.terms import PLAIN, strategy_of

__all__ = ["Cell", "StudyTables"]


@dataclass(frozen=True)
class Cell:
    """Models that differ by their replicate only.

    Attributes:
        configuration: its key; None for the original model.
        metric: what chose the inputs; None for the original model and the whole pool.
        n_inputs: retrained on.
    """

    configuration: str | None
    metric: str | None
    n_inputs: int


@dataclass(frozen=True, kw_only=True)
class StudyTables:
    """The tables of one study, asked for one cell after another.

    Attributes:
        results: the results table of one data set.
        costs: as in ``cost_of``.
        correctness: as in ``right_of``.
        labels: ``(n_test,)`` true classes of the clean test images; without them ``correctness`` is not read.
        n_images: distinct test images behind an accuracy, by the end of its column, where ``correctness`` has none.
        confidence: of the intervals, in (0, 1).
        baseline: the ordering that needs no ranking.
        hardening: the strategy of each configuration, by key; plain retraining where none is named.
    """

    results: pd.DataFrame
    costs: pd.DataFrame | None = None
    correctness: pd.DataFrame | None = None
    labels: NDArray[np.int64] | None = None
    n_images: Mapping[str, int] = field(default_factory=dict)
    confidence: float = 0.95
    baseline: str = "random"
    hardening: Mapping[str, str] = field(default_factory=dict)
    _rows: dict[Cell, pd.DataFrame] = field(default_factory=dict, init=False, repr=False)
    _right: dict[tuple[str, Cell], pd.DataFrame | None] = field(default_factory=dict, init=False, repr=False)

    def rows(self, one: Cell) -> pd.DataFrame:
        """The results of a cell.

        Args:
            one: the cell.

        Returns:
            A row for each replicate; none where there is no such cell.
        """
        if one not in self._rows:
            self._rows[one] = cell(self.results, one.configuration, one.metric, one.n_inputs)
        return self._rows[one]

    def right(self, kind: str, one: Cell) -> pd.DataFrame | None:
        """Which test images a cell's models get right.

        Args:
            kind: of accuracy: ``clean``, ``robust`` or ``unseen``.
            one: the cell.

        Returns:
            As ``right_of``; None where it is not known.
        """
        if self.correctness is None or self.labels is None:
            return None
        if (kind, one) not in self._right:
            where = (one.configuration, one.metric, one.n_inputs)
            self._right[kind, one] = right_of(self.correctness, kind, *where, len(self.labels))
        return self._right[kind, one]

    def numbers(self, one: Cell) -> ModelNumbers:
        """Accuracies, calibration and price of a cell's models.

        Args:
            one: the cell.

        Returns:
            Means over replicates with their intervals.
        """
        rows = self.rows(one)
        errors = rows["calibration_error"] if "calibration_error" in rows else np.empty(0)
        return ModelNumbers(
            configuration=one.configuration,
            metric=one.metric,
            n_inputs=one.n_inputs,
            accuracy={kind: self.accuracy(kind, one) for kind in self._kinds(rows)},
            calibration_error=replicate_interval(errors, confidence=self.confidence),
            cost=self.cost(one),
        )

    def cost(self, one: Cell) -> Cost:
        """What one more model like a cell's would cost.

        Args:
            one: the cell.

        Returns:
            Means over replicates.
        """
        return cost_of(
            self.results,
            self.costs,
            one.configuration,
            one.metric,
            one.n_inputs,
            baseline=self.baseline,
            scored_apart=strategy_of(self.hardening, one.configuration).key == PLAIN,
        )

    def accuracy(self, kind: str, one: Cell) -> Interval:
        """One accuracy, over replicates and images where the images, or at least their number, are known.

        Args:
            kind: the end of its column, such as ``clean`` or ``robust_fgsm``.
            one: the cell.

        Returns:
            The mean with its interval.
        """
        right = self.right(kind, one)
        if right is not None:
            return accuracy_interval(right, confidence=self.confidence)
        values = self.rows(one)[f"accuracy_{kind}"]
        return replicate_interval(values, n_images=self._n_images(kind, one), confidence=self.confidence)

    def differences(self, one: Cell, other: Cell) -> dict[str, Interval]:
        """The first cell's accuracies minus the second's, paired by replicate and, where known, by image.

        Args:
            one: the first cell.
            other: the second.

        Returns:
            Intervals by the end of the column.
        """
        return {kind: self.difference(kind, one, other) for kind in self._kinds(self.rows(one))}

    def difference(self, kind: str, one: Cell, other: Cell) -> Interval:
        """The same of one kind of accuracy.

        Args:
            kind: the end of its column.
            one: the first cell.
            other: the second.

        Returns:
            Its interval.
        """
        right, against = self.right(kind, one), self.right(kind, other)
        if right is not None and against is not None:
            paired = difference_interval(right, against, confidence=self.confidence)
            if paired is not None:
                return paired
        differences = self.rows(one)[f"accuracy_{kind}"] - self.rows(other)[f"accuracy_{kind}"]
        return replicate_interval(differences, confidence=self.confidence, bounds=(-1.0, 1.0))

    def _kinds(self, rows: pd.DataFrame) -> list[str]:
        return [column.removeprefix("accuracy_") for column in columns_in_order([str(name) for name in rows])]

    def _n_images(self, kind: str, one: Cell) -> int | None:
        """Distinct images: given, those of the kind that an attack belongs to, or all of the test set."""
        if kind in self.n_images:
            return self.n_images[kind]
        of_all = attack_of(f"accuracy_{kind}")[0]
        worst = None if of_all is None else self.right(of_all.key, one)
        if worst is not None:
            return int(worst.notna().sum(axis=1).min())
        return len(self.labels) if kind == "combined" and self.labels is not None else None
