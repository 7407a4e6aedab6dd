"""One panel of an explorable figure as a Vega-Lite specification: lines, marks, intervals, and what each mark says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

from guided_retraining.report.marks import DASHES, marker_path
from guided_retraining.report.palette import INK, MUTED, Style

__all__ = ["Axis", "ChartRow", "line_chart"]

HEIGHT = 240  # pixels of a panel; its width is what the page has
MARK, TOUCHED, RING, CURSOR = 60, 320, 330, 480  # square pixels
FRONT, ACCENT = "#BDBDBD", "#0B5CAD"
AXIS = {
    "domainColor": MUTED, "tickColor": MUTED, "gridColor": "#E4E4E4", "labelColor": INK, "titleColor": INK,
    "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal",
}  # fmt: skip
PERCENT = "round(1000 * datum.value) / 10 + ' %'"
COUNT = "datum.value < 10000 ? format(datum.value, ',') : format(datum.value, '.3~s')"

SHOWN = "indexof(off_configuration, datum.configuration) < 0 && indexof(off_metric, datum.metric) < 0"
WITH_INTERVAL = "bars && isValid(datum.low)"
TOLD = {"configuration": "configuration", "order": "order", "spent": "for", "value": "accuracy"}


class ChartRow(TypedDict):
    """A mark: where it stands, whose it is, and what it says.

    ``configuration`` and ``metric`` are what it can be switched off by; ``style`` is the line it belongs to; ``low``
    and ``high`` are None where there is no interval; ``order``, ``spent`` and ``value`` are told as they are.
    """

    configuration: str
    metric: str
    style: str
    x: float
    mean: float
    low: float | None
    high: float | None
    recommended: bool
    order: str
    spent: str
    value: str


class Axis(TypedDict):
    """The axis of prices or budgets, logarithmic: title, ends, and the values labelled, None for the usual ones."""

    title: str
    ends: tuple[float, float]
    labelled: list[int] | None


def line_chart(
    rows: Sequence[ChartRow],
    styles: Mapping[str, Style],
    *,
    x: Axis,
    y_title: str,
    y_ends: tuple[float, float],
    levels: Mapping[str, float | None],
    front: Sequence[tuple[float, float]] = (),
) -> dict[str, Any]:
    """A panel's specification, with the signals ``off_configuration`` and ``off_metric`` (keys that are not shown),
    ``bars`` (whether intervals are) and ``at`` (the row that the keyboard is at, -1 for none).

    Args:
        rows: the marks.
        styles: how each line is drawn.
        x: axis of prices or budgets.
        y_title: what kind of accuracy.
        y_ends: of its axis, shares in [0, 1].
        levels: accuracies drawn as lines across, by line style; None where one is not known.
        front: steps from the cheapest point on, drawn below all else.

    Returns:
        The specification, whose table ``rows`` holds the marks numbered by ``id``.
    """
    table = [
        {name: round(value, 5) if isinstance(value, float) else value for name, value in row.items()}
        | {"id": place}
        for place, row in enumerate(rows)
    ]
    known = {key: style for key, style in styles.items() if any(row["style"] == key for row in rows)}
    place = {
        "x": {
            **_quantity("x", x["title"], {"type": "log", "domain": x["ends"], "nice": False}),
            "axis": {"labelExpr": COUNT, "labelOverlap": "greedy", "labelSeparation": 6, "grid": False}
            | ({} if x["labelled"] is None else {"values": x["labelled"]}),
        },
        "y": {
            **_quantity("mean", y_title, {"domain": y_ends, "nice": False}),
            "axis": {"labelExpr": PERCENT, "tickCount": 5},
        },
    }
    colour = _of_style(known, lambda style: style.colour)
    shape = _of_style(known, lambda style: marker_path(style.marker))
    interval = {**place, "y": {**place["y"], "field": "low"}, "y2": {"field": "high"}, "color": colour}
    line = {**place, "color": colour, "strokeDash": _of_style(known, lambda style: DASHES[style.line])}
    told = [{"field": field, "type": "nominal", "title": title} for field, title in TOLD.items()]
    return {
        "data": {"name": "rows", "values": table},
        "width": "container",
        "height": HEIGHT,
        "params": [
            {"name": "off_configuration", "value": []},
            {"name": "off_metric", "value": []},
            {"name": "bars", "value": True},
            {"name": "at", "value": -1},
        ],
        "layer": [
            *_below(place, levels, front),
            _layer(
                {"type": "rule", "clip": True, "opacity": 0.5, "strokeWidth": 1.3}, interval, WITH_INTERVAL
            ),
            _layer({"type": "line", "clip": True, "strokeWidth": 1.7}, line),
            _layer(
                {"type": "point", "size": MARK, "filled": True, "opacity": 1, "strokeWidth": 1.4},
                {**place, "fill": colour, "stroke": colour, "shape": shape},
            ),
            _layer(
                {"type": "point", "size": RING, "stroke": INK, "strokeWidth": 2}, place, "datum.recommended"
            ),
            _layer(
                {"type": "point", "size": CURSOR, "stroke": ACCENT, "strokeWidth": 2},
                place,
                "datum.id === at",
            ),
            _layer(
                {"type": "point", "size": TOUCHED, "filled": True, "opacity": 0}, {**place, "tooltip": told}
            ),
        ],
        "config": {"view": {"stroke": None}, "axis": AXIS},
    }


def _quantity(field: str, title: str, scale: Mapping[str, Any]) -> dict[str, Any]:
    return {"field": field, "type": "quantitative", "title": title, "scale": scale}


def _of_style(styles: Mapping[str, Style], drawn: Callable[[Style], Any]) -> dict[str, Any]:
    """A channel by the line that a mark belongs to; the switches are the legend."""
    scale = {"domain": list(styles), "range": [drawn(style) for style in styles.values()]}
    return {"field": "style", "type": "nominal", "scale": scale, "legend": None}


def _layer(mark: Mapping[str, Any], encoding: Mapping[str, Any], *more: str) -> dict[str, Any]:
    return {
        "transform": [{"filter": condition} for condition in (SHOWN, *more)],
        "mark": mark,
        "encoding": encoding,
    }


def _below(
    place: Mapping[str, Any], levels: Mapping[str, float | None], front: Sequence[tuple[float, float]]
) -> list[dict[str, Any]]:
    """The front's steps and the lines across."""
    steps = {"type": "line", "interpolate": "step-after", "strokeWidth": 5, "color": FRONT, "clip": True}
    drawn: list[dict[str, Any]] = []
    if front:
        values = [{"x": x, "mean": mean} for x, mean in front]
        drawn.append({"data": {"values": values}, "mark": steps, "encoding": place})
    for line, level in levels.items():
        if level is not None:
            rule = {"type": "rule", "color": MUTED, "strokeDash": DASHES[line], "clip": True}
            drawn.append({"data": {"values": [{"mean": level}]}, "mark": rule, "encoding": {"y": place["y"]}})
    return drawn
