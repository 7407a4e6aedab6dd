"""What each attack does to an image: clean, perturbation and adversarial, a block of rows per attack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from numpy.typing import NDArray

from guided_retraining.errors import InputError
from guided_retraining.evaluation.wording import attack_name
from guided_retraining.images.arrays import ImageArray
from guided_retraining.report.canvas import empty_figure, grid
from guided_retraining.report.palette import ADVERSARIAL, INK, MUTED

__all__ = ["SheetInput", "adversarial_sheet"]

SCALES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
WIDTH = 8.6  # inches of the images of a row; the rest of the figure's is for the labels
VERDICT = FontProperties(size=8.5)
NO_SUCCESS = {"failure": "no success", "wrong before": "wrong before"}

Ending = Literal["success", "failure", "wrong before"]


class SheetInput(TypedDict):
    """One input of the sheet: how its attack ended, and where its three images lie in the picture.

    ``said`` is the verdict with the classes' full names; ``boxes`` are left, top, width and height of the clean image,
    the perturbation and the adversarial image, as shares of the picture's width and height.
    """

    attack: str
    ending: Ending
    said: str
    boxes: list[list[float]]


def adversarial_sheet(
    clean: ImageArray,
    adversarial: ImageArray,
    table: pd.DataFrame,
    *,
    class_names: Sequence[str] | None = None,
    n_columns: int = 8,
) -> tuple[Figure, list[SheetInput]]:
    """Clean image, perturbation and adversarial image of a few inputs of each attack.

    Half of them are successes where there are as many, the rest failures; each half is spread evenly over those the
    attack was given, not picked for a good look.

    Args:
        clean: ``(n, h, w, c)`` float32 in [0, 1], the split the inputs were drawn from; ``source_index``
            points there.
        adversarial: ``(m, h, w, c)`` float32 in [0, 1], row by row as in ``table``.
        table: the adversarial table (attack, source_index, predicted_before, predicted_after, correct_before, success).
        class_names: a name for each class; numbers without.
        n_columns: inputs shown for each attack.

    Returns:
        The figure, above each adversarial image the prediction before and after; and the inputs in it.

    Raises:
        InputError: if table and images do not have the same length.
    """
    if len(table) != len(adversarial):
        raise InputError(
            f"Adversarial sheet: expected one table row per image, got {len(table)} rows and "
            f"{len(adversarial)} images."
        )
    attacks = list(dict.fromkeys(table["attack"]))
    if not attacks:
        return empty_figure("No adversarial inputs were made."), []
    cell = WIDTH / n_columns
    figure, axes = grid(3 * len(attacks), n_columns, width=10.0, height=(3 * cell + 0.55) * len(attacks))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.015, wspace=0.0, hspace=0.0)
    shown: list[tuple[SheetInput, list[Axes]]] = []
    for axes_ in (one for row in axes for one in row):
        axes_.set_axis_off()
    for block, attack in enumerate(attacks):
        picked = _picked(table, attack, n_columns)
        before = np.asarray(clean[table["source_index"].to_numpy(np.int64)[picked]], np.float32)
        after = np.asarray(adversarial[picked], np.float32)
        scale = _scale(after - before)
        magnified = f"perturbation\n× {scale}" if scale else "perturbation:\nnone"
        for offset, text in enumerate(("clean", magnified, "adversarial")):
            _row_label(axes[3 * block + offset][0], text)
        _row_label(axes[3 * block][0], attack_name(attack), height=0.85, weight="bold")
        for column, index in enumerate(picked):
            _image(axes[3 * block][column], before[column])
            _image(axes[3 * block + 1][column], 0.5 + scale * (after[column] - before[column]) / 2)
            _image(axes[3 * block + 2][column], after[column])
            before_, after_, ending = _verdict(table.iloc[int(index)], class_names)
            title = _title(before_, after_, ending, 72 * cell)
            colour = ADVERSARIAL if ending == "success" else MUTED
            axes[3 * block + 2][column].set_title(title, fontproperties=VERDICT, color=colour, pad=3)
            found = SheetInput(attack=attack, ending=ending, said=_said(before_, after_, ending), boxes=[])
            shown.append((found, [axes[3 * block + row][column] for row in range(3)]))
    return figure, _placed(figure, shown)


def _picked(table: pd.DataFrame, attack: str, number: int) -> NDArray[np.int64]:
    """Positions of the inputs shown: half successes, half failures, as far as there are so many of each."""
    own, success = (table["attack"] == attack).to_numpy(), table["success"].to_numpy(bool)
    failure = table["correct_before"].to_numpy(bool) & ~success
    groups = [np.flatnonzero(own & kind) for kind in (success, failure, ~success & ~failure)]
    taken = [min(len(groups[0]), max(number - number // 2, number - len(groups[1])))]
    for group in groups[1:]:
        taken.append(min(len(group), number - sum(taken)))
    spread = [
        group[np.linspace(0, len(group) - 1, n).astype(int)] for group, n in zip(groups, taken, strict=True)
    ]
    return np.concatenate(spread)


def _placed(figure: Figure, shown: Sequence[tuple[SheetInput, Sequence[Axes]]]) -> list[SheetInput]:
    """The inputs with their images' boxes, which a later save leaves where they are."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for found, images in shown:
        for axes in images:
            box = axes.get_position()
            found["boxes"].append([round(float(x), 5) for x in (box.x0, 1 - box.y1, box.width, box.height)])
    return [found for found, _ in shown]


