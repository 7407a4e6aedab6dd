"""How early each order finds the inputs that the original model gets wrong, before any retraining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError
from guided_retraining.evaluation.wording import metric_name
from guided_retraining.guidance.quality import apfd
from guided_retraining.report.canvas import empty_figure, grid, tidy
from guided_retraining.report.palette import MUTED, metric_order, metric_style

__all__ = ["ranking_quality"]

CURVE_POINTS = 501


def ranking_quality(orders: Mapping[str, Sequence[ArrayLike]], faults: Sequence[ArrayLike]) -> Figure:
    """Share of the faults found against the share of the pool inspected in each metric's order.

    Args:
        orders: ``(n,)`` positions in the pool, best first, for each metric one of each replicate.
        faults: ``(n,)`` bool of each replicate, whether its original model misclassifies that input of the pool.

    Returns:
        The figure of means over replicates, with each metric's mean APFD in the legend; one that says so, if there is
        no fault to find.

    Raises:
        InputError: if an order has another length than its ``faults``.
    """
    faulty = [np.asarray(one, dtype=bool) for one in faults]
    usable = [place for place, one in enumerate(faulty) if one.any()]
    if not orders or not usable:
        return empty_figure("The original model makes no mistake on the pool: there is no fault to find.")
    figure, axes = grid(1, 1, width=8.0, height=4.4)
    panel, shares = axes[0][0], np.linspace(0, 1, CURVE_POINTS)  # a large pool would make a huge file
    least = min(float(faulty[place].mean()) for place in usable)
    ideal = np.minimum(shares / least, 1.0)
    panel.plot(shares, ideal, color=MUTED, linestyle=":", linewidth=1.5, label="best possible")
    for metric in metric_order(orders):
        pairs = [(_order(metric, orders[metric][place], faulty[place]), faulty[place]) for place in usable]
        found = np.mean([_found(order, one, shares) for order, one in pairs], axis=0)
        value = np.mean([apfd(order, one) for order, one in pairs])
        style, label = metric_style(metric), f"{metric_name(metric)} ({value:.3f})"
        panel.plot(
            shares, found, color=style.colour, linestyle=style.line, marker=style.marker,
            label=label, markevery=CURVE_POINTS // 12, markersize=5.5, linewidth=1.8,
        )  # fmt: skip
    panel.set_xlabel("share of the pool inspected, best score first")
    panel.set_ylabel("share of the faults found")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    panel.set_xlim(0, 1)
    panel.set_ylim(0, 1)
    tidy(panel, x_grid=True)
    figure.legend(
        loc="outside right upper",
        frameon=False,
        title="metric (APFD)",
        alignment="left",
    )
    return figure


def _order(metric: str, order: ArrayLike, faulty: NDArray[np.bool_]) -> NDArray[np.int64]:
    positions = np.asarray(order)
    if positions.shape != faulty.shape:
        raise InputError(f"Order of {metric}: expected {faulty.shape} positions, got {positions.shape}.")
    return positions


def _found(
    order: NDArray[np.int64], faulty: NDArray[np.bool_], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    found = np.concatenate([[0], np.cumsum(faulty[order])]) / faulty.sum()
    return np.interp(shares * len(faulty), np.arange(len(found)), found)
