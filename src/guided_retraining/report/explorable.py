"""A figure that a reader explores in the page: its panels, and the switches that show and hide parts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from markupsafe import Markup

from guided_retraining.report.marks import DASHES, marker_path
from guided_retraining.report.palette import Style

__all__ = ["Explorable", "Option", "Panel", "Switch", "chart_library"]


@dataclass(frozen=True)
class Option:
    """One box to tick.

    Attributes:
        key: what it switches.
        name: as shown.
        on: whether it is ticked at first.
        style: whose mark stands beside it; None without one.
    """

    key: str
    name: str
    on: bool = True
    style: Style | None = None

    @property
    def swatch(self) -> Markup:
        """Line and mark of its style as SVG; empty without one."""
        if self.style is None:
            return Markup("")
        dashes = " ".join(str(length) for length in DASHES[self.style.line])
        return Markup(
            '<svg viewBox="-14 -7 28 14" width="28" height="14" aria-hidden="true" fill="{0}" stroke="{0}">'
            '<path d="M-14,0H14" stroke-width="1.7" stroke-dasharray="{1}"/>'
            '<path d="{2}" transform="scale(4.5)" stroke-width=".3"/></svg>'
        ).format(self.style.colour, dashes, marker_path(self.style.marker))


@dataclass(frozen=True)
class Switch:
    """Boxes to tick that belong together.

    Attributes:
        field: what they switch: ``configuration``, ``metric`` or ``outcome``.
        legend: above them.
        options: the boxes.
    """

    field: str
    legend: str
    options: Sequence[Option]


@dataclass(frozen=True)
class Panel:
    """One chart.

    Attributes:
        title: above it.
        shows: what the whole panel belongs to, by the field of a switch.
        specification: of Vega-Lite, from ``line_chart``.
    """

    title: str
    shows: Mapping[str, str]
    specification: Mapping[str, Any]


@dataclass(frozen=True)
class Explorable:
    """All panels and switches of one figure.

    Attributes:
        switches: those with two options at least are shown.
        panels: in the order of the page.
        bars: whether intervals are drawn at first.
        key: what the marks mean that no switch stands for.
    """

    switches: Sequence[Switch]
    panels: Sequence[Panel]
    bars: bool
    key: str


@cache
def chart_library() -> Markup:
    """The library that draws the panels in a browser, for a page that needs no network.

    Returns:
        Vega, Vega-Lite and Vega-Embed as one script, which puts ``vegaEmbed`` into the window.
    """
    from vl_convert import javascript_bundle

    script: str = javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return Markup(script.replace("</script", "<\\/script"))
