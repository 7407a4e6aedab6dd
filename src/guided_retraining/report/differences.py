"""What a budget loses against the whole pool, with the bound that decides whether that is shown to be little."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from guided_retraining.evaluation.findings import Choice, Step
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.terms import terms_of
from guided_retraining.evaluation.wording import points
from guided_retraining.report.canvas import (
    RING,
    budget_axis,
    empty_figure,
    legend_below,
    metric_handles,
    tidy,
)
from guided_retraining.report.palette import INK, MUTED, metric_order, metric_style
from guided_retraining.report.panels import configuration_grid, configuration_title, leftmost

__all__ = ["differences_figure", "shown_budgets"]

LINEAR = 2.0  # margins around 0 in which the axis is about linear; beyond it is logarithmic
TICKS = (-100, -50, -20, -10, -5, -2, -1, 0, 1, 2, 5, 10, 20, 50, 100)
MINUS = "\N{MINUS SIGN}"
FILLABLE = {"x": "X", "+": "P"}  # filled or hollow says something here
SPREAD = 0.7  # of the room between two budgets that the markers of all orderings share


def differences_figure(
    steps: Mapping[str, Sequence[Step]],
    choice: Choice,
    *,
    words: Mapping[str, str],
    hardening: Mapping[str, str] | None = None,
) -> Figure:
    """Accuracy minus that of the whole pool at each budget, down to its one-sided bound, with the margin drawn.

    Args:
        steps: of each configuration, on test data; see :class:`guided_retraining.evaluation.findings.Step`.
        choice: its outcomes and margin are drawn, its cell is ringed.
        words: what each configuration means, by key.
        hardening: the strategy of each configuration, by key; plain retraining where none is named.

    Returns:
        The figure: a row of panels for each outcome, a column for each configuration. A filled marker's bound is
        within the margin.
    """
    configurations = [key for key in sorted(steps) if steps[key]]
    if not configurations:
        return empty_figure("There is no smaller budget to compare with the whole pool.")
    heads = [terms_of(hardening or {}, key).head for key in configurations]
    against = "whole pool" if len(set(heads)) == 1 else "full price"
    figure, rows = configuration_grid(
        configurations, len(choice["outcomes"]), height=2.7, more=1.5, sharey="row"
    )
    for row, outcome in zip(rows, choice["outcomes"], strict=True):
        for key, panel in row.items():
            _panel(panel, steps[key], outcome, choice["margin"])
            if key == choice["configuration"]:
                _ring(panel, steps[key], outcome, choice)
        for panel in leftmost(row.values()):
            panel.set_ylabel(f"{OUTCOMES[outcome].name} accuracy:\npoints against the {against}")
        _limits(
            list(row.values()),
            [step for key in configurations for step in steps[key]],
            outcome,
            choice["margin"],
        )
    for key, panel in rows[0].items():
        panel.set_title(configuration_title(key, words), fontsize=9.5)
    for key, panel in rows[-1].items():
        pool = round(steps[key][0]["n_inputs"] / steps[key][0]["share_of_pool"])
        panel.set_xlabel(f"{terms_of(hardening or {}, key).axis} of {pool:,}")
    _legend(figure, {step["metric"] for key in configurations for step in steps[key]}, choice)
    return figure


def shown_budgets(steps: Sequence[Step], metric: str) -> list[int]:
    """The budgets of an ordering that are shown to be within the margin, the smallest first.

    Args:
        steps: of one configuration.
        metric: the ordering.

    Returns:
        Numbers of inputs; none below one that is not shown.
    """
    return sorted(
        step["n_inputs"] for step in steps if step["metric"] == metric and step["passes"] and step["reached"]
    )


def _panel(panel: Axes, steps: Sequence[Step], outcome: str, margin: float) -> None:
    panel.axhspan(-100 * margin, 0, color=MUTED, alpha=0.13, linewidth=0)
    panel.axhline(0, color=INK, linewidth=1.0)
    panel.axhline(-100 * margin, color=INK, linewidth=1.0, linestyle="--")
    metrics = metric_order(step["metric"] for step in steps)
    budgets = {step["n_inputs"] for step in steps}
    for metric in metrics:
        style = metric_style(metric)
        marker = FILLABLE.get(style.marker, style.marker)
        rows = sorted((step for step in steps if step["metric"] == metric), key=lambda step: step["n_inputs"])
        x = _beside([step["n_inputs"] for step in rows], metrics.index(metric), len(metrics), budgets)
        bounds = [_mean_and_bound(step, outcome) for step in rows]
        panel.plot(
            x, [mean for mean, _ in bounds], color=style.colour, linestyle=style.line, lw=0.8, alpha=0.5
        )
        for place, (mean, low) in zip(x, bounds, strict=True):
            panel.plot([place, place], [low, mean], color=style.colour, linewidth=1.6)
            face = style.colour if low > -100 * margin else "white"
            panel.plot(
                [place], [mean], marker=marker, color=style.colour, markersize=5.5, markerfacecolor=face,
                markeredgewidth=1.2,
            )  # fmt: skip
    budget_axis(panel, budgets)
    tidy(panel)


def _mean_and_bound(step: Step, outcome: str) -> tuple[float, float]:
    """In points; NaN for what is not known, which Matplotlib does not draw."""
    found = step["differences"].get(outcome)
    known = (found["mean"], found["low"]) if found else (None, None)
    mean, low = (np.nan if value is None else 100 * value for value in known)
    return mean, low


def _beside(n_inputs: Sequence[int], place: int, of: int, budgets: Iterable[int]) -> list[float]:
    """The orderings of a budget side by side, so that their intervals do not cover each other."""
    gaps = np.diff(np.log2(sorted(budgets)))
    room = SPREAD * (float(gaps.min()) if len(gaps) else 1.0)
    return [n * 2 ** (room * ((place + 0.5) / of - 0.5)) for n in n_inputs]


def _ring(panel: Axes, steps: Sequence[Step], outcome: str, choice: Choice) -> None:
    metrics, budgets = metric_order(s["metric"] for s in steps), {s["n_inputs"] for s in steps}
    for step in steps:
        chosen = (
            step["metric"] == (choice["metric"] or choice["baseline"])
            and step["n_inputs"] == choice["n_inputs"]
        )
        if chosen:
            x = _beside([step["n_inputs"]], metrics.index(step["metric"]), len(metrics), budgets)
            panel.plot(x, [_mean_and_bound(step, outcome)[0]], **RING)


def _limits(row: Sequence[Axes], steps: Sequence[Step], outcome: str, margin: float) -> None:
    """Room for all means and the bounds of most; one very wide interval must not flatten the rest."""
    found = np.array([_mean_and_bound(step, outcome) for step in steps])
    lengths = (found[:, 0] - found[:, 1])[np.isfinite(found[:, 1])]
    usual = float(np.percentile(lengths, 75)) if len(lengths) else 0.0
    pad = 35 * margin
    low, high = np.nanmin([*found[:, 0], -100 * margin]), np.nanmax([*found[:, 0], 0.0])
    low, high = max(-100.0, 1.12 * (low - usual) - pad), min(100.0, high + pad)
    for panel in row:
        panel.set_yscale("asinh", linear_width=LINEAR * 100 * margin)  # what decides lies near the margin
        ticks = [tick for tick in TICKS if low <= tick <= high]
        panel.set_yticks(ticks, [f"{tick:+g}".replace("-", MINUS) if tick else "0" for tick in ticks])
        panel.yaxis.set_minor_locator(NullLocator())
        panel.set_ylim(low, high)


def _legend(figure: Figure, metrics: Iterable[str], choice: Choice) -> None:
    handles = metric_handles(metrics)
    plain = {"color": "none", "markeredgecolor": INK, "marker": "o"}
    bounds = any(step["loses_at_most"] is not None for step in choice["test_steps"])
    marks = [
        Line2D([], [], label="filled: bound within the margin", markerfacecolor=INK, **plain),  # type: ignore[arg-type]
        Line2D([], [], label="hollow: not shown", markerfacecolor="white", **plain),  # type: ignore[arg-type]
    ]
    handles += marks if bounds else []
    handles.append(
        Line2D([], [], color=INK, linestyle="--", label=f"margin: {points(choice['margin'])} lost")
    )
    if choice["action"] in ("random inputs", "ranked inputs"):
        handles.append(Line2D([], [], label="recommended", markerfacecolor="none", markersize=12, **plain))  # type: ignore[arg-type]
    descriptive = "fewer than three replicates: nothing is shown" if choice["descriptive"] else ""
    title = "means over replicates, lines down to the one-sided bounds" if bounds else "means; no bounds"
    legend_below(figure, handles, "; ".join(filter(None, [title, descriptive])))
