"""The logits of a classifier that ends in softmax, with its own weights.

A saturated softmax has no gradient left, so an attack on probabilities fails without saying so. The twin
made here runs the same model, same variables, with its last activation left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import ModelError
from guided_retraining.machine.backend import keras
from guided_retraining.models.graph import ending

__all__ = ["LogitsTwin", "logits_twin", "output_kind", "sample_inputs", "softmax"]

SAMPLE_SIZE = 4  # random images on which outputs are compared
UNKNOWN_SIDE = 32  # side of the sample where the model leaves an axis open
TOLERANCE = 1e-5  # of a probability in float32
HALF_PRECISION = ("float16", "bfloat16")
HALF_PRECISION_TOLERANCE = 0.03

OutputKind = Literal["softmax", "logits"]


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of logits, ``(n, k)``, without overflow."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


class LogitsTwin(keras.Model):
    """A classifier without its final softmax; it holds the classifier, not a copy of it.

    Args:
        model: a built classifier.
        softmax: the layer or operation of it that computes the softmax.
    """

    def __init__(self, model: keras.Model, softmax: Any) -> None:
        super().__init__(name=f"{model.name}_logits", dtype=model.dtype_policy)
        self.classifier = model
        self._softmax = [softmax]  # in a list: Keras would count a layer twice
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        with _without(self._softmax[0]):
            return self.classifier(inputs, training=training)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self.classifier.compute_output_shape(input_shape)


def logits_twin(model: keras.Model) -> keras.Model:
    """Return a model that computes ``model``'s logits with ``model``'s own weights.

    Args:
        model: a built Keras classifier, ``(n, h, w, c) -> (n, k)``; Sequential, functional or subclassed.

    Returns:
        ``model`` itself where it puts out logits already; otherwise a twin that shares its variables.
        Weights set in ``model`` later are the twin's too.

    Raises:
        ModelError: the model is not built, has one output or a sigmoid, draws random numbers at inference,
            or hides its softmax where it cannot be left out.

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="softmax")])
    >>> twin = logits_twin(model)
    >>> twin.weights[0] is model.weights[0], output_kind(twin)
    (True, 'logits')
    """
    if output_kind(model) == "logits":
        return model
    softmax = _final_softmax(model)
    if softmax is None:
        raise ModelError(
            f"The model {model.name!r} puts out probabilities, but no softmax layer was found at its end; "
            "expected a last layer with activation='softmax', a Softmax layer or logits. Let the model put "
            "out its logits."
        )
    twin = LogitsTwin(model, softmax)
    inputs = sample_inputs(model)
    expected = _run(model, inputs)
    logits = _run(twin, inputs)
    difference = float(np.max(np.abs(_softmax(logits) - expected)))
    half = any(layer.compute_dtype in HALF_PRECISION for layer in model._flatten_layers())
    tolerance = HALF_PRECISION_TOLERANCE if half else TOLERANCE
    if not difference <= tolerance:
        raise ModelError(
            f"softmax of the logits of {model.name!r} differs from its output by {difference:.2g}, expected "
            f"at most {tolerance:.2g}: its layer {softmax.name!r} is not the last step. Let the model put "
            "out its logits."
        )
    return twin


def output_kind(model: keras.Model) -> OutputKind:
    """Tell whether a classifier puts out softmax probabilities or logits.

    Args:
        model: a built Keras classifier.

    Returns:
        ``"softmax"`` or ``"logits"``.

    Raises:
        ModelError: not a classifier over two or more classes, a sigmoid at the end, or random at inference.
    """
    if not isinstance(model, keras.Model):
        raise ModelError(f"Found a {type(model).__name__}, expected a keras.Model.")
    if isinstance(model, LogitsTwin):
        return "logits"
    inputs = sample_inputs(model)
    outputs = _run(model, inputs)
    if outputs.ndim != 2 or outputs.shape[1] < 2:
        raise ModelError(
            f"The model {model.name!r} has outputs of shape {outputs.shape[1:]}, expected (k,) with k >= "
            f"2 classes. "
            "For two classes, end in Dense(2, activation='softmax')."
        )
    final = _final_operation(model)
    if "sigmoid" in _activation_name(final):
        raise ModelError(
            f"The last layer {final.name!r} of {model.name!r} has a sigmoid, which gives independent "
            f"outputs; "
            "expected softmax over the classes or logits."
        )
    if not np.isfinite(outputs).all():
        raise ModelError(
            f"The model {model.name!r} puts out NaN or infinity on a random image; check its weights."
        )
    if not np.array_equal(outputs, _run(model, inputs)):
        raise ModelError(
            f"The model {model.name!r} gives other outputs each time for the same image: a Dropout or noise "
            "layer is left on at inference (called with training=True). Build it without the training "
            "argument."
        )
    if _is_softmax(final):
        return "softmax"
    return "softmax" if _are_probabilities(outputs) else "logits"


def sample_inputs(model: keras.Model) -> NDArray[np.float32]:
    """A few seeded random images in [0, 1] of the model's input shape."""
    shape = getattr(model, "input_shape", None) if model.built else None
    if not isinstance(shape, tuple):
        shape = _built_shape(model)
    sizes = [size or UNKNOWN_SIDE for size in shape[1:]]
    return np.random.default_rng(0).random((SAMPLE_SIZE, *sizes), dtype=np.float32)


def _built_shape(model: keras.Model) -> tuple[Any, ...]:
    config = model.get_build_config() if model.built else None
    shape = (config or {}).get("input_shape") or (config or {}).get("shapes_dict", {}).get("input_shape")
    if not isinstance(shape, tuple | list) or len(shape) < 2:
        raise ModelError(
            f"The model {model.name!r} does not say its input shape, expected one input (n, h, w, c). "
            f"Build it first: "
            "model.build((None, h, w, c)), or call it once on a batch of images."
        )
    return tuple(shape)


def _run(model: keras.Model, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    outputs = model(inputs, training=False)
    if not hasattr(outputs, "shape"):
        raise ModelError(
            f"The model {model.name!r} returns a {type(outputs).__name__}, expected one tensor (n, k)."
        )
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(outputs, "float32")))


def _final_operation(model: keras.Model) -> Any:
    """The layer or operation that computes the output; of a subclassed model its last one with softmax."""
    try:
        return ending(model).outputs[0]._keras_history.operation
    except (AttributeError, TypeError, ValueError, IndexError):  # subclassed: no graph to ask
        layers = [layer for layer in model._flatten_layers(include_self=False) if _is_softmax(layer)]
        return layers[-1] if layers else (model.layers[-1] if model.layers else model)


def _final_softmax(model: keras.Model) -> Any | None:
    final = _final_operation(model)
    return final if _is_softmax(final) else None


def _is_softmax(operation: Any) -> bool:
    return _activation_name(operation) == "softmax" or type(operation).__name__ == "Softmax"


def _activation_name(operation: Any) -> str:
    return str(getattr(getattr(operation, "activation", None), "__name__", ""))


def _are_probabilities(outputs: NDArray[np.float32]) -> bool:
    return bool((outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=HALF_PRECISION_TOLERANCE))


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@contextmanager
def _without(softmax: Any) -> Iterator[None]:
    """Let ``softmax`` pass its input through while a call is traced; the model itself stays as it is."""
    if _activation_name(softmax) == "softmax":
        activation = softmax.activation
        softmax.activation = keras.activations.linear
        try:
            yield
        finally:
            softmax.activation = activation
    else:
        object.__setattr__(softmax, "call", lambda inputs, *_, **__: inputs)
        try:
            yield
        finally:
            object.__delattr__(softmax, "call")
