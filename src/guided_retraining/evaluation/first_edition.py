"""The recommendation: chosen on validation data, reported on test data, with its interval, gains and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
import pandas as pd
import scipy

from guided_retraining.evaluation.selection import Selection, chosen_rows, select_cell, selection_stability
from guided_retraining.evaluation.statistics import compare_paired, mean_interval
from guided_retraining.evaluation.verdict import Verdict, metrics_verdict

__all__ = ["Numbers", "Recommendation", "recommend"]

Numbers = dict[str, float | int | None]
ACCURACIES = ("combined", "clean", "replayed", "reattacked", "unseen")


class Recommendation(TypedDict):
    """Everything the answer says; plain numbers, texts and None, so that JSON keeps it as it is.

    Accuracies are in [0, 1]; each interval holds mean, low, high, half_width, sd and n (seeds). ``metric``
    is None for the whole pool and for the original model; ``configuration`` is None when nothing should be
    retrained.
    """

    dataset: str
    configuration: str | None
    metric: str | None
    n_inputs: int
    pool_size: int
    share_of_pool: float
    n_seeds: int
    confidence: float
    baseline: str
    selection: Selection
    stability: dict[str, Any]
    accuracy: dict[str, Numbers]
    original: dict[str, float | None]
    gain_over_original: dict[str, Numbers]
    gain_over_random: Numbers
    gain_over_whole_pool: Numbers
    whole_pool_accuracy: Numbers
    test_half_width: float | None
    cost: dict[str, float | None]
    verdict: Verdict


def recommend(
    results: pd.DataFrame,
    *,
    costs: pd.DataFrame | None = None,
    original: Mapping[str, float] | None = None,
    baseline: str = "random",
    selection_column: str = "validation_accuracy_combined",
    confidence: float = 0.95,
    n_test_inputs: int | None = None,
    n_validation_inputs: int | None = None,
) -> Recommendation:
    """Recommend configuration, metric and budget, and say how good, how sure and how costly that is.

    Args:
        results: the results table of one data set (columns in ``docs/statistics.md``).
        costs: ``stage, item, seconds, count``; scoring seconds are read from stage ``metrics``.
        original: accuracies of the original model by column name, for results without n = 0 rows.
        baseline: the metric that the recommended one is compared with at its own budget.
        selection_column: the validation accuracy that the choice is made on.
        confidence: of all intervals, in (0, 1).
        n_test_inputs: clean and adversarial test inputs together, for the share of doubt that is due to them.
        n_validation_inputs: inputs behind ``selection_column``, for the rule's tolerance when there is one
        seed.

    Returns:
        The recommendation, safe for JSON.

    Raises:
        InputError: if the results lack a column or any validation accuracy, or mix data sets.
    """
    chosen = select_cell(results, selection_column, n_validation=n_validation_inputs)
    rows = chosen_rows(results, chosen).set_index("seed")
    same_configuration = results[results["configuration"] == chosen["configuration"]]
    same_budget = same_configuration[same_configuration["n_inputs"] == chosen["n_inputs"]]
    whole = same_configuration[same_configuration["n_inputs"] == same_configuration["pool_size"]]
    whole = whole.drop_duplicates("seed").set_index("seed")
    random = same_budget[same_budget["metric"] == baseline].set_index("seed")
    before = _original(results, original or {})
    names = [name for name in ACCURACIES if f"accuracy_{name}" in rows]
    accuracy = {name: _interval(rows[f"accuracy_{name}"], confidence) for name in names}
    combined = rows["accuracy_combined"]
    ranked = chosen["metric"] is not None
    return Recommendation(
        dataset=str(results["dataset"].iloc[0]),
        configuration=chosen["configuration"],
        metric=chosen["metric"],
        n_inputs=chosen["n_inputs"],
        pool_size=chosen["pool_size"],
        share_of_pool=chosen["n_inputs"] / chosen["pool_size"],
        n_seeds=len(rows),
        confidence=confidence,
        baseline=baseline,
        selection=chosen,
        stability=_stability(results, chosen, confidence),
        accuracy=accuracy,
        original=before,
        gain_over_original={
            name: mean_interval(rows[f"accuracy_{name}"] - value, confidence=confidence).as_dict()
            for name, value in before.items()
            if value is not None and name in names
        },
        gain_over_random=_paired(combined, random, confidence)
        if ranked and chosen["metric"] != baseline
        else {},
        gain_over_whole_pool=_paired(combined, whole, confidence) if ranked else {},
        whole_pool_accuracy=_interval(whole["accuracy_combined"], confidence) if len(whole) else {},
        test_half_width=_test_half_width(accuracy["combined"]["mean"], n_test_inputs, confidence),
        cost=_cost(rows, whole, costs, chosen["metric"]),
        verdict=metrics_verdict(results, baseline=baseline),
    )


def _interval(values: pd.Series, confidence: float) -> Numbers:
    return mean_interval(values, confidence=confidence, bounds=(0.0, 1.0)).as_dict()


def _paired(ours: pd.Series, others: pd.DataFrame, confidence: float) -> Numbers:
    if others.empty:
        return {}
    found = compare_paired(ours, others["accuracy_combined"].reindex(ours.index), confidence=confidence)
    extra = {"p_value": found.p_value, "p_sign_flip": found.p_sign_flip, "effect_size": found.effect_size}
    return found.difference.as_dict() | {key: _known(value) for key, value in extra.items()}


def _original(results: pd.DataFrame, given: Mapping[str, float]) -> dict[str, float | None]:
    """Accuracies of the original model: the n = 0 rows if there are any, else what was handed in."""
    rows = results[results["n_inputs"] == 0]
    found: dict[str, float | None] = {}
    for name in ACCURACIES:
        column = f"accuracy_{name}"
        measured = rows[column].dropna() if column in rows else rows["n_inputs"].iloc[:0]
        found[name] = float(measured.mean()) if len(measured) else _known(given.get(column))
    return found


def _stability(results: pd.DataFrame, chosen: Selection, confidence: float) -> dict[str, Any]:
    left_out = selection_stability(results, chosen["column"])
    same = {
        key: int(sum(value == chosen[key] for value in left_out[key].where(left_out[key].notna(), None)))
        for key in ("configuration", "metric", "n_inputs")
    }
    return {
        "repeats": len(left_out),
        "same_configuration": same["configuration"],
        "same_metric": same["metric"],
        "same_n_inputs": same["n_inputs"],
        "accuracy": _interval(left_out["accuracy"], confidence),
    }


def _test_half_width(accuracy: float | int | None, n: int | None, confidence: float) -> float | None:
    """Half-width of Wilson's interval: how far the test set alone leaves an accuracy open."""
    if accuracy is None or not n:
        return None
    bounds = scipy.stats.binomtest(round(accuracy * n), n).proportion_ci(confidence, method="wilson")
    return float(bounds.high - bounds.low) / 2


def _cost(
    rows: pd.DataFrame, whole: pd.DataFrame, costs: pd.DataFrame | None, metric: str | None
) -> dict[str, float | None]:
    def mean(frame: pd.DataFrame, column: str) -> float | None:
        return _known(frame[column].mean()) if column in frame and len(frame) else None

    scoring = None
    if metric is not None and costs is not None and len(costs):
        charged = costs[(costs["stage"] == "metrics") & (costs["item"] == metric)]["seconds"]
        scoring = _known(charged.sum()) if len(charged) else None
    return {
        "fit_seconds": mean(rows, "fit_seconds"),
        "fit_cpu_seconds": mean(rows, "fit_cpu_seconds"),
        "samples_seen": mean(rows, "samples_seen"),
        "energy_wh": mean(rows, "energy_wh"),
        "peak_memory_mb": mean(rows, "peak_memory_mb"),
        "scoring_seconds": scoring,
        "whole_pool_fit_seconds": mean(whole, "fit_seconds"),
        "whole_pool_samples_seen": mean(whole, "samples_seen"),
        "whole_pool_energy_wh": mean(whole, "energy_wh"),
    }


def _known(value: Any) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None
