"""DeepFool: steps to the nearest boundary of the linearised model, in a compiled loop."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.base import CompiledAttack
from guided_retraining.attacks.finite import check_finite
from guided_retraining.attacks.gradients import jacobian, jacobian_passes
from guided_retraining.machine.backend import ops
from guided_retraining.models.forward import FORWARD

__all__ = ["DeepFool"]

STEPS_A_CALL = 5  # after so many steps inputs that crossed the boundary leave the batch
PAST_THE_BOUNDARY = 1e-4  # added to the logit difference, so that a step along a flat direction is not zero
TINY = 1e-12


class DeepFool(CompiledAttack):
    """DeepFool in L2: the smallest step over the nearest class boundary, again until it is crossed.

    Args:
        estimator: the model to attack.
        max_iter: most steps.
        epsilon: overshoot: the perturbation is lengthened by this share.
        nb_grads: how many of the most likely classes are looked at.
        batch_size: most inputs at once.

    Source: Moosavi-Dezfooli et al. 2016 (arXiv 1511.04599), algorithm 2; parameter names are ART's.
    """

    max_iter: int = 50
    epsilon: float = 0.02
    nb_grads: int = 10

    def _attack(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        n_classes = min(self.nb_grads, self.estimator.nb_classes)
        image = self.estimator.image_signature()
        run = self.estimator.compiled(
            ("deepfool", n_classes),
            lambda: _approach,
            [image, image, ((None, n_classes), "int32"), ((), "float32"), ((), "int32")],
            passes=lambda *arrays: arrays[-1] * jacobian_passes(n_classes) + FORWARD,
        )
        order = np.argsort(-self.estimator.predict(images, batch_size=self.batch_size), axis=1, kind="stable")
        candidates = order[:, :n_classes].astype(np.int32)
        adversarial = images.copy()

        def one(part: slice) -> None:
            rows = (
                np.flatnonzero(candidates[part, 0] == labels[part]) + part.start
            )  # the others are wrong already
            change = np.zeros_like(images[rows])
            for done in range(0, self.max_iter, STEPS_A_CALL):
                if not len(rows):
                    break
                steps = min(STEPS_A_CALL, self.max_iter - done)
                change, crossed, reached = run(images[rows], change, candidates[rows], self.epsilon, steps)
                check_finite(self.estimator.model, change, images[rows], rows)
                adversarial[rows] = reached
                rows, change = rows[crossed <= 0], change[crossed <= 0]

        self._each_batch(one, len(images))
        return adversarial


def _approach(logits_of: Any, images: Any, change: Any, candidates: Any, overshoot: Any, steps: Any) -> Any:
    """Up to ``steps`` steps; returns the change, who crossed a boundary, and the images reached."""
    axes = (2, 3, 4)

    def reached(change: Any) -> Any:
        return ops.clip(images + (1 + overshoot) * change, 0.0, 1.0)

    def one(i: Any, change: Any, _: Any) -> Any:
        x = reached(change)
        logits, gradients = jacobian(
            lambda inputs: ops.take_along_axis(logits_of(inputs), candidates, axis=1), x
        )
        standing = ops.cast(logits[:, 0] >= ops.max(logits[:, 1:], axis=1), "float32")
        slopes = gradients[:, 1:] - gradients[:, :1]
        gaps = ops.abs(logits[:, 1:] - logits[:, :1]) + PAST_THE_BOUNDARY
        squares = ops.sum(ops.square(slopes), axis=axes) + TINY
        nearest = ops.one_hot(ops.argmin(gaps / ops.sqrt(squares), axis=1), slopes.shape[1], dtype="float32")
        scale = ops.reshape(nearest * gaps / squares, (-1, slopes.shape[1], 1, 1, 1))
        return (
            i + 1,
            change + ops.reshape(standing, (-1, 1, 1, 1)) * ops.sum(scale * slopes, axis=1),
            standing,
        )

    state = (ops.zeros((), "int32"), change, ops.ones_like(change[:, 0, 0, 0]))
    _, change, _ = ops.while_loop(lambda i, *_: i < steps, one, state)
    x = reached(change)
    logits = ops.take_along_axis(logits_of(x), candidates, axis=1)
    return change, ops.cast(logits[:, 0] < ops.max(logits[:, 1:], axis=1), "float32"), x
