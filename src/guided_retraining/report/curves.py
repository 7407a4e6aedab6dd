"""Accuracy against the budget, and robust against clean accuracy: where each ordering's path leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from guided_retraining.evaluation.curves import measured
from guided_retraining.evaluation.findings import Choice
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.terms import terms_of
from guided_retraining.report.canvas import (
    RING,
    budget_axis,
    empty_figure,
    legend_below,
    metric_handles,
    percent_limits,
    tidy,
)
from guided_retraining.report.curve_levels import full_price, original_level, ringed_order
from guided_retraining.report.palette import MUTED, metric_order, metric_style
from guided_retraining.report.panels import configuration_grid, configuration_title, leftmost

__all__ = ["accuracy_curves", "robust_against_clean"]

ORIGINAL: dict[str, Any] = {"color": MUTED, "linestyle": ":", "linewidth": 1.4}
WHOLE: dict[str, Any] = {"color": MUTED, "linestyle": (0, (6, 3)), "linewidth": 1.2}


def accuracy_curves(
    results: pd.DataFrame,
    *,
    outcomes: Sequence[str] = ("robust", "unseen"),
    words: Mapping[str, str] | None = None,
    choice: Choice | None = None,
    hardening: Mapping[str, str] | None = None,
) -> Figure:
    """Mean accuracy of each ordering at each budget, a row of panels for each kind of accuracy.

    Args:
        results: the results table of one data set.
        outcomes: kinds of accuracy; those that were not measured are left out. All share one scale.
        words: what each configuration means, by key.
        choice: its cell is ringed.
        hardening: the strategy of each configuration, by key; plain retraining where none is named.

    Returns:
        The figure, without intervals: those of the differences, which decide, are in a figure of their own.
    """
    shown = [key for key in outcomes if measured(results, OUTCOMES[key].column)]
    if not shown:
        return empty_figure("None of these accuracies was measured.")
    configurations = sorted(results["configuration"].unique())
    figure, rows = configuration_grid(configurations, len(shown), height=2.5, more=1.5, sharey=True)
    for row, outcome in zip(rows, shown, strict=True):
        for key, panel in row.items():
            means = _means(results, key)
            column = OUTCOMES[outcome].column
            _curves(panel, means, column, original_level(results, column), full_price(results, key, column))
            if choice and choice["configuration"] == key:
                _ring(panel, means, choice, "n_inputs", OUTCOMES[outcome].column)
        for panel in leftmost(row.values()):
            panel.set_ylabel(f"{OUTCOMES[outcome].name} accuracy")
    percent_limits(figure.axes[0], results[[OUTCOMES[key].column for key in shown]].to_numpy(float).ravel())
    for key, panel in rows[0].items():
        panel.set_title(configuration_title(key, words or {}), fontsize=9.5)
    for key, panel in rows[-1].items():
        pool = int(results.loc[results["configuration"] == key, "pool_size"].iloc[0])
        terms = terms_of(hardening or {}, key)
        panel.set_xlabel(f"{terms.axis} ({terms.head}: {pool:,})")
    heads = dict.fromkeys(terms_of(hardening or {}, key).head for key in configurations)
    more = [Line2D([], [], label=" or ".join(heads), **WHOLE)]
    if (results["n_inputs"] == 0).any():
        more.insert(0, Line2D([], [], label="original model", **ORIGINAL))
    _legend(figure, results, more, choice)
    return figure


def robust_against_clean(
    results: pd.DataFrame, *, outcome: str = "robust", words: Mapping[str, str] | None = None,
    choice: Choice | None = None,
) -> Figure:  # fmt: skip
    """The path of each ordering over its budgets, from few inputs (small marks) to the whole pool.

    Args:
        results: the results table of one data set.
        outcome: drawn upwards against clean accuracy.
        words: what each configuration means, by key.
        choice: its cell is ringed.

    Returns:
        The figure of means, a panel for each configuration; one that says so where nothing was attacked anew.
    """
    column = OUTCOMES[outcome].column
    if not measured(results, column):
        return empty_figure(f"There is no {OUTCOMES[outcome].name} accuracy to set against the clean one.")
    configurations = sorted(results["configuration"].unique())
    figure, (panels,) = configuration_grid(configurations, height=3.6, more=1.0, sharex=True, sharey=True)
    before = original_level(results, "accuracy_clean"), original_level(results, column)
    for key, panel in panels.items():
        means = _means(results, key)
        for metric in metric_order(means["metric"]):
            path, style = means[means["metric"] == metric], metric_style(metric)
            x, y = path["accuracy_clean"], path[column]
            panel.plot(x, y, color=style.colour, linestyle=style.line, linewidth=1.3, alpha=0.8)
            sizes = [10 + 50 * place / max(len(path) - 1, 1) for place in range(len(path))]
            panel.scatter(x, y, s=sizes, color=style.colour, marker=style.marker, linewidths=0.8, zorder=3)
        if before[0] is not None and before[1] is not None:
            panel.plot([before[0]], [before[1]], marker="*", color=MUTED, markersize=13, clip_on=False)
        if choice and choice["configuration"] == key:
            _ring(panel, means, choice, "accuracy_clean", column)
        panel.set_title(configuration_title(key, words or {}), fontsize=9.5)
        panel.set_xlabel("clean accuracy")
        tidy(panel, x_grid=True)
    for panel in leftmost(panels.values()):
        panel.set_ylabel(f"{OUTCOMES[outcome].name} accuracy")
    percent_limits(figure.axes[0], results["accuracy_clean"].to_numpy(float), "x")
    percent_limits(figure.axes[0], results[column].to_numpy(float), "y")
    star = {"marker": "*", "color": MUTED, "linestyle": "none", "markersize": 11}
    more = [Line2D([], [], label="original model", **star)] if None not in before else []  # type: ignore[arg-type]
    _legend(figure, results, more, choice)
    return figure


def _means(results: pd.DataFrame, configuration: str) -> pd.DataFrame:
    """Means over replicates of the retrained models, sorted by budget."""
    rows = results[(results["configuration"] == configuration) & (results["n_inputs"] > 0)]
    return rows.groupby(["metric", "n_inputs"], sort=True).mean(numeric_only=True).reset_index()


def _curves(panel: Axes, means: pd.DataFrame, column: str, before: float | None, whole: float | None) -> None:
    for level, line in ((before, ORIGINAL), (whole, WHOLE)):
        if level is not None:
            panel.axhline(level, zorder=1, **line)
    for metric in metric_order(means["metric"]):
        curve, style = means[means["metric"] == metric].dropna(subset=[column]), metric_style(metric)
        panel.plot(
            curve["n_inputs"], curve[column], color=style.colour, marker=style.marker, linestyle=style.line,
            linewidth=1.5, markersize=5, clip_on=False, zorder=3,
        )  # fmt: skip
    budget_axis(panel, map(int, means["n_inputs"]))
    tidy(panel)


def _ring(panel: Axes, means: pd.DataFrame, choice: Choice, x: str, y: str) -> None:
    there = means[means["n_inputs"] == choice["n_inputs"]]
    there = there[there["metric"] == ringed_order(choice, there["metric"])]
    panel.plot(there[x], there[y], **RING)


def _legend(figure: Figure, results: pd.DataFrame, more: list[Line2D], choice: Choice | None) -> None:
    handles = [*metric_handles(results["metric"]), *more]
    if choice and choice["configuration"] is not None:
        handles.append(Line2D([], [], label="recommended", **{**RING, "markersize": 11}))
    n = results["seed"].nunique()
    legend_below(figure, handles, f"means over {n} replicates" if n > 1 else "one replicate")
