"""The marks and lines of a style, as pages draw them: the same shapes as in the figures."""

from __future__ import annotations

from functools import cache

from matplotlib.markers import MarkerStyle
from matplotlib.path import Path

__all__ = ["DASHES", "marker_path"]

LETTERS = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
# Of Matplotlib's line styles, in pixels
DASHES = {"-": [1, 0], "--": [6, 4], ":": [2, 3], "-.": [7, 3, 2, 3]}


@cache
def marker_path(marker: str) -> str:
    """A marker's outline.

    Args:
        marker: Matplotlib's name of it.

    Returns:
        Data of an SVG path about within -1 and 1 (diamonds reach over), with y growing downwards.

    >>> marker_path("s")
    'M-1,1L1,1L1,-1L-1,-1Z'
    """
    style = MarkerStyle(marker)
    outline = style.get_path().transformed(style.get_transform())
    drawn = []
    for values, code in outline.iter_segments(simplify=False):
        if code == Path.CLOSEPOLY:
            drawn.append("Z")
        else:
            points = (values.reshape(-1, 2) * (2, -2)).round(3) + 0.0  # + 0.0: no minus zero
            drawn.append(LETTERS[code] + " ".join(f"{x:g},{y:g}" for x, y in points))
    return "".join(drawn)
