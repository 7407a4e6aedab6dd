"""A panel for each configuration of a study, wrapped to a width that stays legible."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from guided_retraining.report.canvas import grid

__all__ = ["configuration_grid", "configuration_title", "leftmost"]

IN_A_ROW = 3  # panels at most


def configuration_grid(
    configurations: Sequence[str], rows: int = 1, *, height: float, more: float = 0.0, **options: Any
) -> tuple[Figure, list[dict[str, Axes]]]:
    """A figure with a panel for each configuration in each of several rows, wrapped to a width that stays legible.

    Args:
        configurations: their keys.
        rows: of panels that belong together, one below the other.
        height: of a row in inches.
        more: inches for legend and titles.
        options: passed to ``Figure.subplots``, such as ``sharey="row"``.

    Returns:
        The figure, and by row the panels by configuration; those of the last row have numbers at their lower axis.
    """
    blocks = -(-len(configurations) // IN_A_ROW)
    columns = -(-len(configurations) // blocks)
    figure, axes = grid(
        rows * blocks, columns, width=max(6.0, 3.5 * columns), height=more + height * rows * blocks, **options
    )
    found: list[dict[str, Axes]] = [{} for _ in range(rows)]
    for place in range(columns * blocks):
        block, column = divmod(place, columns)
        for row in range(rows):
            panel = axes[block * rows + row][column]
            if place < len(configurations):
                found[row][configurations[place]] = panel
            else:
                figure.delaxes(panel)
    for panel in found[-1].values():
        panel.tick_params(labelbottom=True)
    return figure, found


def leftmost(panels: Iterable[Axes]) -> list[Axes]:
    """Those that have no panel at their left.

    Args:
        panels: of a grid.

    Returns:
        The ones that bear the label of their rows.
    """
    return [panel for panel in panels if (place := panel.get_subplotspec()) and place.is_first_col()]


def configuration_title(key: str, words: Mapping[str, str]) -> str:
    """A configuration above its panel: the key, then what it means, on lines that fit.

    Args:
        key: of the configuration.
        words: what each configuration means, by key.

    Returns:
        The lines.

    >>> print(configuration_title("config_3", {"config_3": "original weights, adversarial pool only"}))
    config_3
    original weights, adversarial pool only
    """
    return "\n".join([key, fill(words[key], 42)] if key in words else [key])
