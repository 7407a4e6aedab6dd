"""Auto-PGD: projected gradient ascent that chooses its own step sizes, a window of steps at a time."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.base import CompiledAttack
from guided_retraining.attacks.finite import check_finite
from guided_retraining.attacks.gradients import Signature, value_and_gradient
from guided_retraining.attacks.losses import difference_of_logits_ratio, log_odds, margin
from guided_retraining.attacks.norms import random_in_ball
from guided_retraining.attacks.steps import direction, project
from guided_retraining.errors import ParameterError
from guided_retraining.machine.backend import ops

__all__ = ["AutoPGD", "windows"]

INERTIA = 0.75  # alpha: weight of the new step against the last one
RISING_SHARE = 0.75  # rho: with fewer rising steps in a window the step is halved
FIRST_WINDOW, WINDOW_SHRINKS, SHORTEST_WINDOW = 0.22, 0.03, 0.06  # shares of max_iter
LOSSES = {"cross_entropy": log_odds, "difference_logits_ratio": difference_of_logits_ratio}


class AutoPGD(CompiledAttack):
    """Auto-PGD on cross-entropy or on the difference of logits ratio; inputs that are fooled leave the batch.

    Args:
        estimator: the model to attack.
        norm: order of the ball: 2 or infinity.
        eps: radius of the ball, in units of [0, 1] pixel values.
        eps_step: first step; None for 2 eps, as published.
        max_iter: gradient steps of each start.
        nb_random_init: random starts; later ones only see inputs that still stand.
        loss_type: ``"cross_entropy"`` (climbed as log-odds) or ``"difference_logits_ratio"``.
        batch_size: most inputs at once.
        seed: for the random starts.

    Raises:
        ParameterError: another norm, or the logits ratio with fewer than three classes.

    Source: Croce and Hein 2020 (arXiv 2003.01690), algorithm 1; parameter names are ART's.
    """

    norm: float = np.inf
    eps: float = 8 / 255
    eps_step: float | None = None
    max_iter: int = 100
    nb_random_init: int = 1
    loss_type: str = "cross_entropy"
    seed: int = 0

    def _check_params(self) -> None:
        super()._check_params()
        if self.loss_type == "difference_logits_ratio" and self.estimator.nb_classes < 3:
            raise ParameterError(
                f"AutoPGD: loss_type=difference_logits_ratio needs at least 3 classes, found "
                f"{self.estimator.nb_classes}; use cross_entropy."
            )

    def _attack(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        found = images.copy()
        standing = np.arange(len(images))
        for restart in range(self.nb_random_init):
            rng = np.random.default_rng([self.seed, restart])
            start = random_in_ball(images.shape, self.norm, self.eps, rng)[standing]
            start = np.clip(images[standing] + start, 0, 1)
            found[standing], fooled = self._climb_all(images[standing], start, labels[standing], standing)
            standing = standing[~fooled]
            if not len(standing):
                break
        return found

    def _climb_all(
        self,
        images: NDArray[np.float32],
        start: NDArray[np.float32],
        labels: NDArray[np.int64],
        indices: NDArray[np.int64],
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        found, fooled = np.empty_like(images), np.zeros(len(images), bool)

        def one(part: slice) -> None:
            found[part], fooled[part] = self._climb(images[part], start[part], labels[part], indices[part])

        self._each_batch(one, len(images))
        return found, fooled

    def _climb(
        self,
        images: NDArray[np.float32],
        start: NDArray[np.float32],
        labels: NDArray[np.int64],
        indices: NDArray[np.int64],
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The first fooling point of each input, else its point of largest loss; and who was fooled."""
        image, row = self.estimator.image_signature(), ((None,), "float32")
        signature: Signature = [*[image] * 6, row, row, row, ((None,), "int64"), *[((), "float32")] * 2,
                                *[((), "int32")] * 2]  # fmt: skip
        run = self.estimator.compiled(
            ("apgd", self.norm, self.loss_type),
            lambda: _window(LOSSES[self.loss_type], self.norm),
            signature,
            passes=lambda *arrays: arrays[-1] - arrays[-2],
        )
        begin = self.estimator.compiled(
            ("apgd_begin", self.loss_type),
            lambda: _begin(LOSSES[self.loss_type]),
            [image, ((None,), "int64")],
        )
        loss, gradient, ahead = begin(start, labels)
        check_finite(self.estimator.model, gradient, images, indices)
        result, fooled = start.copy(), ahead > 0
        rows = np.flatnonzero(~fooled)
        x, last, best, best_gradient = start, start, start, gradient
        x, last, best, gradient, best_gradient, loss, best_loss = (
            array[rows] for array in (x, last, best, gradient, best_gradient, loss, loss)
        )
        first_step = 2 * self.eps if self.eps_step is None else self.eps_step
        step = np.full(len(rows), first_step, np.float32)
        best_before, halved = best_loss.copy(), np.zeros(len(rows), bool)
        for since, until in windows(self.max_iter):
            if not len(rows):
                break
            x, last, gradient, best, best_gradient, loss, best_loss, rising, ahead = run(
                images[rows], x, last, gradient, best, best_gradient, loss, best_loss, step, labels[rows],
                self.eps, INERTIA, since, until,
            )  # fmt: skip
            done = ahead > 0
            result[rows[done]], fooled[rows[done]] = x[done], True
            result[rows[~done]] = best[~done]
            stuck = ~halved & (best_loss <= best_before)
            halve = (rising < RISING_SHARE * (until - since)) | stuck
            step = np.where(halve, step / 2, step).astype(np.float32)
            restored = halve[:, None, None, None]
            x, gradient = np.where(restored, best, x), np.where(restored, best_gradient, gradient)
            loss = np.where(halve, best_loss, loss)
            best_before, halved = best_loss, halve
            keep = ~done
            rows = rows[keep]
            x, last, gradient, best, best_gradient, loss, best_loss, step, best_before, halved = (
                array[keep]
                for array in (
                    x, last, gradient, best, best_gradient, loss, best_loss, step, best_before, halved
                )
            )  # fmt: skip
        return result, fooled


