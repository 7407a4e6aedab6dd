"""The one place that knows how a Keras backend compiles and differentiates.

An attack is written once, in ``keras.ops``, as a function of ``(logits_of, *arrays)``; here it becomes one
compiled graph for TensorFlow or JAX. TensorFlow graphs leave the batch axis open and are traced once. JAX compiles for
each shape, so batches are filled up to a few sizes. Both read the model's variables when they run: new weights in the
same model need no new graph.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import ModelError
from guided_retraining.machine.backend import keras
from guided_retraining.models.forward import FORWARD

__all__ = ["Signature", "compile_for", "jacobian", "jacobian_passes", "value_and_gradient"]

LogitsOf = Callable[[Any], Any]
Signature = Sequence[tuple[tuple[int | None, ...], str]]
BACKENDS = ("tensorflow", "jax")
LEAST_ROWS = 64  # of a smaller batch that JAX compiles for too: fewer take as long


def jacobian_passes(n_classes: int) -> float:
    """Gradient passes in one forward pass and a backward pass for each class."""
    return FORWARD + n_classes * (1 - FORWARD)


def compile_for(
    model: keras.Model, function: Callable[..., Any], signature: Signature, *, batch_size: int
) -> Callable[..., list[NDArray[Any]]]:
    """Compile ``function(logits_of, *tensors)`` for a model whose weights may change later.

    Args:
        model: the model whose outputs ``logits_of`` computes, with dropout off.
        function: returns a tuple of tensors with a row for each input; written in ``keras.ops``.
        signature: shape and dtype of each further argument; None where an axis is open.
        batch_size: rows that a call usually has at most.

    Returns:
        A function of NumPy arrays that returns a list of NumPy arrays.

    Raises:
        ModelError: the Keras backend has no gradients here.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _compile_tensorflow(model, function, signature)
    if backend == "jax":
        return _compile_jax(model, function, signature, batch_size)
    raise ModelError(
        f"Attacks need gradients, found Keras backend {backend!r}, expected one of {', '.join(BACKENDS)}; "
        "set KERAS_BACKEND before Keras is imported."
    )


def value_and_gradient(function: Callable[[Any], tuple[Any, Any]], inputs: Any) -> tuple[Any, Any, Any]:
    """``(value, extra, gradient)`` of ``function(inputs) -> (value, extra)``, one value for each input.

    Args:
        function: value ``(n,)``, each depending on its own row of ``inputs`` only; extra is anything.
        inputs: ``(n, ...)`` tensor inside a compiled function.

    Returns:
        The value ``(n,)``, the extra result, and the gradient in the shape of ``inputs``.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            value, extra = function(inputs)
        return value, extra, tape.gradient(value, inputs)
    import jax  # type: ignore[import-not-found]

    def total(x: Any) -> tuple[Any, tuple[Any, Any]]:
        value, extra = function(x)
        return value.sum(), (value, extra)

    (_, (value, extra)), gradient = jax.value_and_grad(total, has_aux=True)(inputs)
    return value, extra, gradient


def jacobian(function: LogitsOf, inputs: Any) -> tuple[Any, Any]:
    """``(outputs (n, k), jacobian (n, k, ...))``: one forward pass, one backward pass for each class."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(inputs)
            outputs = function(inputs)
        # a loop in the graph: the vectorised form needs k times the memory
        return outputs, tape.batch_jacobian(outputs, inputs, experimental_use_pfor=False)
    import jax  # type: ignore[import-not-found]

    outputs, backward = jax.vjp(function, inputs)
    rows = jax.lax.map(
        lambda one_hot: backward(keras.ops.zeros_like(outputs) + one_hot)[0], keras.ops.eye(outputs.shape[1])
    )
    return outputs, keras.ops.moveaxis(rows, 0, 1)


def _compile_tensorflow(
    model: keras.Model, function: Callable[..., Any], signature: Signature
) -> Callable[..., list[NDArray[Any]]]:
    import tensorflow as tf

    specification = [tf.TensorSpec(shape, dtype) for shape, dtype in signature]

    @tf.function(input_signature=specification, autograph=False)
    def graph(*arrays: Any) -> Any:
        return function(_logits_of(lambda inputs: model(inputs, training=False)), *arrays)

    def run(*arrays: Any) -> list[NDArray[Any]]:
        tensors = [
            tf.convert_to_tensor(array, dtype=dtype)
            for array, (_, dtype) in zip(arrays, signature, strict=True)
        ]
        return [result.numpy() for result in graph(*tensors)]

    return run


def _compile_jax(
    model: keras.Model, function: Callable[..., Any], signature: Signature, batch_size: int
) -> Callable[..., list[NDArray[Any]]]:
    import jax  # type: ignore[import-not-found]

    @jax.jit
    def graph(trainable: Any, fixed: Any, *arrays: Any) -> Any:
        def call(inputs: Any) -> Any:
            return model.stateless_call(trainable, fixed, inputs, training=False)[0]

        return function(_logits_of(call), *arrays)

    is_batch = [bool(shape) and shape[0] is None for shape, _ in signature]

    def run(*arrays: Any) -> list[NDArray[Any]]:
        typed = [np.asarray(array, dtype) for array, (_, dtype) in zip(arrays, signature, strict=True)]
        rows = next(len(array) for array, batch in zip(typed, is_batch, strict=True) if batch)
        missing = _rows_compiled_for(rows, batch_size) - rows
        filled = [
            np.concatenate([array, np.repeat(array[:1], missing, axis=0)]) if batch else array
            for array, batch in zip(typed, is_batch, strict=True)
        ]
        trainable = [variable.value for variable in model.trainable_variables]
        fixed = [variable.value for variable in model.non_trainable_variables]
        return [np.asarray(result)[:rows] for result in graph(trainable, fixed, *filled)]

    return run


def _rows_compiled_for(rows: int, batch_size: int) -> int:
    """The whole batch, or the quarter, sixteenth, ... of it that still holds the rows."""
    size = max(rows, batch_size)
    while size // 4 >= max(rows, LEAST_ROWS):
        size //= 4
    return size


def _logits_of(call: Callable[[Any], Any]) -> LogitsOf:
    return lambda inputs: keras.ops.cast(call(inputs), "float32")  # half-precision models included
