"""One step of a gradient attack: the direction, the way back into the ball, and the loop around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from guided_retraining.attacks.gradients import value_and_gradient
from guided_retraining.attacks.losses import log_odds, margin
from guided_retraining.attacks.norms import Norm
from guided_retraining.machine.backend import ops

__all__ = ["ascent", "direction", "project"]

SMALLEST_NORM = 1e-12  # below, a gradient has no direction and the input stays where it is


def ascent(
    norm: Norm, *, scaled: bool = False, momentum: bool = False, until_fooled: bool = False
) -> Callable[..., Any]:
    """Make the function that climbs the loss from a start point inside an epsilon ball.

    Args:
        norm: order of the ball and of the step: 1, 2 or infinity.
        scaled: step along the gradient divided by its L``norm`` size; else the steepest step of that norm.
        momentum: accumulate gradients, each divided by its L1 size.
        until_fooled: an input stays at the first point found where the model is fooled.

    Returns:
        ``f(logits_of, images, start, velocity, labels, way, eps, eps_step, max_iter, decay) -> (adversarial, velocity,
        fooled)`` for ``compile_for``; ``way`` is 1 to leave the label, -1 to reach it, ``velocity`` the gradients
        accumulated so far and ``fooled`` who was at one of the points before the last.
    """

    def climb(
        logits_of: Any,
        images: Any,
        start: Any,
        velocity: Any,
        labels: Any,
        way: Any,
        eps: Any,
        eps_step: Any,
        max_iter: Any,
        decay: Any,
    ) -> Any:
        def loss_and_margin(inputs: Any) -> Any:
            logits = logits_of(inputs)
            return log_odds(logits, labels), margin(logits, labels)

        def step(i: Any, x: Any, velocity: Any, fooled: Any) -> Any:
            _, ahead, gradient = value_and_gradient(loss_and_margin, x)
            gradient = way * gradient
            fooled = ops.maximum(fooled, ops.cast(way * ahead > 0, "float32"))
            if momentum:
                velocity = decay * velocity + gradient / ops.maximum(_size(gradient, 1), SMALLEST_NORM)
                gradient = velocity
            moved = ops.clip(x + eps_step * direction(gradient, x, norm, scaled=scaled), 0.0, 1.0)
            moved = images + project(moved - images, norm, eps)
            if until_fooled:
                moved = ops.where(ops.reshape(fooled, (-1, 1, 1, 1)) > 0, x, moved)
            return i + 1, moved, velocity, fooled

        state = (ops.zeros((), "int32"), start, velocity, ops.zeros_like(images[:, 0, 0, 0]))
        _, x, velocity, fooled = ops.while_loop(lambda i, *_: i < max_iter, step, state)
        return ops.clip(x, 0.0, 1.0), velocity, fooled

    return climb


def direction(gradient: Any, x: Any, norm: Norm, *, scaled: bool = False) -> Any:
    """The step of size one in L``norm`` along which the loss rises most, or the scaled gradient.

    Args:
        gradient: ``(n, h, w, c)`` tensor.
        x: the same shape in [0, 1], where the step starts.
        norm: 1, 2 or infinity.
        scaled: divide the gradient by its L``norm`` size instead; differs for 1 and infinity.

    Returns:
        A tensor of that shape.
    """
    if scaled or norm == 2:
        return gradient / ops.maximum(_size(gradient, norm), SMALLEST_NORM)
    if np.isinf(norm):
        return ops.sign(gradient)
    # L1: all of the step in one value, the one with the largest gradient of those that can still move
    free = ops.where(gradient > 0, ops.cast(x < 1, "float32"), ops.cast(x > 0, "float32"))
    size = ops.abs(gradient) * free
    flat = ops.reshape(size, (-1, int(np.prod(size.shape[1:]))))
    chosen = ops.reshape(
        ops.one_hot(ops.argmax(flat, axis=1), flat.shape[1], dtype="float32"), ops.shape(gradient)
    )
    return chosen * ops.sign(gradient) * free


def project(change: Any, norm: Norm, eps: Any) -> Any:
    """Scale (L1, L2) or clip (Linf) a change into the ball of radius ``eps``; images stay in [0, 1]."""
    if np.isinf(norm):
        return ops.clip(change, -eps, eps)
    return change * ops.minimum(1.0, eps / ops.maximum(_size(change, norm), SMALLEST_NORM))


def _size(x: Any, norm: Norm) -> Any:
    axes = tuple(range(1, len(x.shape)))
    if np.isinf(norm):
        return ops.max(ops.abs(x), axis=axes, keepdims=True)
    if norm == 1:
        return ops.sum(ops.abs(x), axis=axes, keepdims=True)
    return ops.sqrt(ops.sum(ops.square(x), axis=axes, keepdims=True))
