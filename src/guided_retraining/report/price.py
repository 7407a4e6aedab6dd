"""Robust and clean accuracy against the price in gradient passes: which way of hardening gives most for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from guided_retraining.evaluation.findings import PricePoint, Recommendation
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.wording import configuration_label, metric_name, number, percent
from guided_retraining.report.canvas import RING, empty_figure, grid, percent_limits, tidy
from guided_retraining.report.context import PageContext
from guided_retraining.report.palette import MUTED, Style, configuration_styles
from guided_retraining.report.price_points import (
    is_recommended,
    mean_of,
    price_ends,
    price_front,
    price_lines,
)

__all__ = [
    "PRICE_AXIS",
    "price_figure",
    "price_finding",
]

FRONT: dict[str, Any] = {"color": "#BDBDBD", "linewidth": 5.0, "solid_capstyle": "round", "zorder": 1}
ORIGINAL: dict[str, Any] = {"color": MUTED, "linestyle": ":", "linewidth": 1.4}
UNKNOWN = "The price of these models was not counted, so their accuracies are not set against it."
PRICE_AXIS = "price: gradient passes in all"


def price_figure(recommendation: Recommendation) -> Figure:
    """The outcome that counts and clean accuracy against the price of a model.

    Args:
        recommendation: from ``recommend``.

    Returns:
        The figure: a line of means with intervals for each configuration, dashed in the order of a recommended metric;
        the original model; the Pareto front of the outcome that counts; the recommended model ringed.
    """
    r, outcome = recommendation, recommendation["prices"]["outcome"]
    points = [point for point in r["prices"]["points"] if point["price"]]
    if not points:
        return empty_figure(UNKNOWN)
    kinds = list(dict.fromkeys((outcome, "clean")))
    styles = configuration_styles(str(point["configuration"]) for point in points)
    figure, axes = grid(1, len(kinds), width=11.0, height=4.3 + 0.23 * len(styles))
    for panel, kind in zip(axes[0], kinds, strict=True):
        if kind == outcome:
            x, y = zip(*price_front(r), strict=True) if price_front(r) else ((), ())
            panel.plot(x, y, drawstyle="steps-post", **FRONT)
        _panel(panel, r, kind, styles)
    _legend(figure, r, styles)
    return figure


def price_finding(context: PageContext) -> str:
    """What the figure of prices shows: the front, from the cheapest point on, and what never is on it.

    Args:
        context: what the page is made from.

    Returns:
        Sentences without markup.
    """
    r = context.recommendation
    points, outcome = r["prices"]["points"], r["prices"]["outcome"]
    if not any(point["price"] for point in points):
        return UNKNOWN
    best = sorted((p for p in points if p["on_front"]), key=lambda point: point["price"] or 0)
    said = []
    for name, group in groupby(best, key=lambda point: _named(point, r)):
        steps = [
            f"{percent(mean_of(p, outcome))} for {number(p['price'])}"
            if p["price"]
            else percent(mean_of(p, outcome))
            for p in group
        ]
        said.append(f"{name} {', '.join(steps)}")
    there = {point["configuration"] for point in best}
    never = sorted({p["configuration"] for p in points if p["configuration"] is not None} - there)
    beaten = f" Beaten at every price: {'; '.join(_words(key, r) for key in never)}." if never else ""
    name = OUTCOMES[outcome].name
    return f"The most {name} accuracy for its price in gradient passes: {'; '.join(said)}.{beaten}"


def _named(point: PricePoint, r: Recommendation) -> str:
    if point["configuration"] is None:
        return "original model"
    order = (
        f", {metric_name(point['metric'])}" if point["metric"] not in (None, r["choice"]["baseline"]) else ""
    )
    return f"{_words(str(point['configuration']), r)}{order}"


def _words(key: str, r: Recommendation) -> str:
    return r["words"].get(key, key)


def _panel(panel: Axes, r: Recommendation, kind: str, styles: Mapping[str, Style]) -> None:
    points = r["prices"]["points"]
    original = next((mean_of(point, kind) for point in points if point["configuration"] is None), None)
    if original is not None:
        panel.axhline(original, zorder=1, **ORIGINAL)
    drawn = [] if original is None else [original]
    for key, style in styles.items():
        for line, path in price_lines(r, key, kind).items():
            drawn += _line(panel, path, kind, style, line)
            for point in path:
                if is_recommended(point, r):
                    panel.plot([point["price"] or 0], [mean_of(point, kind) or 0.0], **RING)
    prices = [point["price"] for point in points if point["price"]]
    panel.set_xscale("log")
    panel.set_xlim(*price_ends(r))
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if max(prices) < 100 * min(prices) else (1,)))
    panel.xaxis.set_major_formatter(lambda value, _: _short(value))
    panel.xaxis.set_minor_formatter(NullFormatter())
    percent_limits(panel, drawn)
    panel.set_xlabel(PRICE_AXIS)
    panel.set_ylabel(f"{OUTCOMES[kind].name} accuracy")
    tidy(panel)


def _line(panel: Axes, path: Sequence[PricePoint], kind: str, style: Style, line: str) -> list[float]:
    """Means in the order of price, each with its interval; the room for all means and the usual interval."""
    x = [point["price"] or 0 for point in path]
    means = [mean_of(point, kind) or 0.0 for point in path]
    marks: dict[str, Any] = {"color": style.colour, "marker": style.marker, "markersize": 6}
    panel.plot(x, means, linestyle=line, linewidth=1.6, zorder=3, **marks)
    lengths: list[float] = []
    for place, point in zip(x, path, strict=True):
        low, high = point["accuracy"][kind]["low"], point["accuracy"][kind]["high"]
        if low is not None and high is not None:
            panel.plot([place, place], [low, high], color=style.colour, linewidth=1.1, alpha=0.55, zorder=2)
            lengths.append((high - low) / 2)
    usual = float(np.percentile(lengths, 75)) if lengths else 0.0
    return [mean + side * usual for mean in means for side in (-1, 1)]


def _legend(figure: Figure, r: Recommendation, styles: Mapping[str, Style]) -> None:
    choice = r["choice"]
    handles = [
        Line2D(
            [],
            [],
            label=fill(configuration_label(key, r["words"]), 110),
            color=style.colour,
            marker=style.marker,
        )
        for key, style in styles.items()
    ]
    handles.append(Line2D([], [], label="best for its price", **FRONT))
    if any(point["configuration"] is None for point in r["prices"]["points"]):
        handles.append(Line2D([], [], label="original model, at no price", **ORIGINAL))
    if choice["configuration"] is not None:
        handles.append(Line2D([], [], label="recommended", **{**RING, "markersize": 11}))
    if choice["metric"] is not None:
        colour = styles[str(choice["configuration"])].colour
        handles.append(
            Line2D(
                [], [], label=f"in the order of {metric_name(choice['metric'])}", color=colour, linestyle="--"
            )
        )
    figure.legend(handles=handles, loc="outside lower left", ncols=1, frameon=False, fontsize=10)


def _short(value: float) -> str:
    """A number of passes on an axis.

    >>> _short(1500), _short(2e6), _short(900)
    ('1.5k', '2M', '900')
    """
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{sign}"
    return f"{value:.3g}" if np.isfinite(value) else ""
