"""Accuracy against the number of retraining inputs, with intervals over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from guided_retraining.evaluation.comparison import check_results, summarise
from guided_retraining.evaluation.first_edition import Recommendation
from guided_retraining.evaluation.wording import configuration_name, metric_name, percent
from guided_retraining.report.canvas import empty_figure, grid, share_if_alike, tidy
from guided_retraining.report.palette import INK, MUTED, metric_order, metric_style

__all__ = ["accuracy_curves", "accuracy_split"]

COLUMN_NAMES = {
    "accuracy_combined": "accuracy, clean + adversarial",
    "accuracy_clean": "accuracy, clean",
    "accuracy_replayed": "accuracy, adversarial",
    "accuracy_reattacked": "accuracy, attacked again",
    "accuracy_unseen": "accuracy, unseen attack",
}
SMALLEST_RANGE = 0.10  # of an axis: a narrower one would blow noise up to a finding


def accuracy_curves(
    results: pd.DataFrame,
    *,
    column: str = "accuracy_combined",
    confidence: float = 0.95,
    recommendation: Recommendation | None = None,
) -> Figure:
    """Mean accuracy of each metric at each budget with its t interval over seeds, a panel per configuration.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]) drawn.
        confidence: of the intervals, in (0, 1).
        recommendation: its cell is ringed.

    Returns:
        The figure; dotted and dashed lines are the original model and the whole pool.

    Raises:
        InputError: if the results table lacks a column, is empty or mixes data sets.
    """
    return _panels(results, [column], confidence, recommendation)


def accuracy_split(
    results: pd.DataFrame,
    *,
    columns: Sequence[str] = ("accuracy_clean", "accuracy_replayed", "accuracy_reattacked"),
    confidence: float = 0.95,
    recommendation: Recommendation | None = None,
) -> Figure:
    """Clean and adversarial accuracy apart, so that forgetting and hardening do not hide in one number.

    Args:
        results: the results table of one data set.
        columns: the accuracies, one row of panels each; those without any value are left out.
        confidence: of the intervals, in (0, 1).
        recommendation: its cell is ringed.

    Returns:
        The figure.

    Raises:
        InputError: if the results table lacks a key column, is empty or mixes data sets.
    """
    shown = [name for name in columns if name in results and results[name].notna().any()]
    return _panels(results, shown, confidence, recommendation)


def _panels(
    results: pd.DataFrame, columns: Sequence[str], confidence: float, recommendation: Recommendation | None
) -> Figure:
    check_results(results, columns)
    configurations = sorted(results["configuration"].unique())
    if not columns:
        return empty_figure("None of these accuracies was measured.")
    figure, axes = grid(
        len(columns), len(configurations), width=max(6.0, 3.6 * len(configurations)),
        height=1.2 + 3.0 * len(columns), sharex="col",
    )  # fmt: skip
    for row, column in zip(axes, columns, strict=True):
        summary = summarise(results, column, confidence=confidence)
        originals = summary.loc[summary["n_inputs"] == 0, "mean"]
        before = float(originals.iloc[0]) if len(originals) else None
        for panel, configuration in zip(row, configurations, strict=True):
            shown = summary[summary["configuration"] == configuration]
            _panel(panel, shown, before, recommendation)
            _limits(panel, shown)
        row[0].set_ylabel(COLUMN_NAMES.get(column, column.replace("_", " ")))
        share_if_alike(row, "y")
    for panel, configuration in zip(axes[0], configurations, strict=True):
        name = configuration_name(configuration)
        panel.set_title(configuration if name == configuration else f"{configuration}\n{name}", fontsize=10)
    for panel, configuration in zip(axes[-1], configurations, strict=True):
        pool = int(results.loc[results["configuration"] == configuration, "pool_size"].iloc[0])
        panel.set_xlabel(f"retraining inputs (whole pool: {pool:,})")
    _legend(figure, results, confidence, recommendation)
    return figure


def _panel(
    panel: Axes, summary: pd.DataFrame, before: float | None, recommendation: Recommendation | None
) -> None:
    pool = summary["pool_size"].max()
    whole = summary[summary["n_inputs"] == pool]
    if before is not None:
        panel.axhline(before, color=MUTED, linestyle=":", linewidth=1.4, zorder=1)
    if len(whole):
        panel.axhline(whole["mean"].iloc[0], color=MUTED, linestyle=(0, (6, 3)), linewidth=1.2, zorder=1)
    for metric in metric_order(summary["metric"]):
        curve, style = summary[summary["metric"] == metric].dropna(subset=["mean"]), metric_style(metric)
        x, mean = curve["n_inputs"].to_numpy(float), curve["mean"].to_numpy(float)
        low, high = curve["low"].to_numpy(float), curve["high"].to_numpy(float)
        known = np.isfinite(low).tolist()
        panel.fill_between(x, low, high, where=known, color=style.colour, alpha=0.10, linewidth=0)
        panel.plot(
            x, mean, color=style.colour, marker=style.marker, linestyle=style.line, linewidth=1.7,
            markersize=5, markeredgecolor="white" if style.marker != "x" else style.colour,
            markeredgewidth=0.6, zorder=3,
        )  # fmt: skip
    _ring(panel, summary, recommendation)
    panel.yaxis.set_major_formatter(PercentFormatter(1.0))
    panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    panel.xaxis.set_major_formatter("{x:,.0f}")
    tidy(panel)


def _ring(panel: Axes, summary: pd.DataFrame, recommendation: Recommendation | None) -> None:
    if recommendation is None or summary["configuration"].iloc[0] != recommendation["configuration"]:
        return
    cell = summary[summary["n_inputs"] == recommendation["n_inputs"]]
    if recommendation["metric"] is not None:
        cell = cell[cell["metric"] == recommendation["metric"]]
    panel.plot(
        cell["n_inputs"].iloc[:1], cell["mean"].iloc[:1], marker="o", markersize=14, color="none",
        markeredgecolor=INK, markeredgewidth=1.8, zorder=5,
    )  # fmt: skip


def _limits(panel: Axes, summary: pd.DataFrame) -> None:
    """Room for means and intervals of ordinary width; one very wide interval must not flatten the curves."""
    half = float(np.nan_to_num(summary["half_width"].median()))
    low, high = float(summary["mean"].min()) - half, float(summary["mean"].max()) + half
    pad = max(0.02, 0.05 * (high - low), (SMALLEST_RANGE - (high - low)) / 2)
    panel.set_ylim(max(-0.02, low - pad), min(1.02, high + pad))


def _legend(
    figure: Figure, results: pd.DataFrame, confidence: float, recommendation: Recommendation | None
) -> None:
    handles: list[Any] = []
    for metric in metric_order(results["metric"]):
        style = metric_style(metric)
        line: dict[str, Any] = {"color": style.colour, "marker": style.marker, "linestyle": style.line}
        handles.append(Line2D([], [], label=metric_name(metric), linewidth=1.7, markersize=6, **line))
    if (results["n_inputs"] == 0).any():
        handles.append(Line2D([], [], color=MUTED, linestyle=":", label="original model"))
    handles.append(Line2D([], [], color=MUTED, linestyle=(0, (6, 3)), label="whole pool"))
    if recommendation is not None and recommendation["configuration"] is not None:
        ring: dict[str, Any] = {
            "marker": "o",
            "markersize": 11,
            "markeredgecolor": INK,
            "markeredgewidth": 1.6,
        }
        handles.append(Line2D([], [], color="none", label="recommended", **ring))
    n_seeds = results["seed"].nunique()
    band = (
        f"bands: {percent(confidence, 0)} t intervals over {n_seeds} seeds"
        if n_seeds > 1
        else "one seed: no intervals"
    )
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(5, len(handles)), frameon=False,
        title=f"means; {band}", title_fontsize=10,
    )  # fmt: skip
