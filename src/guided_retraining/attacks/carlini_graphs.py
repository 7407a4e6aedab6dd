"""The compiled parts of the Carlini-Wagner attack; written in ``keras.ops``."""

from __future__ import annotations

from typing import Any

from guided_retraining.attacks.gradients import value_and_gradient
from guided_retraining.attacks.losses import margin
from guided_retraining.machine.backend import ops

__all__ = ["descend", "foot", "shortfall", "succeeds"]

LEAST_MARGIN = 1e-4  # of the logits' range: a success must not hang on the last bit of a float
TINY = 1e-12
BETA_1, BETA_2, ADAM_EPSILON = 0.9, 0.999, 1e-8  # Kingma and Ba 2015


def descend(
    logits_of: Any, images: Any, w: Any, first: Any, second: Any, labels: Any, constants: Any, best_l2: Any,
        best: Any,
    learning_rate: Any, confidence: Any, way: Any, start: Any, stop: Any,
) -> Any:  # fmt: skip
    """Adam from step ``start`` to ``stop``: its state, the best so far, the loss, and who succeeded."""
    axes = tuple(range(1, len(images.shape)))

    def objective(w: Any) -> Any:
        adversarial = (ops.tanh(w) + 1) / 2
        short = shortfall(logits_of(adversarial), labels, confidence, way)
        l2 = ops.sum(ops.square(adversarial - images), axis=axes)
        return l2 + constants * ops.relu(short), (adversarial, l2, short)

    def step(i: Any, w: Any, first: Any, second: Any, best_l2: Any, best: Any, _: Any, found: Any) -> Any:
        loss, (adversarial, l2, short), gradient = value_and_gradient(objective, w)
        success = short <= 0
        better = ops.logical_and(success, l2 < best_l2)
        best = ops.where(ops.reshape(better, (-1, *[1] * len(axes))), adversarial, best)
        best_l2 = ops.where(better, l2, best_l2)
        found = ops.maximum(found, ops.cast(success, "float32"))
        first = BETA_1 * first + (1 - BETA_1) * gradient
        second = BETA_2 * second + (1 - BETA_2) * ops.square(gradient)
        count = ops.cast(i + 1, "float32")
        rate = learning_rate * ops.sqrt(1 - BETA_2**count) / (1 - BETA_1**count)
        w = w - rate * first / (ops.sqrt(second) + ADAM_EPSILON)
        return i + 1, w, first, second, best_l2, best, loss, found

    zeros = ops.zeros_like(constants)
    state = (start, w, first, second, best_l2, best, zeros, zeros)
    return ops.while_loop(lambda i, *_: i < stop, step, state)[1:]


def succeeds(logits_of: Any, images: Any, labels: Any, confidence: Any, way: Any) -> Any:
    return (ops.cast(shortfall(logits_of(images), labels, confidence, way) <= 0, "float32"),)


def foot(logits_of: Any, images: Any, x: Any, labels: Any, confidence: Any, way: Any) -> Any:
    """The point nearest to each image on the plane that touches the boundary at ``x``."""

    def short_of(inputs: Any) -> Any:
        return shortfall(logits_of(inputs), labels, confidence, way), ()

    short, _, gradient = value_and_gradient(short_of, x)
    axes = tuple(range(1, len(images.shape)))
    at_image = short + ops.sum(gradient * (images - x), axis=axes)
    length = ops.relu(at_image) / (ops.sum(ops.square(gradient), axis=axes) + TINY)
    return (images - ops.reshape(length, (-1, *[1] * len(axes))) * gradient,)


def shortfall(logits: Any, labels: Any, confidence: Any, way: Any) -> Any:
    """How much the margin lacks of the confidence; 0 or less is a success."""
    spread = ops.stop_gradient(ops.max(logits, axis=1) - ops.min(logits, axis=1))
    return confidence + LEAST_MARGIN * spread - way * margin(logits, labels)
