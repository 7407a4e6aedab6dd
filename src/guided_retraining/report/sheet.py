"""What each attack does to an image: clean, perturbation and adversarial, a block of rows per attack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from guided_retraining.errors import InputError
from guided_retraining.evaluation.wording import attack_name
from guided_retraining.images.arrays import ImageArray
from guided_retraining.report.canvas import empty_figure, grid
from guided_retraining.report.palette import ADVERSARIAL, INK, MUTED

__all__ = ["adversarial_sheet"]

SCALES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def adversarial_sheet(
    clean: ImageArray,
    adversarial: ImageArray,
    table: pd.DataFrame,
    *,
    class_names: Sequence[str] | None = None,
    n_columns: int = 8,
) -> Figure:
    """Clean image, perturbation and adversarial image of a few inputs of each attack.

    The inputs are spread evenly over those the attack was given, not picked for a good look.

    Args:
        clean: ``(n, h, w, c)`` float32 in [0, 1], the split the inputs were drawn from; ``source_index``
            points there.
        adversarial: ``(m, h, w, c)`` float32 in [0, 1], row by row as in ``table``.
        table: the adversarial table (attack, source_index, predicted_before, predicted_after, success).
        class_names: a name for each class; numbers without.
        n_columns: inputs shown for each attack.

    Returns:
        The figure; above each adversarial image the prediction before and after.

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
        return empty_figure("No adversarial inputs were made.")
    cell = 8.6 / n_columns  # inches; the rest of the width is for the labels
    figure, axes = grid(3 * len(attacks), n_columns, width=10.0, height=(3 * cell + 0.45) * len(attacks))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.015, wspace=0.0, hspace=0.0)
    for axes_ in (one for row in axes for one in row):
        axes_.set_axis_off()
    for block, attack in enumerate(attacks):
        rows = np.flatnonzero((table["attack"] == attack).to_numpy())
        picked = rows[np.linspace(0, len(rows) - 1, min(n_columns, len(rows))).astype(int)]
        before = np.asarray(clean[table["source_index"].to_numpy(np.int64)[picked]], np.float32)
        after = np.asarray(adversarial[picked], np.float32)
        scale = _scale(after - before)
        texts = (
            "clean",
            f"perturbation\n× {scale}" if scale else "perturbation:\nnone",
            "adversarial",
        )
        for offset, text in enumerate(texts):
            _row_label(axes[3 * block + offset][0], text)
        _row_label(axes[3 * block][0], attack_name(attack), height=0.85, weight="bold")
        for column, index in enumerate(picked):
            _image(axes[3 * block][column], before[column])
            _image(axes[3 * block + 1][column], 0.5 + scale * (after[column] - before[column]) / 2)
            _image(axes[3 * block + 2][column], after[column])
            _verdict(axes[3 * block + 2][column], table.iloc[int(index)], class_names)
    return figure


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


def _verdict(axes: Axes, row: pd.Series, class_names: Sequence[str] | None) -> None:
    def name(label: int) -> str:
        return str(label) if class_names is None else str(class_names[label])

    fooled = bool(row["success"])
    text = f"{name(int(row['predicted_before']))} → {name(int(row['predicted_after']))}"
    if not fooled:
        text = f"{name(int(row['predicted_after']))} (no success)"
    axes.set_title(text, fontsize=8.5, color=ADVERSARIAL if fooled else MUTED, pad=3)


def _row_label(axes: Axes, text: str, *, height: float = 0.5, weight: str = "normal") -> None:
    axes.text(
        -0.12, height, text, transform=axes.transAxes, ha="right", va="center", fontsize=10,
        fontweight=weight, color=INK,
    )  # fmt: skip
