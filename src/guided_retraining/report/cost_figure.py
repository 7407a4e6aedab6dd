"""Where the time went: seconds per stage, per attack and per metric."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from guided_retraining.evaluation.wording import attack_name, metric_name, seconds
from guided_retraining.report.canvas import empty_figure, grid, tidy
from guided_retraining.report.palette import INK, MUTED, metric_order, metric_style

__all__ = ["costs_figure"]

STAGES = ("preprocessing", "training", "attack", "metrics", "ordering_retraining", "retraining", "reporting")


def costs_figure(costs: pd.DataFrame) -> Figure:
    """Seconds of each stage (left) and of each metric and attack (right), on logarithmic axes.

    Args:
        costs: ``stage, item, seconds, count``, one row per stage and item.

    Returns:
        The figure.
    """
    if costs.empty:
        return empty_figure("No times were recorded.")
    stages = costs.groupby("stage")["seconds"].sum()
    known = [stage for stage in STAGES if stage in stages]
    order = known + sorted(set(map(str, stages.index)) - set(known))
    left = [(stage.replace("_", " "), float(stages[stage]), INK) for stage in order]
    right = _items(costs)
    figure, axes = grid(1, 2, width=10.0, height=1.1 + 0.32 * max(len(left), len(right), 3))
    _dots(axes[0][0], left, "seconds per stage")
    _dots(axes[0][1], right, "seconds per metric (whole pool) and attack")
    return figure


def _items(costs: pd.DataFrame) -> list[tuple[str, float, str]]:
    metrics = costs[costs["stage"] == "metrics"].groupby("item")["seconds"].sum()
    attacks = costs[costs["stage"] == "attack"].groupby("item", sort=False)["seconds"].sum()
    return [
        *(
            (metric_name(m), float(metrics[m]), metric_style(m).colour)
            for m in metric_order(map(str, metrics.index))
        ),
        *((attack_name(str(a)), float(s), MUTED) for a, s in attacks.items()),
    ]


def _dots(panel: Axes, rows: list[tuple[str, float, str]], title: str) -> None:
    """Dots, not bars: a bar's length means nothing on a logarithmic axis."""
    panel.set_title(title, fontsize=11)
    measured = [value for _, value, _ in rows if value > 0]
    if not measured:
        panel.set_axis_off()
        return
    low, high = min(measured), max(measured)
    panel.set_xscale("log")
    panel.set_xlim(low / 2.5, high * 12)
    for place, (_, value, colour) in enumerate(reversed(rows)):
        if value > 0:
            panel.plot([low / 2.5, value], [place, place], color=colour, linewidth=1.0, alpha=0.4)
            panel.plot([value], [place], marker="o", markersize=8, color=colour)
            panel.annotate(
                seconds(value), (value, place), (9, 0), textcoords="offset points", va="center", fontsize=10
            )
    panel.set_yticks(range(len(rows)), [name for name, _, _ in reversed(rows)])
    panel.set_ylim(-0.6, len(rows) - 0.4)
    panel.set_xlabel("seconds (logarithmic)")
    tidy(panel, y_grid=False, x_grid=True)
