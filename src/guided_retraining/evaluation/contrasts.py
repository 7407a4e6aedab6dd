"""Do metrics differ from random over all budgets? Many against one, with what this study could have shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from guided_retraining.evaluation.curves import curves_of
from guided_retraining.evaluation.dunnett import POWER, corrected_p, many_to_one
from guided_retraining.evaluation.findings import Contrast, Contrasts, Verdict
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.steps import FEWEST_REPLICATES
from guided_retraining.evaluation.wording import (
    configuration_label,
    metric_name,
    percent,
    points,
    signed_points,
)

__all__ = ["compare_with_baseline", "log_budget_areas", "verdict_of"]

ALIKE = 1.1  # times the smallest detectable difference: larger ones are named
Floats = NDArray[np.float64]


def compare_with_baseline(
    results: pd.DataFrame,
    *,
    outcome: str = "robust",
    on: Literal["validation", "test"] = "test",
    margin: float = 0.02,
    alpha: float = 0.05,
    baseline: str = "random",
    words: Mapping[str, str] | None = None,
) -> Contrasts:
    """Compare each metric with random in mean accuracy over log-budget, in every configuration.

    An ordering that took part in the first replicates only, since its question was settled, is left out.

    Args:
        results: the results table of one data set.
        outcome: the kind of accuracy.
        on: which data.
        margin: within which a difference counts as none, above 0.
        alpha: error rate over all metrics and configurations.
        baseline: the ordering that the metrics are compared with.
        words: what each configuration does, by key.

    Returns:
        The contrasts, safe for JSON; no rows if the baseline is missing or nothing lies between no retraining and the
        whole pool.

    Raises:
        InputError: if the results lack the column, are empty or mix data sets.
    """
    areas = {}
    for configuration in sorted(results["configuration"].unique()):
        kind = OUTCOMES[outcome]
        column = kind.column if on == "test" else kind.validation_column
        curves = curves_of(results, configuration, column).in_all_replicates()
        if baseline in curves.orderings and len(curves.orderings) > 1:
            values = log_budget_areas(curves.values, curves.budgets)
            if values.size and np.isfinite(values).all():
                areas[str(configuration)] = (curves.orderings, values)
    found = Contrasts(
        outcome=outcome,
        baseline=baseline,
        margin=margin,
        n_replicates=0,
        rows=[],
        detectable={},
        sentences=[],
    )
    for configuration, (orderings, values) in areas.items():
        found["n_replicates"] = len(values)
        rows = _rows(configuration, orderings, values, baseline, margin, alpha, len(areas))
        found["rows"] += rows
        shown = [row["detectable"] for row in rows if row["detectable"] is not None]
        found["detectable"][configuration] = min(shown, default=None)
        found["sentences"].append(_sentence(configuration, rows, found, words or {}))
    return found


def log_budget_areas(values: ArrayLike, budgets: Sequence[int]) -> Floats:
    """Area under each accuracy curve over the logarithm of the budget, divided by its width.

    Args:
        values: ``(n_replicates, n_orderings, n_budgets)``; budgets with a NaN anywhere are left out for all.
        budgets: ``(n_budgets,)`` numbers of inputs, above 0 and below the pool.

    Returns:
        ``(n_replicates, n_orderings)`` mean accuracies; empty where no budget is left.

    >>> log_budget_areas([[[0.5, 0.7, 0.9]]], [100, 200, 400]).round(3).tolist()
    [[0.7]]
    """
    table, steps = np.asarray(values, dtype=float), np.log(np.asarray(budgets, dtype=float))
    complete = np.isfinite(table).all(axis=(0, 1))
    table, steps = table[..., complete], steps[complete]
    if len(steps) < 2:
        return table[..., 0] if len(steps) else table[..., :0].reshape(table.shape[0], 0)
    return np.asarray(np.trapezoid(table, steps, axis=-1) / (steps[-1] - steps[0]), dtype=float)


def verdict_of(low: float | None, high: float | None, margin: float) -> Verdict:
    """What a simultaneous interval of a difference shows.

    Args:
        low: of the interval; None where there is none.
        high: of the interval.
        margin: within which a difference counts as none.

    Returns:
        ``better`` or ``worse`` where 0 lies outside, else ``equal`` where all of it lies within the margin.

    >>> verdict_of(0.01, 0.03, 0.02), verdict_of(-0.01, 0.015, 0.02), verdict_of(-0.01, 0.03, 0.02)
    ('better', 'equal', 'unresolved')
    """
    if low is None or high is None:
        return "unresolved"
    if low > 0 or high < 0:
        return "better" if low > 0 else "worse"
    return "equal" if -margin < low and high < margin else "unresolved"


def _rows(
    configuration: str,
    orderings: Sequence[str],
    values: Floats,
    baseline: str,
    margin: float,
    alpha: float,
    n_configurations: int,
) -> list[Contrast]:
    """The contrasts of one configuration; alpha is shared by all configurations (Bonferroni)."""
    from scipy import stats

    control = orderings.index(baseline)
    metrics = [metric for metric in orderings if metric != baseline]
    differences = np.delete(values, control, axis=1) - values[:, control, None]
    means = differences.mean(axis=0)
    undefined = np.full(len(metrics), np.nan)
    half = shown = corrected = paired = undefined
    if len(values) >= FEWEST_REPLICATES:
        found = many_to_one(values, control, alpha / n_configurations)
        half, shown = found.half_widths, found.detectable
        corrected = np.minimum(n_configurations * corrected_p(values, control), 1.0)
        with np.errstate(all="ignore"):  # equal differences leave the paired test undefined
            paired = np.asarray(stats.ttest_1samp(differences, 0.0, axis=0).pvalue)
    return [
        Contrast(
            configuration=configuration,
            metric=metric,
            difference=float(means[i]),
            low=_known(means[i] - half[i]),
            high=_known(means[i] + half[i]),
            p_value=_known(corrected[i]),
            p_paired=_known(paired[i]),
            possible=_known(abs(means[i]) + half[i]),
            detectable=_known(shown[i]),
            verdict=verdict_of(_known(means[i] - half[i]), _known(means[i] + half[i]), margin),
        )
        for i, metric in enumerate(metrics)
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _sentence(
    configuration: str, rows: Sequence[Contrast], found: Contrasts, words: Mapping[str, str]
) -> str:
    """What was shown in one configuration, and what could have been."""
    where, baseline = configuration_label(configuration, words), metric_name(found["baseline"])
    smallest = found["detectable"][configuration]
    if smallest is None:
        few = "1 replicate" if found["n_replicates"] == 1 else f"{found['n_replicates']} replicates"
        return f"{where}: {few} cannot show whether a metric differs from {baseline}; it takes {FEWEST_REPLICATES}."
    heads = {
        "better": f"better than {baseline}",
        "worse": f"worse than {baseline}",
        "equal": f"equal to {baseline} within {points(found['margin'])}",
        "unresolved": "not resolved, differences up to so many points are possible",
    }
    named = {verdict: [_named(row) for row in rows if row["verdict"] == verdict] for verdict in heads}
    shown = "; ".join(f"{heads[verdict]}: {', '.join(these)}" for verdict, these in named.items() if these)
    wider = [row for row in rows if (row["detectable"] or 0) > ALIKE * smallest]
    but = ", ".join(f"{metric_name(row['metric'])}: {points(row['detectable'])}" for row in wider)
    larger = f" ({but})" if but else ""
    return (
        f"{where}: {shown}. With the precision reached, a true difference of {points(smallest)}{larger} would have "
        f"been shown with a probability of {percent(POWER, 0)}."
    )


def _named(row: Contrast) -> str:
    name = metric_name(row["metric"])
    if row["verdict"] == "equal":
        return name
    if row["verdict"] == "unresolved":
        return f"{name} {points(row['possible']).removesuffix(' points')}"
    low, high = signed_points(row["low"], unit=False), signed_points(row["high"], unit=False)
    return f"{name} ({signed_points(row['difference'])}, {low} to {high})"
