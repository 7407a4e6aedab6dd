"""One colour, marker and line per metric, the same in every figure, told apart by colour-blind readers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from zlib import crc32

from guided_retraining.guidance.registry import METRICS

__all__ = [
    "ADVERSARIAL",
    "CLEAN",
    "INK",
    "MUTED",
    "Style",
    "configuration_styles",
    "metric_order",
    "metric_style",
]

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


SPARE_COLOURS = ("#88CCEE", "#DDAA33", "#7A4B2A", "#555555", "#B00068")
# Okabe and Ito 2008, "Color universal design": told apart by colour-blind readers
CONFIGURATION_COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#D55E00", "#CC79A7", "#E69F00", "#000000")
SPARE_MARKERS = ("o", "s", "^", "v", "D", "P", "X")


def metric_style(key: str) -> Style:
    """The style of a metric, from its row; one without gets a spare style by a checksum of its key.

    Args:
        key: registry key or import path of the metric.

    Returns:
        Always the same style for the same key, whatever other metrics there are.

    >>> metric_style("random").line, metric_style("mine:score") == metric_style("mine:score")
    ('--', True)
    """
    row = METRICS.get(key)
    if row is not None and row.colour:
        return Style(row.colour, row.marker, row.line)
    number = crc32(key.encode())
    colour = SPARE_COLOURS[number % len(SPARE_COLOURS)]
    marker = SPARE_MARKERS[number // 8 % len(SPARE_MARKERS)]
    return Style(colour, marker, "-.")


def configuration_styles(keys: Iterable[str]) -> dict[str, Style]:
    """A style for each configuration of a study; after seven they begin again with another line.

    Args:
        keys: of the configurations.

    Returns:
        By key, sorted.

    >>> [style.marker for style in configuration_styles(["b", "a"]).values()]
    ['o', 's']
    """
    n = len(CONFIGURATION_COLOURS)
    return {
        key: Style(CONFIGURATION_COLOURS[i % n], SPARE_MARKERS[i % n], ("-", "--", ":")[i // n % 3])
        for i, key in enumerate(sorted(set(keys)))
    }


def metric_order(keys: Iterable[str]) -> list[str]:
    """Metrics in the order of every legend and table: the known ones as in the registry, others by name.

    Args:
        keys: any iterable of metric keys; repeated ones count once.

    Returns:
        The keys, sorted.

    >>> metric_order(["mine", "random", "dsa"])
    ['dsa', 'random', 'mine']
    """
    known = list(METRICS)
    unique = {str(key) for key in keys}
    return sorted(unique, key=lambda key: (known.index(key) if key in METRICS else len(known), key))
