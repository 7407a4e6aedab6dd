"""What a user's model expects: the range of pixels, and the order of the classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import ParameterError
from guided_retraining.images.arrays import ImageArray, drawn_positions
from guided_retraining.models.class_order import best_order, order_by_name
from guided_retraining.models.input_range import INPUT_RANGES, predictions_by_range, with_range

__all__ = ["on_unit_images"]

TRIED = 200  # images on which they are tried
CLEARLY = 0.05  # of accuracy: another input range than [0, 1] must be better by this much
FAR_BETTER = 0.3  # of accuracy: so much more would be right with the classes in another order


def on_unit_images(
    model: Any,
    images: ImageArray,
    labels: NDArray[np.int64],
    class_names: Sequence[str],
    *,
    input_range: str | None = None,
) -> tuple[Any, str]:
    """A user's model as one of images in [0, 1].

    Args:
        model: that was checked against the images.
        images: ``(n, h, w, c)`` in [0, 1], labelled; a few hundred are looked at.
        labels: ``(n,)``.
        class_names: a name for each label.
        input_range: what the model expects of a pixel, a key of ``INPUT_RANGES``; None tries them.

    Returns:
        The model, and what it expected.

    Raises:
        ParameterError: no such range, or classes in another order, with that order.
    """
    if input_range is not None and input_range not in INPUT_RANGES:
        raise ParameterError(f"input range '{input_range}': expected {', '.join(INPUT_RANGES)}")
    looked_at = drawn_positions(len(labels), TRIED, 0)
    truth = labels[looked_at]
    predicted = predictions_by_range(model, images[looked_at])
    found = input_range or _best_range(predicted, truth, len(class_names))
    _check_order(predicted[found], truth, class_names)
    return with_range(model, found), found


def _best_range(predicted: Mapping[str, NDArray[np.int64]], labels: NDArray[np.int64], n_classes: int) -> str:
    """The range in which most is right, whatever the order of the classes; [0, 1] unless another is clearly better."""
    right = {name: best_order(labels, one, n_classes)[1] for name, one in predicted.items()}
    best = max(right, key=lambda name: right[name])
    return best if right[best] > right["0..1"] + CLEARLY else "0..1"


def _check_order(predicted: NDArray[np.int64], labels: NDArray[np.int64], class_names: Sequence[str]) -> None:
    right = float((predicted == labels).mean())
    order, in_order = best_order(labels, predicted, len(class_names))
    if in_order > right + FAR_BETTER:
        names = ",".join(order_by_name(class_names, order))
        raise ParameterError(
            f"the model is right on {100 * right:.1f} % of the images, but on {100 * in_order:.1f} % if its "
            f"classes are in another order: class_names [{names}] (in a data set's block "
            f"source.options.class_names, at a command --class-names {names})"
        )
