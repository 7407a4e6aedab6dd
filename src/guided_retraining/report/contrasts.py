"""Each metric against random over all budgets: differences with simultaneous intervals, as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from guided_retraining.evaluation.findings import Contrast, Contrasts
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.wording import metric_name, percent, points
from guided_retraining.report.canvas import empty_figure, tidy
from guided_retraining.report.palette import INK, MUTED, metric_order, metric_style
from guided_retraining.report.panels import configuration_grid, configuration_title

__all__ = ["VERDICTS", "contrasts_figure"]

VERDICTS = {
    "better": "better",
    "worse": "worse",
    "equal": "equal within the margin",
    "unresolved": "not resolved",
}


def contrasts_figure(contrasts: Contrasts, *, words: Mapping[str, str], confidence: float) -> Figure:
    """Metrics against random over all budgets below the whole pool, with what the study could have shown.

    Args:
        contrasts: of all metrics and configurations.
        words: what each configuration means, by key.
        confidence: of the simultaneous intervals, in (0, 1).

    Returns:
        The figure, a panel for each configuration: difference and interval of each metric, the margin as a band, the
        smallest difference that would have been shown as a bar of that length; one that says why it is empty.
    """
    rows = contrasts["rows"]
    baseline = metric_name(contrasts["baseline"])
    if not rows:
        return empty_figure(f"There is nothing to compare with {baseline}.")
    configurations = sorted({row["configuration"] for row in rows})
    metrics = metric_order(row["metric"] for row in rows)
    figure, (panels,) = configuration_grid(
        configurations, height=1.0 + 0.42 * len(metrics), more=1.0, sharex=True, sharey=True
    )
    for key, panel in panels.items():
        _panel(panel, [row for row in rows if row["configuration"] == key], metrics, contrasts["margin"])
        _detectable(panel, contrasts["detectable"].get(key))
        panel.set_title(configuration_title(key, words), fontsize=9.5)
    first = figure.axes[0]
    first.set_yticks(range(len(metrics)), [metric_name(metric) for metric in reversed(metrics)])
    first.set_ylim(-1.5, len(metrics) - 0.4)
    _limits(first, rows, contrasts)
    figure.supxlabel(
        f"{OUTCOMES[contrasts['outcome']].name} accuracy over all budgets: points against {baseline}\n"
        f"{_said(contrasts, confidence)}; shaded: the margin of {points(contrasts['margin'])}",
        fontsize=10.5,
    )
    return figure


def _said(contrasts: Contrasts, confidence: float) -> str:
    if all(row["low"] is None for row in contrasts["rows"]):
        return "one replicate: no intervals" if contrasts["n_replicates"] < 2 else "no intervals"
    return f"simultaneous {percent(confidence, 0)} intervals over {contrasts['n_replicates']} replicates"


def _panel(panel: Axes, rows: Sequence[Contrast], metrics: Sequence[str], margin: float) -> None:
    panel.axvspan(-100 * margin, 100 * margin, color=MUTED, alpha=0.13, linewidth=0)
    panel.axvline(0, color=INK, linewidth=1.0)
    for row in rows:
        place, style = len(metrics) - 1 - metrics.index(row["metric"]), metric_style(row["metric"])
        if row["low"] is not None and row["high"] is not None:
            panel.plot(
                [100 * row["low"], 100 * row["high"]], [place, place], color=style.colour, linewidth=2.2
            )
        panel.plot(
            [100 * row["difference"]], [place], marker=style.marker, color=style.colour, markersize=8,
            markerfacecolor="white" if row["verdict"] == "unresolved" else style.colour, markeredgewidth=1.4,
        )  # fmt: skip
        verdict = VERDICTS[row["verdict"]] if row["low"] is not None else ""
        panel.annotate(
            verdict, (0.995, place + 0.2), xycoords=("axes fraction", "data"), ha="right",
            fontsize=8.5, color=MUTED if row["verdict"] == "unresolved" else INK,
        )  # fmt: skip
    tidy(panel, x_grid=True, y_grid=False)


def _detectable(panel: Axes, difference: float | None) -> None:
    if difference is None:
        return
    panel.plot([0, 100 * difference], [-0.9, -0.9], color=INK, linewidth=1.4, marker="|", markersize=8)
    panel.annotate(
        f"{points(difference)}: found in 80 % of such studies", (0, -0.9), (0, -9),
        textcoords="offset points", ha="center", va="center", fontsize=8.5, color=INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )  # fmt: skip


def _limits(panel: Axes, rows: Sequence[Contrast], contrasts: Contrasts) -> None:
    """All differences and most intervals; one that is very wide runs out of the panel."""
    lengths = [row["high"] - row["low"] for row in rows if row["low"] is not None and row["high"] is not None]
    usual = float(np.percentile(lengths, 75)) if lengths else 0.0
    reach = max(abs(row["difference"]) for row in rows) + 0.6 * usual
    known = [value for value in contrasts["detectable"].values() if value is not None]
    reach = min(100.0, 110 * max(reach, 1.5 * contrasts["margin"], *known, 0.01))
    panel.set_xlim(-reach, reach)
