"""Finished studies side by side: what each strategy and each metric gave in each data set, and at what price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.errors import InputError
from guided_retraining.evaluation.contrasts import log_budget_areas
from guided_retraining.evaluation.cost import scoring_seconds
from guided_retraining.evaluation.curves import check_results, curves_of, measured
from guided_retraining.evaluation.findings import Interval, Recommendation
from guided_retraining.evaluation.intervals import replicate_interval
from guided_retraining.evaluation.models import Cell, StudyTables
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.ranks import Ranks, mean_ranks

__all__ = ["FinishedStudy", "MetricRow", "Overview", "StrategyRow", "StudyFacts", "compare_studies"]


@dataclass(frozen=True, kw_only=True)
class FinishedStudy:
    """What one study left, by the names of the catalog.

    Attributes:
        results: of all cells.
        correctness: right or wrong of each test image.
        costs: the ledger.
        test_labels: ``(n_test,)`` of the clean test images.
        dataset_summary: from preprocessing.
        answer: recommendation and lines.
    """

    results: pd.DataFrame
    correctness: pd.DataFrame
    costs: pd.DataFrame
    test_labels: NDArray[np.integer]
    dataset_summary: dict[str, Any]
    answer: dict[str, Any]

    @property
    def recommendation(self) -> Recommendation:
        """What the study answers."""
        found: Recommendation = self.answer["recommendation"]
        return found

    def is_answered(self) -> bool:
        """Whether the answer is one to these results: of the same configurations, and of no replicates but theirs."""
        choice = self.recommendation["choice"]
        known = set(choice["strategies"]) == set(self.results["configuration"])
        return known and choice["n_replicates"] <= self.results["seed"].nunique()


class StudyFacts(TypedDict):
    """One data set of the overview: how many images there were, and the first line of its answer."""

    dataset: str
    images: dict[str, int]
    n_classes: int
    n_replicates: int
    answer: str


class StrategyRow(TypedDict):
    """One configuration in one data set at its largest budget: the whole pool, or the full price.

    ``accuracy`` on test data by kind; ``gradient_passes`` in all, with those of the pool's attacks and of scoring;
    ``seconds`` to train. Means over replicates, None where it was not measured.
    """

    dataset: str
    configuration: str
    accuracy: dict[str, Interval]
    gradient_passes: float | None
    seconds: float | None


class MetricRow(TypedDict):
    """One metric in one data set.

    ``accuracy`` is that of the overview's outcome, mean over log-budget and over ``configurations``; ``seconds`` are to
    score the pool, the forward pass included.
    """

    dataset: str
    metric: str
    configurations: list[str]
    accuracy: Interval
    seconds: float | None


class Overview(TypedDict):
    """All finished studies side by side.

    Attributes:
        outcome: the kind of accuracy that is tested: robust, or combined where not every study has robust accuracy.
        studies: the data sets.
        words: what each configuration means, by key and data set.
        attacks: those behind the outcome, by data set.
        strategies: a row for each data set and configuration.
        metrics: a row for each data set and metric.
        strategy_ranks: by kind of accuracy, as far as every study has it.
        metric_ranks: in the outcome; None where no data set compares metrics.
    """

    outcome: str
    studies: list[StudyFacts]
    words: dict[str, dict[str, str]]
    attacks: dict[str, list[str]]
    strategies: list[StrategyRow]
    metrics: list[MetricRow]
    strategy_ranks: dict[str, Ranks]
    metric_ranks: Ranks | None


def compare_studies(studies: Mapping[str, FinishedStudy], *, alpha: float = 0.05) -> Overview:
    """Put finished studies side by side and rank within each.

    Args:
        studies: by data set.
        alpha: error rate of each of the two tests, in (0, 1).

    Returns:
        The overview, safe for JSON.

    Raises:
        InputError: there is no study, its results are of another data set, or no kind of accuracy is in all of them.
    """
    if not studies:
        raise InputError("Overview: there is no finished study; at least one is needed.")
    for name, study in studies.items():
        check_results(study.results)
        found = str(study.results["dataset"].iloc[0])
        if found != name:
            raise InputError(f"Overview: the results given as those of '{name}' are of '{found}'.")
    kinds = [
        key for key, row in OUTCOMES.items() if all(measured(s.results, row.column) for s in studies.values())
    ]
    outcome = next((key for key in ("robust", "combined") if key in kinds), None)
    if outcome is None:
        raise InputError(
            f"Overview: neither robust nor combined accuracy was measured in all of {list(studies)}; run the pipelines "
            "of those data sets to their end."
        )
    strategies = [row for name, study in studies.items() for row in _strategies(name, study)]
    metrics = [row for name, study in studies.items() for row in _metrics(name, study, outcome)]
    words: dict[str, dict[str, str]] = {}
    for name, study in studies.items():
        for key, said in study.recommendation["words"].items():
            words.setdefault(key, {})[name] = said
    return Overview(
        outcome=outcome,
        studies=[_facts(name, study) for name, study in studies.items()],
        words=words,
        attacks={name: study.recommendation["attacks"].get(outcome, []) for name, study in studies.items()},
        strategies=strategies,
        metrics=metrics,
        strategy_ranks={key: _strategy_ranks(strategies, studies, key, alpha) for key in kinds},
        metric_ranks=_metric_ranks(metrics, alpha),
    )


def _facts(name: str, study: FinishedStudy) -> StudyFacts:
    return StudyFacts(
        dataset=name,
        images={split: int(n) for split, n in study.dataset_summary["images"].items()},
        n_classes=len(study.dataset_summary["class_names"]),
        n_replicates=int(study.results["seed"].nunique()),
        answer=str(study.answer["lines"][0]),
    )


def _strategies(name: str, study: FinishedStudy) -> list[StrategyRow]:
    tables = StudyTables(
        results=study.results,
        costs=study.costs,
        correctness=study.correctness,
        labels=np.asarray(study.test_labels),
        confidence=study.recommendation["confidence"],
        baseline=study.recommendation["choice"]["baseline"],
    )
    rows = []
    for key, pool_size in study.results.groupby("configuration", sort=True)["pool_size"].first().items():
        whole = Cell(str(key), None, int(pool_size))
        found, cost = tables.rows(whole), tables.cost(whole)
        measured_here = [kind for kind, row in OUTCOMES.items() if row.column in found and len(found)]
        rows.append(
            StrategyRow(
                dataset=name,
                configuration=str(key),
                accuracy={kind: tables.accuracy(kind, whole) for kind in measured_here},
                gradient_passes=cost["price_gradient_passes"],
                seconds=cost["fit_seconds"],
            )
        )
    return rows


def _metrics(name: str, study: FinishedStudy, outcome: str) -> list[MetricRow]:
    """Means over the configurations that compare as many metrics as any does, so that all are of the same models."""
    areas: dict[str, pd.DataFrame] = {}
    for key in sorted(map(str, study.results["configuration"].unique())):
        curves = curves_of(study.results, key, OUTCOMES[outcome].column)
        values = log_budget_areas(curves.values, curves.budgets)
        if values.size and len(curves.orderings) > 1:
            areas[key] = pd.DataFrame(values, index=curves.replicates, columns=curves.orderings)
    most = max((table.shape[1] for table in areas.values()), default=0)
    areas = {key: table for key, table in areas.items() if table.shape[1] == most}
    if not areas:
        return []
    mean = pd.concat(areas.values()).groupby(level=0).mean()
    mean = mean[pd.concat(areas.values()).groupby(level=0).size() == len(areas)]
    n_replicates = study.results["seed"].nunique()
    baseline = study.recommendation["choice"]["baseline"]
    return [
        MetricRow(
            dataset=name,
            metric=str(metric),
            configurations=list(areas),
            accuracy=replicate_interval(values, confidence=study.recommendation["confidence"]),
            seconds=scoring_seconds(study.costs, None if metric == baseline else str(metric), n_replicates),
        )
        for metric, values in mean.items()
    ]


def _strategy_ranks(
    rows: list[StrategyRow], studies: Mapping[str, FinishedStudy], kind: str, alpha: float
) -> Ranks:
    values = {
        name: {
            row["configuration"]: _value(row["accuracy"].get(kind)) for row in rows if row["dataset"] == name
        }
        for name in studies
    }
    return mean_ranks(pd.DataFrame.from_dict(values, orient="index", dtype=float), alpha=alpha)


def _metric_ranks(rows: list[MetricRow], alpha: float) -> Ranks | None:
    values: dict[str, dict[str, float]] = {}
    for row in rows:
        values.setdefault(row["dataset"], {})[row["metric"]] = _value(row["accuracy"])
    return (
        mean_ranks(pd.DataFrame.from_dict(values, orient="index", dtype=float), alpha=alpha)
        if values
        else None
    )


def _value(interval: Interval | None) -> float:
    mean = None if interval is None else interval["mean"]
    return np.nan if mean is None else mean
