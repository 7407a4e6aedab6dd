"""What the estimator computes of a model, as functions to be compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from guided_retraining.attacks.gradients import jacobian, value_and_gradient
from guided_retraining.machine.backend import keras

__all__ = ["all_class_gradients", "class_gradients", "logits", "loss_gradients", "losses"]

Loss = Callable[[Any, Any], Any]  # of logits (n, k) and labels (n,), one for each input
Graph = Callable[..., tuple[Any, ...]]


def logits(logits_of: Any, x: Any) -> tuple[Any, ...]:
    """Logits ``(n, k)``."""
    return (logits_of(x),)


def losses(loss: Loss) -> Graph:
    """Makes the graph of each input's loss, ``(n,)``."""

    def graph(logits_of: Any, x: Any, labels: Any) -> tuple[Any, ...]:
        return (loss(logits_of(x), labels),)

    return graph


def loss_gradients(loss: Loss) -> Graph:
    """Makes the graph of each input's own loss gradient, in the shape of the inputs."""

    def graph(logits_of: Any, x: Any, labels: Any) -> tuple[Any, ...]:
        return (value_and_gradient(lambda inputs: (loss(logits_of(inputs), labels), ()), x)[2],)

    return graph


def all_class_gradients(logits_of: Any, x: Any) -> tuple[Any, ...]:
    """Gradient of every logit, ``(n, k, ...)``."""
    return (jacobian(logits_of, x)[1],)


def class_gradients(logits_of: Any, x: Any, labels: Any) -> tuple[Any, ...]:
    """Gradient of one logit of each input, in the shape of the inputs."""

    def chosen(inputs: Any) -> Any:
        found = logits_of(inputs)
        one_hot = keras.ops.one_hot(labels, found.shape[1], dtype="float32")
        return keras.ops.sum(found * one_hot, axis=1), ()

    return (value_and_gradient(chosen, x)[2],)
