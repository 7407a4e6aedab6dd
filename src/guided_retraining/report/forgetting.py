"""Which classes pay for hardening: clean images that were right before and are wrong now, and the reverse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from guided_retraining.evaluation.findings import Forgetting
from guided_retraining.evaluation.wording import percent
from guided_retraining.report.canvas import empty_figure, grid, tidy
from guided_retraining.report.palette import ADVERSARIAL, CLEAN, INK, MUTED

__all__ = ["class_names_of", "forgetting_figure"]

MOST = 20  # classes that have room


def forgetting_figure(forgetting: Forgetting | None, *, class_names: Sequence[str]) -> Figure:
    """Clean test images of each class that became wrong (to the left) and right (to the right).

    Args:
        forgetting: of the recommended model against the original one.
        class_names: a name for each class.

    Returns:
        The figure, the class with the most images that became wrong on top; of many classes those with the most.
    """
    if forgetting is None or not forgetting["per_class"]:
        return empty_figure("Nothing was retrained, or right and wrong of each image was not kept.")
    rows = forgetting["per_class"]
    order = sorted(range(len(rows)), key=lambda place: -rows[place]["churn"])
    shown = order[:MOST][::-1]
    figure, axes = grid(1, 1, width=8.0, height=1.5 + 0.27 * len(shown))
    panel = axes[0][0]
    wrong = np.array([100 * rows[place]["churn"] for place in shown])
    right = np.array([100 * rows[place]["gained"] for place in shown])
    for values, sign, colour, text in ((wrong, -1, ADVERSARIAL, "right before, wrong now"),
                                       (right, 1, CLEAN, "wrong before, right now")):  # fmt: skip
        panel.barh(range(len(shown)), sign * values, color=colour, height=0.7, label=text)
        for place, value in enumerate(values):
            panel.annotate(
                f"{value:.1f}", (sign * value, place), (4 * sign, 0), textcoords="offset points", va="center",
                ha="left" if sign > 0 else "right", fontsize=9, color=INK,
            )  # fmt: skip
    panel.axvline(0, color=INK, linewidth=1.0)
    reach = 1.2 * max(1.0, wrong.max(), right.max())
    panel.set_xlim(-min(reach, 100.0), min(reach, 100.0))
    panel.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g} %")
    names = class_names_of(forgetting, class_names)
    panel.set_yticks(range(len(shown)), [names[place] for place in shown])
    panel.set_xlabel("clean test images of the class")
    tidy(panel, y_grid=False, x_grid=True)
    panel.spines["left"].set_visible(False)
    panel.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=10)
    if len(order) > len(shown):
        panel.set_title(
            f"the {len(shown)} of {len(order)} classes that forgot most", fontsize=10.5, color=MUTED
        )
    else:
        lost, gained = percent(forgetting["churn"]), percent(forgetting["gained"])
        panel.set_title(f"all classes: {lost} wrong now, {gained} right now", fontsize=10.5, color=MUTED)
    return figure


def class_names_of(forgetting: Forgetting, class_names: Sequence[str]) -> list[str]:
    """A name for each row of the classes; its number where there is no name.

    Args:
        forgetting: with a row for each class.
        class_names: names by class index.

    Returns:
        The names, in the order of the rows.
    """
    labels = [row["label"] for row in forgetting["per_class"]]
    return [str(class_names[label]) if label < len(class_names) else str(label) for label in labels]
