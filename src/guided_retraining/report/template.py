"""The pages' templates: filled, with every text escaped and all figures inside."""

from __future__ import annotations

from base64 import b64encode
from re import DOTALL, split, sub
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from guided_retraining.report.canvas import figure_bytes

PLAIN = " /:;,=.()!*+-_@$?[]{}|^~"  # what may stand in an address within double quotes, and in XML

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
    environment.policies["json.dumps_kwargs"] = {"sort_keys": True, "separators": (",", ":")}
    page: str = environment.get_template(name).render(**content)
    parts = split(r"(<script.*?</script>|\"data:[^\"]*\")", page, flags=DOTALL)
    return "".join(part if place % 2 else _kept_together(part) for place, part in enumerate(parts))


def _kept_together(text: str) -> str:
    """A number and its sign, and an interval's ends, stay on one line."""
    for apart in (" %", "p = ", "p &lt; "):
        text = text.replace(apart, apart.replace(" ", "\N{NO-BREAK SPACE}"))
    return sub(r"(\[[\d.]+), ([\d.]+\])", "\\1,\N{NO-BREAK SPACE}\\2", text)


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
    if figure.startswith(b"\x89PNG"):
        return f"data:image/png;base64,{b64encode(figure).decode('ascii')}"
    one_line = b" ".join(figure.split())  # a browser would leave line breaks out of an address
    return f"data:image/svg+xml,{quote(one_line, safe=PLAIN)}"  # a quarter shorter than base64
