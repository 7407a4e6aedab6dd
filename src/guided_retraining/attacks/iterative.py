"""FGSM, BIM, PGD, MI-FGSM and the study's basic iterative attacks: one compiled loop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.base import CompiledAttack
from guided_retraining.attacks.norms import random_in_ball
from guided_retraining.attacks.steps import ascent

__all__ = ["IterativeGradientAttack"]

STEPS_A_CALL = 2  # after which inputs that are fooled leave the batch, where that is wanted


class IterativeGradientAttack(CompiledAttack):
    """Gradient steps inside an epsilon ball and [0, 1], all of them in one compiled loop.

    Args:
        estimator: the model to attack.
        norm: order of the ball: 1, 2 or infinity.
        eps: radius of the ball, in units of [0, 1] pixel values (8 / 255 is 8 grey levels).
        eps_step: length of a step; None for ``eps``, which with one step is FGSM.
        max_iter: number of steps.
        num_random_init: random starts in the ball; 0 starts at the image. Later starts only see inputs that
            still stand.
        decay: weight of the accumulated gradient (MI-FGSM); None for no momentum.
        scaled: step along the gradient over its norm instead of the steepest step of that norm.
        targeted: labels are classes to reach.
        batch_size: most inputs at once.
        seed: for the random starts.

    Source: Goodfellow et al. 2015 (arXiv 1412.6572); Kurakin et al. 2017 (arXiv 1607.02533); Madry et al.
    2018 (arXiv 1706.06083); Dong et al. 2018 (arXiv 1710.06081). Parameter names are ART's.
    """

    norm: float = np.inf
    eps: float = 8 / 255
    eps_step: float | None = None
    max_iter: int = 1
    num_random_init: int = 0
    decay: float | None = None
    scaled: bool = False
    targeted: bool = False
    seed: int = 0

    def _attack(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        if not self.num_random_init:
            return self._climb(images, images, labels)
        best = images.copy()
        standing = np.arange(len(images))
        for restart in range(self.num_random_init):
            rng = np.random.default_rng([self.seed, restart])
            start = random_in_ball(images.shape, self.norm, self.eps, rng)[standing]
            found = self._climb(images[standing], np.clip(images[standing] + start, 0, 1), labels[standing])
            best[standing] = found
            if restart + 1 < self.num_random_init:
                predicted = self.estimator.predict(found, batch_size=self.batch_size).argmax(axis=1)
                standing = standing[(predicted == labels[standing]) != self.targeted]
            if not len(standing):
                break
        return best

    def climb_from(
        self, images: NDArray[np.float32], start: NDArray[np.float32], labels: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """The attack from given points instead of the images or random ones.

        Args:
            images: ``(n, h, w, c)`` in [0, 1].
            start: the same shape, inside the ball and [0, 1].
            labels: ``(n,)``.

        Returns:
            Adversarial images in the same shape.
        """
        return self._climb(images, start, labels)

    def _climb(
        self, images: NDArray[np.float32], start: NDArray[np.float32], labels: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        momentum = self.decay is not None
        image = self.estimator.image_signature()
        run = self.estimator.compiled(
            ("ascent", self.norm, self.scaled, momentum, self.until_fooled),
            lambda: ascent(self.norm, scaled=self.scaled, momentum=momentum, until_fooled=self.until_fooled),
            [*[image] * 3, ((None,), "int64"), *[((), "float32")] * 3, ((), "int32"), ((), "float32")],
            passes=lambda *arrays: arrays[-2],
        )
        way = -1.0 if self.targeted else 1.0
        step = self.eps if self.eps_step is None else self.eps_step
        at_once = STEPS_A_CALL if self.until_fooled else self.max_iter
        adversarial = start.copy()

        def one(part: slice) -> None:
            rows = np.arange(len(images))[part]
            velocity = np.zeros_like(images[rows] if momentum else images[:0])
            for done in range(0, self.max_iter, at_once):
                steps = min(at_once, self.max_iter - done)
                adversarial[rows], velocity, fooled = run(
                    images[rows], adversarial[rows], velocity, labels[rows], way, self.eps, step, steps,
                    self.decay or 0.0,
                )  # fmt: skip
                if self.until_fooled:
                    rows, velocity = rows[fooled == 0], velocity[fooled == 0] if momentum else velocity
                if not len(rows):
                    break

        self._each_batch(one, len(images))
        return adversarial
