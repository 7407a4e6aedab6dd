"""Models that expect pixels in another range than [0, 1], seen as ones that do."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.images.arrays import ImageArray
from guided_retraining.models.forward import ForwardPass, predicted_labels

__all__ = ["INPUT_RANGES", "predictions_by_range", "rescaled"]

# What a model may expect of a pixel in [0, 1]: scale and offset.
INPUT_RANGES: dict[str, tuple[float, float]] = {
    "0..1": (1.0, 0.0),
    "0..255": (255.0, 0.0),
    "-1..1": (2.0, -1.0),
}


def rescaled(model: Any, input_range: str) -> Any:
    """The model with a layer before it that turns pixels in [0, 1] into what it expects; weights are shared.

    Args:
        model: a built Keras classifier.
        input_range: a key of ``INPUT_RANGES``.

    Returns:
        A model of images in [0, 1]; the model itself where it expects those.
    """
    from guided_retraining.machine.backend import keras

    scale, offset = INPUT_RANGES[input_range]
    if (scale, offset) == (1.0, 0.0):
        return model
    inputs = keras.Input(tuple(model.inputs[0].shape[1:]), name="image")
    shown = keras.layers.Rescaling(scale, offset, name="to_input_range")(inputs)
    return keras.Model(inputs, model(shown), name=model.name)


def predictions_by_range(model: Any, images: ImageArray) -> dict[str, NDArray[np.int64]]:
    """What a model says of the same images in each of the usual ranges.

    Args:
        model: a built Keras classifier.
        images: ``(n, h, w, c)`` in [0, 1].

    Returns:
        ``(n,)`` classes by key of ``INPUT_RANGES``.
    """
    forward = ForwardPass(model)
    shown = np.asarray(images[:], np.float32)
    return {
        name: predicted_labels(forward, (shown * scale + offset).astype(np.float32))
        for name, (scale, offset) in INPUT_RANGES.items()
    }
