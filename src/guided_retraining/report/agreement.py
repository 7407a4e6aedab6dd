"""How far metrics agree with each other, and each with itself when the original model is trained again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError
from guided_retraining.evaluation.wording import metric_name, percent
from guided_retraining.guidance.quality import first_of, overlap
from guided_retraining.report.canvas import empty_figure, grid, tidy
from guided_retraining.report.palette import INK, MUTED, metric_order, metric_style

__all__ = ["agreement_table", "metric_agreement", "stability_figure", "stability_table"]

FIRST = (0.01, 0.05, 0.10)
MINUS = "\N{MINUS SIGN}"


def metric_agreement(correlation: ArrayLike, metrics: list[str], *, what: str = "rank correlation") -> Figure:
    """How much the metrics agree with each other, as a table of squares with numbers.

    Args:
        correlation: ``(k, k)`` in [-1, 1], such as Spearman's rank correlation or the overlap of the first n.
        metrics: k metric keys, in that order.
        what: the number's name.

    Returns:
        The figure; one that says so, if there are not two metrics.

    Raises:
        InputError: if the matrix is not ``(k, k)``.
    """
    values = np.asarray(correlation, dtype=float)
    k = len(metrics)
    if values.shape != (k, k):
        raise InputError(f"Agreement: expected a ({k}, {k}) matrix for {k} metrics, got {values.shape}.")
    if k < 2:
        return empty_figure("Agreement needs two metrics.")
    figure, axes = grid(1, 1, width=1.8 + 0.75 * k, height=1.2 + 0.6 * k)
    panel = axes[0][0]
    shown = panel.imshow(values, cmap="PuOr_r", vmin=-1, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        colour = "white" if abs(value) > 0.65 else INK
        panel.text(j, i, _correlation_text(value), ha="center", va="center", fontsize=9, color=colour)
    names = [metric_name(metric) for metric in metrics]
    panel.set_xticks(range(k), names, rotation=35, ha="right")
    panel.set_yticks(range(k), names)
    panel.spines[:].set_visible(False)
    bar = figure.colorbar(shown, ax=panel, label=what, shrink=0.8)
    if np.nanmin(values, initial=1.0) >= 0:
        bar.ax.set_ylim(0, 1)  # shares: the scale's lower half is not theirs
    return figure


def agreement_table(orders: Mapping[str, ArrayLike], correlation: pd.DataFrame) -> pd.DataFrame:
    """What each pair of metrics has in common, as people read it.

    Args:
        orders: ``(n,)`` positions in the pool, best first, for each metric.
        correlation: rank correlations, its index and columns the metrics; others are shown as n/a.

    Returns:
        Text cells, a row for each pair of metrics: rank correlation, and the share of inputs that both
        have among their first 1, 5 and 10 % of the pool.

    Raises:
        InputError: if an order is not a permutation of the pool.
    """
    metrics = metric_order(orders)
    heads = [f"shared in the first {percent(share, 0)}" for share in FIRST]
    columns = ["metric", "and", "rank correlation", *heads]
    if len(metrics) < 2:
        return pd.DataFrame(columns=columns)
    stacked = np.stack([np.asarray(orders[metric]) for metric in metrics])
    shared = [overlap(stacked, first_of(stacked.shape[1], share)) for share in FIRST]
    rows = []
    for i, one in enumerate(metrics):
        for j, other in enumerate(metrics[i + 1 :], start=i + 1):
            known = one in correlation.index and other in correlation.columns
            value = float(correlation.at[one, other]) if known else np.nan  # type: ignore[arg-type]
            shares = [percent(matrix[i, j], 0) for matrix in shared]
            rows.append((metric_name(one), metric_name(other), _correlation_text(value), *shares))
    return pd.DataFrame(rows, columns=columns)


def stability_figure(stability: pd.DataFrame) -> Figure:
    """How far each metric ranks the same inputs alike when the original model is trained with another seed.

    Args:
        stability: ``metric, seed, other_seed, n_inputs, first, rank_correlation, overlap``, a row for each
            metric and pair of seeds.

    Returns:
        The figure: a dot for each pair of original models, a bar at the metric's mean.
    """
    if stability.empty:
        return empty_figure("No metric depends on the original model.")
    metrics = metric_order(stability["metric"])
    share = float((stability["first"] / stability["n_inputs"]).iloc[0])
    figure, axes = grid(1, 2, width=10.0, height=1.3 + 0.36 * len(metrics), sharey=True)
    left, right = axes[0]
    for panel, column, chance in ((left, "rank_correlation", 0.0), (right, "overlap", share)):
        _dots(panel, stability, metrics, column)
        panel.axvline(chance, color=MUTED, linestyle="--", linewidth=1.2, zorder=0)
        panel.annotate("chance", (chance, 1.01), xycoords=("data", "axes fraction"), ha="center",
                       fontsize=9.5, color=MUTED)  # fmt: skip
    left.set_yticks(range(len(metrics)), [metric_name(metric) for metric in reversed(metrics)])
    left.set_ylim(-0.6, len(metrics) - 0.4)
    lowest = float(np.nanmin(stability["rank_correlation"].to_numpy(float), initial=0.0))
    left.set_xlim(min(-0.05, 1.1 * lowest), 1.05)
    right.set_xlim(-0.05, 1.05)
    left.set_xlabel("rank correlation between two original models")
    right.set_xlabel(f"inputs shared in the first {percent(share, 0)}")
    right.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return figure


def stability_table(stability: pd.DataFrame) -> pd.DataFrame:
    """How stable each metric's ranking is over seeds of the original model, as people read it.

    Args:
        stability: as for the figure.

    Returns:
        Text cells: metric, mean and lowest rank correlation, mean and lowest share of inputs in common
        among the first 10 %, and the number of pairs of original models.
    """
    rows = []
    for metric in metric_order(stability["metric"]):
        part = stability[stability["metric"] == metric]
        correlation, shared = part["rank_correlation"], part["overlap"]
        rows.append(
            (
                metric_name(metric),
                _correlation_text(float(correlation.mean())),
                _correlation_text(float(correlation.min())),
                percent(shared.mean(), 0),
                percent(shared.min(), 0),
                len(part),
            )
        )
    first = percent(FIRST[-1], 0)
    return pd.DataFrame(
        rows,
        columns=[
            "metric",
            "rank correlation",
            "lowest of all pairs",
            f"shared in the first {first}",
            "lowest share",
            "pairs of models",
        ],
    )


def _dots(panel: Axes, stability: pd.DataFrame, metrics: list[str], column: str) -> None:
    for place, metric in enumerate(reversed(metrics)):
        values: NDArray[np.float64] = stability.loc[stability["metric"] == metric, column].to_numpy(float)
        values, style = values[np.isfinite(values)], metric_style(metric)
        if not len(values):
            panel.annotate("n/a: all scores alike", (0.02, place), va="center", fontsize=9.5, color=MUTED)
            continue
        panel.plot(
            values, np.full(len(values), place), style.marker, color=style.colour, alpha=0.7, markersize=7
        )
        panel.plot([values.mean()] * 2, [place - 0.28, place + 0.28], color=style.colour, linewidth=2.5)
    tidy(panel, y_grid=False, x_grid=True)


def _correlation_text(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS) if np.isfinite(value) else "n/a"
