"""The report's other tables: numbers as data frames, and the same as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from guided_retraining.evaluation.findings import Contrasts, Step
from guided_retraining.evaluation.wording import (
    configuration_label,
    metric_name,
    number,
    p_text,
    percent,
    points,
    signed_points,
)
from guided_retraining.report.contrasts import VERDICTS
from guided_retraining.report.palette import metric_order

__all__ = [
    "contrasts_numbers",
    "contrasts_table",
    "results_numbers",
    "results_table",
    "steps_numbers",
    "steps_table",
]

WITHIN = "\N{NO-BREAK SPACE}\N{CHECK MARK}"
CELL = ["configuration", "metric", "n_inputs"]
SUMMARY = [*CELL, "pool_size", "column", "mean", "low", "high", "n_replicates"]


def steps_table(steps: Mapping[str, Sequence[Step]], words: Mapping[str, str]) -> pd.DataFrame:
    """What each smaller budget may lose against the whole pool, as people read it.

    Args:
        steps: of each configuration, on test data.
        words: what each configuration means, by key.

    Returns:
        Text cells: a row for each configuration and budget, a column for each ordering with the largest loss in any
        outcome that the bounds leave possible, or without bounds the mean loss; a check mark where it is within the
        margin, and so were all larger budgets.
    """
    rows: dict[tuple[str, int], dict[str, str]] = {}
    orderings = metric_order(step["metric"] for found in steps.values() for step in found)
    for key in sorted(steps):
        for step in steps[key]:
            row = rows.setdefault((key, step["n_inputs"]), {"share of all": percent(step["share_of_pool"])})
            row[metric_name(step["metric"])] = _loss_text(step)
    table = pd.DataFrame(
        [
            {"configuration": configuration_label(key, words), "inputs": number(n), **row}
            for (key, n), row in rows.items()
        ]
    )
    heads = ["configuration", "inputs", "share of all", *map(metric_name, orderings)]
    return table.reindex(columns=heads).fillna("n/a")


def steps_numbers(steps: Mapping[str, Sequence[Step]]) -> pd.DataFrame:
    """The same as numbers: a row for each configuration, ordering, budget and outcome.

    Args:
        steps: of each configuration, on test data.

    Returns:
        ``configuration, metric, n_inputs, share_of_pool, outcome, difference, low, level, spread, passes, reached``.
    """
    return pd.DataFrame(
        [
            {
                "configuration": key,
                **{name: step[name] for name in ("metric", "n_inputs", "share_of_pool")},  # type: ignore[literal-required]
                "outcome": outcome,
                "difference": found["mean"],
                "low": found["low"],
                "level": step["level"],
                "spread": found["spread"],
                "passes": step["passes"],
                "reached": step["reached"],
            }
            for key, rows in steps.items()
            for step in rows
            for outcome, found in step["differences"].items()
        ]
    )


def contrasts_table(contrasts: Contrasts, words: Mapping[str, str]) -> pd.DataFrame:
    """Each metric against random over all budgets, as people read it.

    Args:
        contrasts: of all metrics and configurations.
        words: what each configuration means, by key.

    Returns:
        Text cells; without intervals the differences alone.
    """
    order = metric_order(row["metric"] for row in contrasts["rows"])
    rows = sorted(contrasts["rows"], key=lambda row: (row["configuration"], order.index(row["metric"])))
    table = pd.DataFrame(
        {
            "configuration": [configuration_label(row["configuration"], words) for row in rows],
            "metric": [metric_name(row["metric"]) for row in rows],
            f"against {metric_name(contrasts['baseline'])}": [
                signed_points(row["difference"]) for row in rows
            ],
            "simultaneous interval": [_interval(row["low"], row["high"]) for row in rows],
            "verdict": [VERDICTS[row["verdict"]] for row in rows],
            "difference possible": [points(row["possible"]) for row in rows],
            "corrected": [p_text(row["p_value"]) for row in rows],
            "paired t test": [p_text(row["p_paired"]) for row in rows],
        }
    )
    bounded = any(row["low"] is not None for row in rows)
    return table if bounded else table.iloc[:, :3]


def contrasts_numbers(contrasts: Contrasts) -> pd.DataFrame:
    """The same as numbers, with the smallest difference that each configuration could have shown.

    Args:
        contrasts: of all metrics and configurations.

    Returns:
        The records of the contrasts, and ``detectable``.
    """
    return pd.DataFrame(
        [row | {"detectable": contrasts["detectable"].get(row["configuration"])} for row in contrasts["rows"]]
    )


def results_numbers(
    results: pd.DataFrame, columns: Sequence[str], *, confidence: float = 0.95
) -> pd.DataFrame:
    """Mean and interval over replicates of each cell and column.

    Args:
        results: the results table of one data set.
        columns: accuracies in [0, 1]; NaN is left out.
        confidence: of the t intervals, in (0, 1).

    Returns:
        ``configuration, metric, n_inputs, pool_size, column, mean, low, high, n_replicates``.
    """
    tables = []
    for column in columns:
        cells = results.groupby(CELL, sort=True)[column]
        found = cells.agg(["mean", "std", "count"]).reset_index()
        found["pool_size"] = results.groupby(CELL, sort=True)["pool_size"].first().to_numpy()
        tables.append(found[found["count"] > 0].assign(column=column))
    if not tables:
        return pd.DataFrame(columns=SUMMARY)
    together = pd.concat(tables, ignore_index=True).rename(columns={"count": "n_replicates"})
    n = together["n_replicates"]
    half = stats.t.isf((1 - confidence) / 2, n - 1) * together["std"] / np.sqrt(n)
    together["low"], together["high"] = ((together["mean"] + sign * half).clip(0, 1) for sign in (-1, 1))
    return together[SUMMARY]


def results_table(
    results: pd.DataFrame,
    *,
    column: str = "accuracy_robust",
    confidence: float = 0.95,
    words: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Mean and half-width over replicates: a row per configuration and budget, a column per metric.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]) shown.
        confidence: of the intervals, in (0, 1).
        words: what each configuration means, by key.

    Returns:
        Text cells such as ``91.2 ± 0.8`` in percent; without half-width where there is one replicate.
    """
    found = results_numbers(results, [column], confidence=confidence)
    half = (found["high"] - found["low"]) / 2
    text = [f"{100 * mean:.1f}{_half_width(h)}" for mean, h in zip(found["mean"], half, strict=True)]
    wide = found.assign(text=text).pivot(
        index=["configuration", "n_inputs", "pool_size"], columns="metric", values="text"
    )
    wide = wide[metric_order(wide.columns)].fillna("").rename(columns=metric_name).rename_axis(columns=None)
    wide = wide.reset_index()
    share = [percent(n / pool) for n, pool in zip(wide["n_inputs"], wide.pop("pool_size"), strict=True)]
    wide.insert(2, "share of all", share)
    wide["configuration"] = [configuration_label(key, words or {}) for key in wide["configuration"]]
    return wide.assign(n_inputs=wide["n_inputs"].map(number)).rename(columns={"n_inputs": "inputs"})


def _loss_text(step: Step) -> str:
    if step["loses_at_most"] is not None:
        return f"{100 * step['loses_at_most']:.1f}" + (WITHIN if step["passes"] and step["reached"] else "")
    means = [found["mean"] for found in step["differences"].values() if found["mean"] is not None]
    return signed_points(min(means), unit=False) if means else "n/a"


def _interval(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "n/a"
    return f"{signed_points(low, unit=False)} to {signed_points(high, unit=False)}"


def _half_width(half: float) -> str:
    if not np.isfinite(half):
        return ""
    return f" ± {100 * half:.1f}" if half < 0.5 else " ± > 50"  # two replicates that differ: nothing is known
