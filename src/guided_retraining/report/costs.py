"""Where time and gradient passes went: one ledger as a figure and as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from guided_retraining.evaluation.wording import (
    attack_name,
    configuration_label,
    metric_name,
    number,
    seconds,
)
from guided_retraining.report.canvas import empty_figure, grid, tidy
from guided_retraining.report.palette import INK, metric_order, metric_style

__all__ = ["STAGES", "costs_figure", "costs_table", "stage_costs"]

# stage of the ledger -> its name
STAGES = {
    "preprocessing": "reading and splitting",
    "training": "original models",
    "attack": "attacks on the originals",
    "metrics": "scores of the pool",
    "retraining": "retraining",
    "re-attacks": "attacks on the retrained",
}
FORWARD_PASS = "forward pass"


def costs_figure(costs: pd.DataFrame) -> Figure:
    """Seconds and gradient passes of each stage, and seconds to score the pool by each metric.

    Args:
        costs: ``stage, item, seconds, count, gradient_passes``.

    Returns:
        The figure, on logarithmic axes.
    """
    if costs.empty:
        return empty_figure("No times were recorded.")
    stages = stage_costs(costs)
    scored = costs[(costs["stage"] == "metrics") & (costs["item"] != FORWARD_PASS)].groupby("item")["seconds"]
    scores = [
        (metric_name(metric), float(scored.sum()[metric]), metric_style(metric).colour)
        for metric in metric_order(map(str, scored.groups))
    ]
    figure, axes = grid(
        1, 3, width=11.0, height=1.1 + 0.32 * max(len(stages), len(scores), 3), width_ratios=[1, 1, 1]
    )
    names = [STAGES.get(stage, stage) for stage in stages.index]
    for panel, column, title, text in (
        (axes[0][0], "seconds", "seconds", seconds),
        (axes[0][1], "gradient_passes", "gradient passes", _short),
    ):
        values = stages[column].fillna(0.0)
        _dots(panel, [(n, float(v), INK) for n, v in zip(names, values, strict=True)], title, text)
    axes[0][1].tick_params(labelleft=False)
    _dots(axes[0][2], scores, "seconds to score the pool\n(besides the forward pass)", seconds)
    return figure


def stage_costs(costs: pd.DataFrame) -> pd.DataFrame:
    """Seconds and gradient passes of each stage, in the order in which they run.

    Args:
        costs: ``stage, item, seconds, count, gradient_passes``.

    Returns:
        ``seconds, gradient_passes`` by stage.
    """
    totals = costs.groupby("stage")[["seconds", "gradient_passes"]].sum()
    known = [stage for stage in STAGES if stage in totals.index]
    return totals.loc[[*known, *sorted(set(totals.index) - set(known))]]


def costs_table(costs: pd.DataFrame, words: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The ledger as people read it, over all replicates.

    Args:
        costs: ``stage, item, seconds, count, gradient_passes``.
        words: what each configuration means, by key.

    Returns:
        Text cells.
    """
    sums = costs.groupby(["stage", "item"], sort=False)[["seconds", "count", "gradient_passes"]].sum()
    table = sums.reset_index()
    each = [s / n if n else float("nan") for s, n in zip(table["seconds"], table["count"], strict=True)]
    return pd.DataFrame(
        {
            "stage": [STAGES.get(str(stage), str(stage)) for stage in table["stage"]],
            "item": [
                _item(str(s), str(i), words or {}) for s, i in zip(table["stage"], table["item"], strict=True)
            ],
            "time": table["seconds"].map(seconds),
            "count": table["count"].map(number),
            "time for one": [seconds(value) for value in each],
            "gradient passes": [number(value) if value else "none" for value in table["gradient_passes"]],
        }
    )


def _item(stage: str, item: str, words: Mapping[str, str]) -> str:
    if stage == "attack":
        return attack_name(item)
    if stage == "metrics" and item != FORWARD_PASS:
        return metric_name(item)
    return configuration_label(item, words)


def _short(value: float) -> str:
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {sign}"
    return f"{value:.0f}"


def _dots(panel: Axes, rows: list[tuple[str, float, str]], title: str, text: Callable[[float], str]) -> None:
    """Dots, not bars: a bar's length means nothing on a logarithmic axis."""
    panel.set_title(title, fontsize=10.5)
    measured = [value for _, value, _ in rows if value > 0]
    if not measured:
        panel.set_axis_off()
        return
    low, high = min(measured), max(measured)
    panel.set_xscale("log")
    panel.set_xlim(low / 2.5, high * (high / low) ** 0.35 * 8)
    for place, (_, value, colour) in enumerate(reversed(rows)):
        if value > 0:
            panel.plot([low / 2.5, value], [place, place], color=colour, linewidth=1.0, alpha=0.4)
            panel.plot([value], [place], marker="o", markersize=8, color=colour)
            panel.annotate(
                text(value), (value, place), (9, 0), textcoords="offset points", va="center", fontsize=10
            )
    panel.set_yticks(range(len(rows)), [name for name, _, _ in reversed(rows)])
    panel.set_ylim(-0.6, len(rows) - 0.4)
    tidy(panel, y_grid=False, x_grid=True)
