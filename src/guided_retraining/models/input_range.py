"""Models that expect pixels in another range than [0, 1], seen as ones that do.

Images, attacks and eps are in [0, 1] everywhere. A model that expects another range gets one layer before all others,
which is taken away again when the hardened model is written.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import ModelError
from guided_retraining.images.arrays import ImageArray
from guided_retraining.models.forward import ForwardPass, predicted_labels

__all__ = ["INPUT_RANGES", "input_range_of", "predictions_by_range", "with_range", "without_range"]

# What a model may expect of a pixel in [0, 1]: scale and offset.
INPUT_RANGES: dict[str, tuple[float, float]] = {
    "0..1": (1.0, 0.0),
    "0..255": (255.0, 0.0),
    "-1..1": (2.0, -1.0),
}
LAYER = "to_input_range"


def with_range(model: Any, input_range: str) -> Any:
    """The model with a layer before all others that turns pixels in [0, 1] into what it expects.

    Args:
        model: a built Keras classifier, Sequential or functional.
        input_range: a key of ``INPUT_RANGES``.

    Returns:
        A model of images in [0, 1] with weights of its own; the model itself where it expects those.

    Raises:
        ModelError: a model that cannot be rebuilt from its configuration.
    """
    from guided_retraining.machine.backend import keras

    scale, offset = INPUT_RANGES[input_range]
    if (scale, offset) == (1.0, 0.0):
        return model
    configuration = _configuration(model)
    shape = tuple(model.inputs[0].shape[1:])
    layers = configuration["layers"]
    first = next((layer for layer in layers if layer["class_name"] == "InputLayer"), None)
    inputs = keras.Input(shape, name=first["config"]["name"] if first else "image")
    shown = keras.layers.Rescaling(scale, offset, name=LAYER)(inputs)
    before = keras.Model(inputs, shown).get_config()["layers"]
    if isinstance(model, keras.Sequential):
        before = [{key: value for key, value in layer.items() if key != "inbound_nodes"} for layer in before]
        rest = layers
    else:
        rest = _connected(layers, inputs.name, LAYER)
    configuration["layers"] = [*before, *(layer for layer in rest if layer["class_name"] != "InputLayer")]
    return _rebuilt(model, configuration)


def without_range(model: Any) -> Any:
    """The model without the layer that :func:`with_range` put before it.

    Args:
        model: any Keras classifier.

    Returns:
        A model of what it expected before, with weights of its own; the model itself where there is no such layer.
    """
    from guided_retraining.machine.backend import keras

    if input_range_of(model) == "0..1":
        return model
    configuration = _configuration(model)
    layers = configuration["layers"]
    if not isinstance(model, keras.Sequential):
        first = next(layer for layer in layers if layer["class_name"] == "InputLayer")
        layers = _connected(layers, LAYER, first["config"]["name"])
    configuration["layers"] = [layer for layer in layers if layer["config"]["name"] != LAYER]
    return _rebuilt(model, configuration)


def input_range_of(model: Any) -> str:
    """What a model expected before :func:`with_range`, a key of ``INPUT_RANGES``.

    Args:
        model: any Keras classifier.
    """
    for layer in model.layers:
        if layer.name == LAYER:
            found = layer.scale, layer.offset
            return next(name for name, row in INPUT_RANGES.items() if row == found)
    return "0..1"


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


def _configuration(model: Any) -> dict[str, Any]:
    configuration = model.get_config()
    if not isinstance(configuration, dict) or "layers" not in configuration:
        raise ModelError(
            f"the model '{model.name}' is neither Sequential nor functional, so its input range cannot be changed; "
            "begin it with a Rescaling layer that takes pixels in [0, 1]"
        )
    return dict(configuration)


def _rebuilt(model: Any, configuration: dict[str, Any]) -> Any:
    rebuilt = type(model).from_config(configuration)
    rebuilt.set_weights(model.get_weights())
    return rebuilt


def _connected(value: Any, before: str, after: str) -> Any:
    """A configuration in which what followed one layer follows another."""
    if isinstance(value, dict):
        return {
            key: [after, *one[1:]]
            if key == "keras_history" and one[0] == before
            else _connected(one, before, after)
            for key, one in value.items()
        }
    return [_connected(one, before, after) for one in value] if isinstance(value, list | tuple) else value
