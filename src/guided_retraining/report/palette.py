"""One colour, marker and line per metric, the same in every figure, told apart by colour-blind readers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

__all__ = ["ADVERSARIAL", "CLEAN", "INK", "MUTED", "Style", "metric_order", "metric_style"]

INK = "#222222"
MUTED = "#767676"
CLEAN = "#0072B2"
ADVERSARIAL = "#D55E00"


@dataclass(frozen=True)
class Style:
    """How a metric is drawn.

    Args:
        colour: as ``#RRGGBB``.
        marker: Matplotlib's name of it.
        line: Matplotlib's line style.
    """

    colour: str
    marker: str
    line: str = "-"


# Okabe and Ito (2008), without their yellow (too faint on white), for the six of the published
# study; the others from Tol (2021), "Colour schemes", muted. Like colours differ in marker and line as well.
STYLES = {
    "neuron_coverage": Style("#E69F00", "s"),
    "lsa": Style("#56B4E9", "^"),
    "dsa": Style("#0072B2", "o"),
    "deep_gini": Style("#D55E00", "D"),
    "softmax_entropy": Style("#009E73", "v"),
    "random": Style("#000000", "x", "--"),
    "margin": Style("#CC79A7", "P"),
    "max_softmax": Style("#882255", "h", "-."),
    "mdsa": Style("#332288", "<"),
    "loss": Style("#999933", "*", "-."),
    "nbc": Style("#AA4499", ">", ":"),
    "snac": Style("#117733", "p", ":"),
    "kmnc": Style("#CC6677", "d", ":"),
    "k_center": Style("#44AA99", "X", "-."),
}
SPARE_COLOURS = ("#88CCEE", "#DDAA33", "#7A4B2A", "#555555", "#B00068")
SPARE_MARKERS = ("o", "s", "^", "v", "D", "P", "X")


def metric_style(key: str) -> Style:
    """The style of a metric; a user's own metric gets a spare one by a checksum of its key.

    Args:
        key: registry key or import path of the metric.

    Returns:
        Always the same style for the same key, whatever other metrics there are.

    >>> metric_style("random").line, metric_style("mine:score") == metric_style("mine:score")
    ('--', True)
    """
    if key in STYLES:
        return STYLES[key]
    number = crc32(key.encode())
    colour = SPARE_COLOURS[number % len(SPARE_COLOURS)]
    marker = SPARE_MARKERS[number // 8 % len(SPARE_MARKERS)]
    return Style(colour, marker, "-.")


def metric_order(keys: Iterable[str]) -> list[str]:
    """Metrics in the order of every legend and table: the known ones as in the palette, others by name.

    Args:
        keys: any iterable of metric keys; repeated ones count once.

    Returns:
        The keys, sorted.

    >>> metric_order(["mine", "random", "dsa"])
    ['dsa', 'random', 'mine']
    """
    known = list(STYLES)
    unique = {str(key) for key in keys}
    return sorted(unique, key=lambda key: (known.index(key) if key in STYLES else len(known), key))
