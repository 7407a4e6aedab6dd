"""What the scores say before any retraining: how they lie on clean and on adversarial inputs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError
from guided_retraining.evaluation.wording import metric_name, percent
from guided_retraining.report.canvas import empty_figure, grid, tidy
from guided_retraining.report.palette import ADVERSARIAL, CLEAN, metric_order

__all__ = ["adversarial_above_clean", "score_distributions"]

TAILS = (0.5, 99.5)  # percentiles shown: a few extreme surprise scores would squeeze all others into one bar
LONG_TAIL = 50  # times the range of the middle half of the scores


def score_distributions(scores: Mapping[str, ArrayLike], is_adversarial: ArrayLike) -> Figure:
    """Distribution of each metric's scores on clean and on adversarial inputs of the pool.

    Args:
        scores: ``(n,)`` scores of the pool for each metric.
        is_adversarial: ``(n,)`` bool.

    Returns:
        The figure, one panel per metric; its title says how often an adversarial input outranks a clean one.

    Raises:
        InputError: if a score array has another length than ``is_adversarial``.
    """
    adversarial = np.asarray(is_adversarial, dtype=bool)
    metrics = metric_order(scores)
    if not metrics:
        return empty_figure("No metric was computed.")
    columns = min(3, len(metrics))
    rows = -(-len(metrics) // columns)
    figure, axes = grid(rows, columns, width=10.0, height=0.7 + 2.35 * rows)
    flat = [one for row in axes for one in row]
    for panel in flat[len(metrics) :]:
        panel.set_axis_off()
    for panel, metric in zip(flat, metrics, strict=False):
        _distribution(panel, metric, _checked(metric, scores[metric], adversarial), adversarial)
    for row in axes:
        row[0].set_ylabel("share of inputs")
    for name, colour in (("clean", CLEAN), ("adversarial", ADVERSARIAL)):
        flat[0].plot([], [], color=colour, linewidth=6, alpha=0.6, label=name)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def adversarial_above_clean(scores: ArrayLike, is_adversarial: ArrayLike) -> float:
    """How often an adversarial input has a higher score than a clean one: the area under the ROC curve.

    Args:
        scores: ``(n,)``; NaN is left out, of equal scores half count.
        is_adversarial: ``(n,)`` bool.

    Returns:
        In [0, 1], 0.5 by chance; NaN without both kinds of inputs.

    Source: Mann and Whitney (1947).

    >>> adversarial_above_clean([0.1, 0.4, 0.4, 0.9], [False, False, True, True])
    0.875
    """
    values, adversarial = np.asarray(scores, dtype=float), np.asarray(is_adversarial, dtype=bool)
    values, adversarial = values[~np.isnan(values)], adversarial[~np.isnan(values)]
    n_adversarial, n_clean = int(adversarial.sum()), int((~adversarial).sum())
    if not n_adversarial or not n_clean:
        return float("nan")
    ranks = scipy.stats.rankdata(values)[adversarial].sum()
    return float((ranks - n_adversarial * (n_adversarial + 1) / 2) / (n_adversarial * n_clean))


def _distribution(
    panel: Axes, metric: str, values: NDArray[np.float64], adversarial: NDArray[np.bool_]
) -> None:
    known = ~np.isnan(values)
    values, adversarial = values[known], adversarial[known]
    finite = values[np.isfinite(values)]
    low, high = np.percentile(finite, TAILS) if len(finite) else (0.0, 1.0)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    low_half, middle, high_half = np.percentile(finite, (25, 50, 75)) if len(finite) else (0.0, 0.5, 1.0)
    width = high_half - low_half
    stretched = width > 0 and high - low > LONG_TAIL * width
    if stretched:  # logarithmic far from 0, else one bar would hold nearly all
        scale = max(abs(middle), width)
        edges = scale * np.sinh(np.linspace(np.arcsinh(low / scale), np.arcsinh(high / scale), 31))
        edges[[0, -1]] = low, high
        panel.set_xscale("asinh", linear_width=scale)
        ticks = _power_ticks(low, high, scale)
        panel.set_xticks(list(ticks), list(ticks.values()))
        panel.xaxis.set_minor_locator(NullLocator())
    else:
        edges = np.linspace(low, high, 31)
    for mask, colour in ((~adversarial, CLEAN), (adversarial, ADVERSARIAL)):
        group = np.clip(values[mask], low, high)  # what lies beyond is counted in the outermost bars
        if len(group):
            weights = np.full(len(group), 1 / len(group))
            panel.hist(
                group, bins=edges.tolist(), weights=weights, color=colour, alpha=0.45, histtype="stepfilled"
            )
            panel.hist(
                group, bins=edges.tolist(), weights=weights, color=colour, histtype="step", linewidth=1.2
            )
    panel.set_title(f"{metric_name(metric)}: {_outranks(values, adversarial)}", fontsize=10.5)
    panel.set_xlabel("score (logarithmic far from 0)" if stretched else "score")
    if not stretched:
        panel.xaxis.set_major_locator(MaxNLocator(5))
    panel.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    tidy(panel)


def _power_ticks(low: float, high: float, scale: float) -> dict[float, str]:
    """0 and a few powers of ten on both sides, none so near to another that their texts would touch."""
    ticks = {0.0: "0"} if low <= 0 <= high else {}
    for end, sign, mark in ((high, 1.0, ""), (-low, -1.0, "-")):
        if end <= 0:
            continue
        powers = range(int(np.ceil(np.log10(5 * scale))), int(np.floor(np.log10(end))) + 1)
        for power in powers[:: -(len(powers) // 4 + 1)]:
            ticks[sign * 10.0**power] = f"${mark}10^{{{power}}}$"
    return ticks


def _outranks(values: NDArray[np.float64], adversarial: NDArray[np.bool_]) -> str:
    share = adversarial_above_clean(values, adversarial)
    return f"adv. above clean {percent(share, 0)}" if np.isfinite(share) else "nothing to compare"


def _checked(metric: str, scores: ArrayLike, adversarial: NDArray[np.bool_]) -> NDArray[np.float64]:
    values = np.asarray(scores, dtype=float)
    if values.shape != adversarial.shape:
        raise InputError(f"Scores of {metric}: expected shape {adversarial.shape}, got {values.shape}.")
    return values
