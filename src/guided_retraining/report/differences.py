"""Each metric's gain over random selection, seed by seed: what overlapping curves cannot show."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from guided_retraining.evaluation.comparison import area_differences, budget_differences
from guided_retraining.evaluation.wording import metric_name, percent
from guided_retraining.report.canvas import empty_figure, grid, share_if_alike, tidy
from guided_retraining.report.palette import INK, metric_order, metric_style

__all__ = ["gain_over_baseline"]

SMALLEST_RANGE = 1.0  # points to either side: a scale below it would blow noise up to a finding


def gain_over_baseline(
    results: pd.DataFrame,
    *,
    column: str = "accuracy_combined",
    baseline: str = "random",
    confidence: float = 0.95,
) -> Figure:
    """Gain of each metric over the baseline: left at each budget, right over all budgets with its interval.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]) compared.
        baseline: the metric that the others are compared with.
        confidence: of the intervals, in (0, 1).

    Returns:
        The figure, one row per configuration; one that says why, if nothing can be compared.

    Raises:
        InputError: if the results table lacks a column, is empty or mixes data sets.
    """
    budgets = budget_differences(results, column, baseline=baseline, confidence=confidence)
    overall = area_differences(results, column, baseline=baseline, confidence=confidence)
    if overall.empty:
        return empty_figure(f"Nothing to compare with {metric_name(baseline)}: the results do not hold it.")
    configurations = sorted(overall["configuration"].unique())
    metrics = metric_order(overall["metric"])
    figure, axes = grid(
        len(configurations), 2, width=10.0, height=0.6 + 2.5 * len(configurations), width_ratios=[3, 2]
    )
    for (left, right), configuration in zip(axes, configurations, strict=True):
        for place, metric in enumerate(reversed(metrics)):
            style = metric_style(metric)
            curve = budgets[(budgets["configuration"] == configuration) & (budgets["metric"] == metric)]
            left.plot(
                curve["n_inputs"], 100 * curve["difference"], color=style.colour, marker=style.marker,
                linestyle=style.line, linewidth=1.6, markersize=5,
            )  # fmt: skip
            row = overall[(overall["configuration"] == configuration) & (overall["metric"] == metric)]
            if row.empty:
                continue
            mean, low, high = (100 * float(row[name].iloc[0]) for name in ("difference", "low", "high"))
            if np.isfinite(low):
                right.plot([low, high], [place, place], color=style.colour, linewidth=2.2)
            right.plot([mean], [place], color=style.colour, marker=style.marker, markersize=8)
        for axes_ in (left, right):
            tidy(axes_, x_grid=axes_ is right, y_grid=axes_ is left)
        for limits, narrow in ((left.get_ylim, left.set_ylim), (right.get_xlim, right.set_xlim)):
            narrow(min(limits()[0], -SMALLEST_RANGE), max(limits()[1], SMALLEST_RANGE))
        left.axhline(0, color=INK, linewidth=1.0, linestyle="--")
        right.axvline(0, color=INK, linewidth=1.0, linestyle="--")
        right.set_yticks(range(len(metrics)), [metric_name(m) for m in reversed(metrics)])
        right.set_ylim(-0.6, len(metrics) - 0.4)
        left.set_ylabel(f"{configuration}\ngain (points)")
        right.xaxis.set_major_locator(MaxNLocator(5))
        left.xaxis.set_major_formatter("{x:,.0f}")
        left.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    share_if_alike([row[0] for row in axes], "y")
    share_if_alike([row[1] for row in axes], "x")
    axes[0][0].set_title(f"over {metric_name(baseline)} at each budget (means)", fontsize=11)
    n_seeds = int(overall["n_seeds"].max())
    band = f"{percent(confidence, 0)} intervals, {n_seeds} seeds" if n_seeds > 1 else "one seed: no intervals"
    axes[0][1].set_title(f"all budgets: {band}", fontsize=11)
    axes[-1][0].set_xlabel("retraining inputs")
    axes[-1][1].set_xlabel("gain in mean accuracy (points)")
    return figure