def _scale(perturbations: NDArray[np.float32]) -> int:
    """The largest round factor at which hardly any pixel of a perturbation is clipped."""
    largest = float(np.quantile(np.abs(perturbations), 0.995))
    fitting = [scale for scale in SCALES if scale * largest <= 1.001]  # 0.1 is 0.1000001 in float32
    if largest == 0:
        return 0
    return fitting[-1] if fitting else 1


def _image(axes: Axes, image: NDArray[np.float32]) -> None:
    shown = np.clip(image, 0, 1)
    if shown.shape[-1] == 1:
        axes.imshow(shown[..., 0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    else:
        axes.imshow(shown[..., :3], interpolation="nearest")


def _verdict(row: pd.Series, class_names: Sequence[str] | None) -> tuple[str, str, Ending]:
    """Prediction before and after, by name, and how the attack ended."""
    before, after = (
        str(label) if class_names is None else str(class_names[label])
        for label in (int(row["predicted_before"]), int(row["predicted_after"]))
    )
    ending: Ending = "success" if row["success"] else "failure" if row["correct_before"] else "wrong before"
    return before, after, ending


def _said(before: str, after: str, ending: Ending) -> str:
    changed = f"{before} → {after}" if before != after else before
    return changed if ending == "success" else f"{changed} ({NO_SUCCESS[ending]})"


def _title(before: str, after: str, ending: Ending, room: float) -> str:
    """The verdict in one line of so many points, or in two; a name that has no room in its line ends in dots."""
    said = _said(before, after, ending)
    if _width(said) <= room:
        return said

    def cut(text: str) -> str:
        kept = text
        while kept and _width(kept if kept == text else f"{kept}…") > room:
            kept = kept[:-1].rstrip()
        return text if kept == text else f"{kept}…"

    second = f"→ {after}" if ending == "success" else f"({NO_SUCCESS[ending]})"
    return f"{cut(before if ending == 'success' else after)}\n{cut(second)}"


def _width(text: str) -> float:
    """Of a verdict, in points."""
    width, _, _ = text_to_path.get_text_width_height_descent(text, VERDICT, ismath=False)
    return float(width)


def _row_label(axes: Axes, text: str, *, height: float = 0.5, weight: str = "normal") -> None:
    axes.text(
        -0.12, height, text, transform=axes.transAxes, ha="right", va="center", fontsize=10,
        fontweight=weight, color=INK,
    )  # fmt: skip
