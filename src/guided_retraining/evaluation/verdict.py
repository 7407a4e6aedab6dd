"""Can the metrics be told apart? One honest verdict with its reasons."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypedDict

import pandas as pd

from guided_retraining.evaluation.comparison import area_differences, metrics_differ
from guided_retraining.evaluation.wording import metric_name, p_text, points, signed_points

__all__ = ["Verdict", "metrics_verdict"]

ALPHA = 0.05
SAME_FOR_USE = (
    0.01  # a point of accuracy on average over all budgets: below it the choice of metric hardly matters
)


class Verdict(TypedDict):
    """``differs``: told apart from the baseline (None: cannot be known); ``caveats``: a sentence each."""

    differs: bool | None
    better: list[str]
    worse: list[str]
    spread: float | None
    sentence: str
    caveats: list[str]


def metrics_verdict(
    results: pd.DataFrame,
    column: str = "accuracy_combined",
    *,
    baseline: str = "random",
    alpha: float = ALPHA,
) -> Verdict:
    """Say whether guidance metrics can be told from the baseline, over all budgets.

    Args:
        results: the results table of one data set.
        column: the test accuracy compared.
        baseline: the metric that the others are compared with.
        alpha: significance level after Holm's correction.

    Returns:
        The verdict with ``<configuration>: <metric>`` entries for what is better and worse.

    Raises:
        InputError: if the results table lacks a column, is empty or mixes data sets.
    """
    omnibus = metrics_differ(results, column)
    spread = float(omnibus["spread"].max()) if len(omnibus) else None
    n_seeds = int(results["seed"].nunique())
    table = area_differences(results, column, baseline=baseline)
    caveats = _caveats(omnibus, spread, n_seeds, alpha)
    if table.empty:
        why = f"No metric can be compared with {metric_name(baseline)}: the results hold no such comparison."
        return Verdict(differs=None, better=[], worse=[], spread=spread, sentence=why, caveats=caveats)
    if n_seeds < 2:
        why = (
            "With one seed nothing can be said about differences between metrics: chance alone makes models "
            "differ. Use at least 3 seeds, better 10."
        )
        return Verdict(differs=None, better=[], worse=[], spread=spread, sentence=why, caveats=caveats)
    found = table[table["p_holm"] < alpha].sort_values("difference", ascending=False)
    better, worse = found[found["difference"] > 0], found[found["difference"] < 0]
    return Verdict(
        differs=not found.empty,
        better=[_entry(row) for row in better.to_dict("records")],
        worse=[_entry(row) for row in worse.to_dict("records")],
        spread=spread,
        sentence=_sentence(table, better, worse, baseline),
        caveats=caveats,
    )


def _sentence(table: pd.DataFrame, better: pd.DataFrame, worse: pd.DataFrame, baseline: str) -> str:
    parts = []
    if len(better):
        parts.append(f"Better than {metric_name(baseline)} over all budgets: {_listed(better)}.")
    if len(worse):
        parts.append(f"Worse than {metric_name(baseline)}: {_listed(worse.iloc[::-1])}.")
    if not len(better):
        top = table.iloc[int(table["difference"].to_numpy(float).argmax())]
        none = "No metric is shown to be better than" if len(worse) else "No metric can be told from"
        parts.insert(
            0,
            f"{none} {metric_name(baseline)} selection over all budgets: the largest gain is "
            f"{signed_points(top['difference'])} ({metric_name(top['metric'])}, {top['configuration']}), "
            f"95 % interval {signed_points(top['low'], unit=False)} to {signed_points(top['high'])}, "
            f"{p_text(top['p_holm'])} after correction for {table['p_value'].notna().sum()} comparisons.",
        )
        low = table.iloc[int(table["difference"].to_numpy(float).argmin())]
        if not len(worse) and low["difference"] < -SAME_FOR_USE:
            parts.append(
                f"The largest loss, {signed_points(low['difference'])} ({metric_name(low['metric'])}, "
                f"{low['configuration']}), cannot be told from chance either ({p_text(low['p_holm'])})."
            )
    return " ".join(parts)


def _caveats(omnibus: pd.DataFrame, spread: float | None, n_seeds: int, alpha: float) -> list[str]:
    said = []
    if spread is not None and spread < SAME_FOR_USE:
        said.append(
            f"The best and worst metric differ by at most {points(spread)} on average over the budgets: "
            "this data set and these attacks are too easy to tell them apart, or ranking does not matter "
            "here."
        )
    if n_seeds > 2:  # two seeds put one metric first twice too often by chance
        shown = omnibus[omnibus["p_holm"] < alpha].to_dict("records")
        where = "are not shown to in any configuration"
        if shown:
            where = "do in " + "; ".join(
                f"{row['configuration']} (best {metric_name(row['best'])}, worst {metric_name(row['worst'])}"
                f", {points(row['spread'])} apart)"
                for row in shown
            )
        said.append(
            f"Asked whether the metrics differ among each other at all (permutation test), they {where}."
        )
    if 1 < n_seeds < 6:
        said.append(
            f"With {n_seeds} seeds a sign test cannot go below p = {2 / 2**n_seeds:.2g}, so the t tests "
            "rest on differences being normally distributed; small but real differences stay hidden. "
            "10 seeds show more."
        )
    return said


def _listed(rows: pd.DataFrame) -> str:
    return "; ".join(
        f"{metric_name(row['metric'])} in {row['configuration']} ({signed_points(row['difference'])}, "
        f"{p_text(row['p_holm'])})"
        for row in rows.to_dict("records")
    )


def _entry(row: Mapping[Hashable, object]) -> str:
    return f"{row['configuration']}: {row['metric']}"
