"""How far metrics rank alike, and each metric in two replicates: the figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from guided_retraining.evaluation.wording import metric_name, percent
from guided_retraining.report.canvas import empty_figure, grid, tidy
from guided_retraining.report.palette import INK, MUTED, metric_order, metric_style

__all__ = ["agreement_figure", "correlation_text", "stability_figure"]

MINUS = "\N{MINUS SIGN}"
SHARED = "shared_first_10"


def agreement_figure(pairs: pd.DataFrame) -> Figure:
    """What the metrics have in common: rank correlation, and the inputs that both have among their first 10 %.

    Args:
        pairs: ``metric, other, seed, rank_correlation, shared_first_10``, from ``pair_rows``.

    Returns:
        The figure: two tables of squares with means over replicates; one that says so, if there are not two metrics.
    """
    if pairs.empty:
        return empty_figure("Agreement needs two metrics.")
    metrics = metric_order([*pairs["metric"], *pairs["other"]])
    correlated = pairs.dropna(subset=["rank_correlation"])
    scored = [m for m in metrics if m in {*correlated["metric"], *correlated["other"]}]
    shown = [(scored, "rank_correlation", "rank correlation")] if scored else []
    shown.append((metrics, SHARED, "shared among the first 10 %"))
    figure, axes = grid(
        1, len(shown), width=0.9 + 4.8 * len(shown), height=1.6 + 0.42 * len(metrics),
        width_ratios=[len(names) for names, _, _ in shown],
    )  # fmt: skip
    for panel, (names, column, title) in zip(axes[0], shown, strict=True):
        _squares(panel, _matrix(pairs, names, column), names, share=column == SHARED)
        panel.set_title(title, fontsize=10.5)
    return figure


def stability_figure(stability: pd.DataFrame) -> Figure:
    """How far each metric ranks the same clean inputs alike in two replicates.

    Args:
        stability: from ``stability_rows``.

    Returns:
        The figure: a dot for each pair of replicates, a bar at the metric's mean.
    """
    if stability.empty:
        return empty_figure(
            "Stability needs two replicates, and a metric that depends on the original model."
        )
    metrics = metric_order(stability["metric"])
    share = float((stability["first"] / stability["n_inputs"]).iloc[0])
    figure, axes = grid(1, 2, width=10.0, height=1.3 + 0.36 * len(metrics), sharey=True)
    left, right = axes[0]
    for panel, column, chance in ((left, "rank_correlation", 0.0), (right, "overlap", share)):
        _dots(panel, stability, metrics, column)
        panel.axvline(chance, color=MUTED, linestyle="--", linewidth=1.2, zorder=0)
        panel.annotate("unrelated", (chance, 1.01), xycoords=("data", "axes fraction"), ha="center",
                       fontsize=9.5, color=MUTED)  # fmt: skip
    left.set_yticks(range(len(metrics)), [metric_name(metric) for metric in reversed(metrics)])
    left.set_ylim(-0.6, len(metrics) - 0.4)
    lowest = float(np.nanmin(stability["rank_correlation"].to_numpy(float), initial=0.0))
    left.set_xlim(min(-0.05, 1.1 * lowest), 1.0)
    right.set_xlim(0.0, 1.0)
    left.set_xlabel("rank correlation between two replicates")
    right.set_xlabel(f"inputs shared among the first {percent(share, 0)}")
    right.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    return figure


def correlation_text(value: float) -> str:
    """A correlation with two digits and a true minus sign.

    Args:
        value: in [-1, 1]; NaN if it is undefined.

    Returns:
        The text.

    >>> correlation_text(0.5), correlation_text(float("nan"))
    ('0.50', 'n/a')
    """
    return f"{value:.2f}".replace("-", MINUS) if np.isfinite(value) else "n/a"


def _matrix(pairs: pd.DataFrame, metrics: list[str], column: str) -> NDArray[np.float64]:
    means = pairs.groupby(["metric", "other"])[column].mean().reset_index()
    values = np.eye(len(metrics))
    for one, other, value in means.itertuples(index=False, name=None):
        if one in metrics and other in metrics:
            i, j = metrics.index(one), metrics.index(other)
            values[i, j] = values[j, i] = value
    return values


def _squares(panel: Axes, values: NDArray[np.float64], metrics: list[str], *, share: bool) -> None:
    panel.imshow(
        values, cmap="Purples" if share else "PuOr_r", vmin=0 if share else -1, vmax=1, aspect="auto"
    )
    for (i, j), value in np.ndenumerate(values):
        text = percent(float(value), 0) if share else correlation_text(float(value))
        colour = "white" if abs(value) > 0.65 else INK
        panel.text(j, i, text, ha="center", va="center", fontsize=9, color=colour)
    names = [metric_name(metric) for metric in metrics]
    panel.set_xticks(range(len(metrics)), names, rotation=35, ha="right")
    panel.set_yticks(range(len(metrics)), names)
    panel.spines[:].set_visible(False)


def _dots(panel: Axes, stability: pd.DataFrame, metrics: list[str], column: str) -> None:
    for place, metric in enumerate(reversed(metrics)):
        values: NDArray[np.float64] = stability.loc[stability["metric"] == metric, column].to_numpy(float)
        values, style = values[np.isfinite(values)], metric_style(metric)
        if not len(values):
            panel.annotate("n/a: all scores alike", (0.02, place), va="center", fontsize=9.5, color=MUTED)
            continue
        panel.plot(
            values, np.full(len(values), place), style.marker, color=style.colour, alpha=0.7, markersize=7,
            clip_on=False,
        )  # fmt: skip
        panel.plot([values.mean()] * 2, [place - 0.28, place + 0.28], color=style.colour, linewidth=2.5)
    tidy(panel, y_grid=False, x_grid=True)
