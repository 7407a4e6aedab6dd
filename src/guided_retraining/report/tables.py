"""The report's tables: numbers as data frames, and the same as people read them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from guided_retraining.evaluation.comparison import area_differences, summarise
from guided_retraining.evaluation.wording import (
    metric_name,
    number,
    p_text,
    percent,
    seconds,
    signed_points,
)
from guided_retraining.guidance.quality import apfd, faults_found
from guided_retraining.report.palette import metric_order

__all__ = [
    "costs_table",
    "ranking_table",
    "results_table",
    "statistics_table",
]

SEEDS_FOR_EFFECT_SIZE = 5  # below, the standard deviation it is measured in is too uncertain
FIRST = (0.01, 0.05, 0.10)


def results_table(
    results: pd.DataFrame, *, column: str = "accuracy_combined", confidence: float = 0.95
) -> pd.DataFrame:
    """Mean and half-width over seeds: a row per configuration and budget, a column per metric.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]) shown.
        confidence: of the intervals, in (0, 1).

    Returns:
        Text cells such as ``91.2 ± 0.8`` in percent; without half-width where there is one seed.

    Raises:
        InputError: if the results table lacks a column, is empty or mixes data sets.
    """
    summary = summarise(results, column, confidence=confidence).dropna(subset=["mean"])
    text = [
        f"{100 * mean:.1f}{_half_width(half)}"
        for mean, half in zip(summary["mean"], summary["half_width"], strict=True)
    ]
    wide = summary.assign(text=text).pivot(
        index=["configuration", "n_inputs"], columns="metric", values="text"
    )
    wide = wide[metric_order(wide.columns)].fillna("").rename(columns=metric_name).rename_axis(columns=None)
    pools = results.groupby("configuration")["pool_size"].first()
    wide = wide.reset_index()
    share = [percent(n / pools[c], 0) for c, n in zip(wide["configuration"], wide["n_inputs"], strict=True)]
    wide.insert(2, "share of pool", share)
    return wide.assign(n_inputs=wide["n_inputs"].map(number)).rename(columns={"n_inputs": "inputs"})


def _half_width(half: float) -> str:
    if not np.isfinite(half):
        return ""
    return f" ± {100 * half:.1f}" if half < 0.5 else " ± > 50"  # two seeds that differ: nothing is known


def statistics_table(
    results: pd.DataFrame,
    *,
    column: str = "accuracy_combined",
    baseline: str = "random",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Each metric against the baseline over all budgets, as people read it.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]) compared.
        baseline: the metric that the others are compared with.
        confidence: of the intervals, in (0, 1).

    Returns:
        Text cells; no rows if the baseline is missing.

    Raises:
        InputError: if the results table lacks a column, is empty or mixes data sets.
    """
    found = area_differences(results, column, baseline=baseline, confidence=confidence)
    order = {metric: place for place, metric in enumerate(metric_order(found["metric"]))}
    found = found.sort_values(
        ["configuration", "metric"], key=lambda s: s.map(order) if s.name == "metric" else s
    )
    table = pd.DataFrame(
        {
            "configuration": found["configuration"],
            "metric": found["metric"].map(metric_name),
            f"gain over {metric_name(baseline)}": found["difference"].map(signed_points),
            f"{percent(confidence, 0)} interval": [
                f"{signed_points(low, unit=False)} to {signed_points(high, unit=False)}"
                if np.isfinite(low)
                else "n/a"
                for low, high in zip(found["low"], found["high"], strict=True)
            ],
            "t test": found["p_value"].map(p_text),
            "Holm": found["p_holm"].map(p_text),
            "sign-flip test": found["p_sign_flip"].map(p_text),
        }
    )
    if (found["n_seeds"] >= SEEDS_FOR_EFFECT_SIZE).any():
        effects = [f"{value:+.2f}" if np.isfinite(value) else "n/a" for value in found["effect_size"]]
        table["effect size"] = [effect.replace("-", "\N{MINUS SIGN}") for effect in effects]
    return table.assign(seeds=found["n_seeds"])


def costs_table(costs: pd.DataFrame) -> pd.DataFrame:
    """Seconds per stage and item, and per element, as people read them.

    Args:
        costs: ``stage, item, seconds, count``.

    Returns:
        Text cells.
    """
    each = [s / n if n else float("nan") for s, n in zip(costs["seconds"], costs["count"], strict=True)]
    return pd.DataFrame(
        {
            "stage": costs["stage"].astype(str).str.replace("_", " "),
            "item": costs["item"].astype(str),
            "time": costs["seconds"].map(seconds),
            "count": costs["count"].map(number),
            "time for one": [seconds(value) for value in each],
        }
    )


def ranking_table(orders: Mapping[str, ArrayLike], faults: ArrayLike) -> pd.DataFrame:
    """How good each order is before any retraining, as people read it.

    Args:
        orders: ``(n,)`` positions in the pool, best first, for each metric.
        faults: ``(n,)`` bool, whether the original model misclassifies that input of the pool.

    Returns:
        Text cells: metric, APFD, share of the faults among the first 1, 5 and 10 % of the pool.

    Raises:
        InputError: if an order is not a permutation of the pool.
    """
    faulty = np.asarray(faults, dtype=bool)
    rows = []
    for metric in metric_order(orders):
        value, found = apfd(orders[metric], faulty), faults_found(orders[metric], faulty, FIRST)
        shares = [percent(n / faulty.sum()) if faulty.any() else "undefined" for n in found]
        rows.append((metric_name(metric), f"{value:.3f}" if faulty.any() else "undefined", *shares))
    heads = [f"faults in the first {percent(share, 0)}" for share in FIRST]
    return pd.DataFrame(rows, columns=["metric", "APFD", *heads])
