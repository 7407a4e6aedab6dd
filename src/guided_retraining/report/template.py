"""The pages' templates: filled, with every text escaped and all figures inside."""

from __future__ import annotations

from base64 import b64encode
from re import sub
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from guided_retraining.report.canvas import figure_bytes

__all__ = ["data_address", "fill_template"]


def fill_template(name: str, **content: Any) -> str:
    """A page from its template.

    Args:
        name: of the template's file in this package.
        content: what it shows.

    Returns:
        HTML, to be written as UTF-8.
    """
    environment = Environment(
        loader=PackageLoader("guided_retraining.report", ""), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    page: str = environment.get_template(name).render(**content)
    for apart in (" %", "p = ", "p &lt; "):  # a number and its sign stay on one line
        page = page.replace(apart, apart.replace(" ", "\N{NO-BREAK SPACE}"))
    return sub(r"(\[[\d.]+), ([\d.]+\])", "\\1,\N{NO-BREAK SPACE}\\2", page)


def data_address(figure: Figure | bytes, *, raster: bool = False) -> str:
    """A figure as the address of a picture that lies in the page itself.

    Args:
        figure: of Matplotlib, or the bytes of a PNG or SVG file.
        raster: whether Matplotlib's becomes a PNG.

    Returns:
        A ``data:`` address.
    """
    if isinstance(figure, Figure):
        figure = figure_bytes(figure, kind="png" if raster else "svg")
    kind = "png" if figure.startswith(b"\x89PNG") else "svg+xml"
    return f"data:image/{kind};base64,{b64encode(figure).decode('ascii')}"