def windows(max_iter: int) -> list[tuple[int, int]]:
    """The windows of steps after each of which the step size is reviewed.

    >>> windows(100)[:3]
    [(0, 22), (22, 41), (41, 57)]
    """
    ends, width = [0.0, FIRST_WINDOW], FIRST_WINDOW
    while ends[-1] < 1:
        width = max(width - WINDOW_SHRINKS, SHORTEST_WINDOW)
        ends.append(min(ends[-1] + width, 1.0))
    steps = [math.ceil(round(end * max_iter, 6)) for end in ends]
    return [(a, b) for a, b in pairwise(steps) if b > a]


def _begin(loss_of: Any) -> Any:
    def begin(logits_of: Any, x: Any, labels: Any) -> Any:
        return _evaluate(logits_of, loss_of, x, labels)

    return begin


def _evaluate(logits_of: Any, loss_of: Any, x: Any, labels: Any) -> tuple[Any, Any, Any]:
    """Loss, gradient and margin of the wrong classes at ``x``."""

    def both(inputs: Any) -> Any:
        logits = logits_of(inputs)
        return loss_of(logits, labels), margin(logits, labels)

    loss, ahead, gradient = value_and_gradient(both, x)
    return loss, gradient, ahead


def _window(loss_of: Any, norm: float) -> Any:
    """Steps ``since`` to ``until``; an input that is fooled on the way stays at its first fooling point."""

    def climb(
        logits_of: Any, images: Any, x: Any, last: Any, gradient: Any, best: Any, best_gradient: Any, loss:
            Any,
        best_loss: Any, step: Any, labels: Any, eps: Any, inertia: Any, since: Any, until: Any,
    ) -> Any:  # fmt: skip
        def inside(point: Any) -> Any:
            return ops.clip(images + project(ops.clip(point, 0.0, 1.0) - images, norm, eps), 0.0, 1.0)

        def one(i: Any, x: Any, last: Any, gradient: Any, best: Any, best_gradient: Any, loss: Any,
        best_loss: Any,
                rising: Any, ahead: Any) -> Any:  # fmt: skip
            target = inside(x + _wide(step) * direction(gradient, x, norm))
            share = ops.where(i == 0, 1.0, inertia)
            moved = inside(x + share * (target - x) + (1 - share) * (x - last))
            new_loss, new_gradient, new_ahead = _evaluate(logits_of, loss_of, moved, labels)
            fooled = _wide(ops.cast(ahead > 0, "float32")) > 0
            better = _wide(ops.cast(new_loss > best_loss, "float32")) > 0
            return (
                i + 1,
                ops.where(fooled, x, moved),
                x,
                new_gradient,
                ops.where(better, moved, best),
                ops.where(better, new_gradient, best_gradient),
                new_loss,
                ops.maximum(best_loss, new_loss),
                rising + ops.cast(new_loss > loss, "float32"),
                ops.where(ahead > 0, ahead, new_ahead),
            )

        rising, ahead = ops.zeros_like(loss), ops.zeros_like(loss) - 1
        state = (since, x, last, gradient, best, best_gradient, loss, best_loss, rising, ahead)
        return ops.while_loop(lambda i, *_: i < until, one, state)[1:]

    return climb


def _wide(row: Any) -> Any:
    return ops.reshape(row, (-1, 1, 1, 1))
