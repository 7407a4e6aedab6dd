"""Figure objects without pyplot's global state, one look for all, and their bytes for a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from guided_retraining.evaluation.wording import metric_name
from guided_retraining.report.palette import INK, MUTED, metric_order, metric_style

__all__ = [
    "RING",
    "budget_axis",
    "budget_labels",
    "empty_figure",
    "figure_bytes",
    "grid",
    "legend_below",
    "metric_handles",
    "percent_limits",
    "percent_range",
    "share_if_alike",
    "tidy",
]

LOOK: Any = {
    "font.size": 11.0,
    "axes.titlesize": 12.0,
    "axes.labelsize": 11.0,
    "xtick.labelsize": 10.0,
    "ytick.labelsize": 10.0,
    "legend.fontsize": 11.0,
    "svg.hashsalt": "guided-retraining",  # the same figure gives the same bytes
    "svg.fonttype": "path",
}
DPI = 110
SHARED_FROM = 0.4  # a panel must fill this share of the common range
SMALLEST_RANGE = 0.10  # of an axis in percent: a narrower one would blow noise up to a finding
RING: Any = {
    "marker": "o", "markersize": 14, "color": "none", "markeredgecolor": INK, "markeredgewidth": 1.6, "zorder": 5,
}  # fmt: skip  # around the recommended cell
LEGEND_COLUMNS = 5  # at most
APART = 0.15  # between the labels of two budgets, as a share of the axis


def grid(
    rows: int, columns: int, *, width: float, height: float, **options: Any
) -> tuple[Figure, list[list[Axes]]]:
    """A figure with a grid of axes.

    Args:
        rows: of axes.
        columns: of axes.
        width: of the figure in inches.
        height: of the figure in inches.
        options: passed to ``Figure.subplots``, such as ``sharey="row"``.

    Returns:
        The figure and its axes, row by row.
    """
    with matplotlib.rc_context(LOOK):
        figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, [list(row) for row in axes]


def tidy(axes: Axes, *, y_grid: bool = True, x_grid: bool = False) -> None:
    """Take away the frame that carries no information and lay a faint grid below the data.

    Args:
        axes: changed in place.
        y_grid: horizontal lines.
        x_grid: vertical lines.
    """
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(MUTED)
    axes.tick_params(colors=INK)
    axes.set_axisbelow(True)
    if y_grid:
        axes.grid(axis="y", color="#E4E4E4", linewidth=0.8)
    if x_grid:
        axes.grid(axis="x", color="#E4E4E4", linewidth=0.8)


def share_if_alike(panels: Sequence[Axes], axis: str) -> None:
    """One scale for all panels if their ranges are of one size; else each keeps its own and stays legible.

    Args:
        panels: changed in place.
        axis: ``x`` or ``y``.
    """
    limits = np.array([getattr(panel, f"get_{axis}lim")() for panel in panels])
    low, high = limits[:, 0].min(), limits[:, 1].max()
    if (limits[:, 1] - limits[:, 0]).min() >= SHARED_FROM * (high - low):
        for panel in panels:
            getattr(panel, f"set_{axis}lim")(low, high)


def budget_axis(panel: Axes, budgets: Iterable[int]) -> None:
    """A logarithmic axis of budgets, with a label at as many of them as have room.

    Args:
        panel: changed in place.
        budgets: numbers of inputs, positive.
    """
    shown = budget_labels(budgets)
    panel.set_xscale("log", base=2)
    panel.set_xticks(shown, [f"{n:,}" if n < 10_000 else f"{n / 1000:.3g}k" for n in shown])
    panel.xaxis.set_minor_locator(NullLocator())


def budget_labels(budgets: Iterable[int]) -> list[int]:
    """Those of the budgets on a logarithmic axis that have room for a label, from the largest down.

    Args:
        budgets: numbers of inputs, positive.

    Returns:
        The largest, and each that is far enough from the last one, whatever range the axis has.

    >>> budget_labels([50, 100, 200, 400, 800, 790]), budget_labels([12416, 12864, 13696, 15360, 18752])
    ([800, 400, 200, 100, 50], [18752, 15360, 13696, 12864])
    """
    all_of_them = sorted(set(budgets), reverse=True)
    shown = all_of_them[:1]
    for budget in all_of_them[1:]:
        if np.log(shown[-1] / budget) >= APART * np.log(all_of_them[0] / all_of_them[-1]):
            shown.append(budget)
    return shown


def percent_limits(panel: Axes, values: Iterable[float], axis: str = "y") -> None:
    """An axis in percent with room around the values, but not below 0 or above 100 %.

    Args:
        panel: changed in place.
        values: shares that are drawn; NaN is left out.
        axis: ``x`` or ``y``.
    """
    getattr(panel, f"set_{axis}lim")(*percent_range(values))
    drawn = getattr(panel, f"{axis}axis")
    drawn.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    drawn.set_major_formatter(lambda value, _: f"{100 * value:.4g} %")


def percent_range(values: Iterable[float]) -> tuple[float, float]:
    """The ends of an axis of shares, with room around the values, but not below 0 or above 1.

    Args:
        values: shares that are drawn; NaN is left out.

    Returns:
        The lower and the upper end.
    """
    known = [value for value in values if np.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    pad = max(0.06 * (high - low), (SMALLEST_RANGE - (high - low)) / 2)
    return max(0.0, low - pad), min(1.0, high + pad)


def metric_handles(metrics: Iterable[str]) -> list[Line2D]:
    """A legend's entry for each metric, in the order of every legend.

    Args:
        metrics: their keys; repeated ones count once.

    Returns:
        Lines that are drawn nowhere else.
    """
    handles = []
    for metric in metric_order(metrics):
        style = metric_style(metric)
        drawn: dict[str, Any] = {"color": style.colour, "marker": style.marker, "linestyle": style.line}
        handles.append(Line2D([], [], label=metric_name(metric), **drawn))
    return handles


def legend_below(figure: Figure, handles: Sequence[Artist], title: str) -> None:
    """A legend below all panels, in as many columns as the figure's width holds.

    Args:
        figure: changed in place.
        handles: with their labels.
        title: above them.
    """
    for columns in range(LEGEND_COLUMNS, 0, -1):
        legend = figure.legend(
            handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=10,
            title=title, title_fontsize=10,
        )  # fmt: skip
        if columns == 1 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()


def empty_figure(reason: str, *, width: float = 10.0) -> Figure:
    """A figure that says why there is nothing to show, so that a missing part is not mistaken for a fault.

    Args:
        reason: one sentence.
        width: of the figure in inches.

    Returns:
        The figure.
    """
    figure, axes = grid(1, 1, width=width, height=1.2)
    axes[0][0].set_axis_off()
    axes[0][0].text(0.5, 0.5, reason, ha="center", va="center", color=MUTED, wrap=True)
    return figure


def figure_bytes(figure: Figure, *, kind: str = "svg") -> bytes:
    """A figure as the bytes of an SVG or PNG file; the same figure always gives the same bytes.

    Args:
        figure: any Matplotlib figure.
        kind: ``svg`` or ``png``.

    Returns:
        The file's content.
    """
    stream = BytesIO()
    with matplotlib.rc_context(LOOK):
        figure.savefig(stream, format=kind, metadata={"Date": None} if kind == "svg" else {"Software": None})
    return stream.getvalue()
