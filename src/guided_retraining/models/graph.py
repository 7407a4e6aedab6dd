"""Where a tensor of a Keras model comes from, through models nested in it."""

from __future__ import annotations

from typing import Any

from guided_retraining.machine.backend import keras

__all__ = ["ending", "output_of"]


def ending(model: Any) -> Any:
    """The model whose own layers compute the output: itself, or the one nested in it that it ends in.

    Args:
        model: a built Sequential or functional Keras model.
    """
    operation = model.outputs[0]._keras_history.operation
    return ending(operation) if isinstance(operation, keras.Model) else model


def output_of(model: Any, layer: Any) -> Any:
    """What a layer puts out within a model; the ``output`` of a nested model is one of a graph of its own.

    Args:
        model: a built Sequential or functional Keras model.
        layer: one of its own layers.

    Returns:
        A symbolic tensor that follows from the model's inputs.
    """
    waiting, seen = list(model.outputs), set()
    while waiting:
        tensor = waiting.pop()
        operation, node, _ = tensor._keras_history
        if operation is layer:
            return tensor
        if (operation, node) not in seen:
            seen.add((operation, node))
            waiting.extend(operation._inbound_nodes[node].input_tensors)
    raise ValueError(f"layer '{layer.name}' is none of '{model.name}' that its outputs depend on")
