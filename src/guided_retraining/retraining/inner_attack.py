"""Attacks made on a batch inside the compiled training step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from guided_retraining.attacks.gradients import value_and_gradient
from guided_retraining.attacks.losses import log_odds
from guided_retraining.attacks.registry import PGD_REACH
from guided_retraining.machine.backend import ops

__all__ = ["InnerAttack"]

FGSM_STEP = 1.25  # in units of eps, of a single step from a random start: Wong et al. 2020


@dataclass(frozen=True)
class InnerAttack:
    """Linf gradient steps from a random start in the ball, on the first images of a batch; the rest cheaper or clean.

    Attributes:
        eps: radius of the ball, in units of [0, 1] pixel values.
        steps: on the first images.
        first: how many of a batch those are.
        batch_size: images in a batch.
        rest_steps: on the others; 0 leaves them clean.
        step_size: in units of ``eps``; None for 1.25 of a single step and 2.5 / steps of several.

    Source: Madry et al. 2018 (arXiv 1706.06083) for several steps; Wong, Rice and Kolter 2020 (arXiv 2001.03994) for
        one.
    """

    eps: float
    steps: int
    first: int
    batch_size: int
    rest_steps: int = 0
    step_size: float | None = None

    def __call__(self, logits_of: Callable[[Any], Any], images: Any, labels: Any, noise: Any) -> Any:
        """The batch with its attacks, inside a compiled function.

        Args:
            logits_of: of the model as it is, dropout off.
            images: ``(batch_size, h, w, c)`` in [0, 1].
            labels: ``(batch_size,)``.
            noise: ``(batch_size, h, w, c)``, uniform in the ball.
        """
        parts = [(slice(0, self.first), self.steps), (slice(self.first, self.batch_size), self.rest_steps)]
        made = [
            self._climb(logits_of, images[part], labels[part], noise[part], steps)
            for part, steps in parts
            if part.start < part.stop
        ]
        return ops.concatenate(made) if len(made) > 1 else made[0]

    @property
    def passes(self) -> float:
        """Gradient passes that a batch takes beside the training step."""
        return self.first * self.steps + (self.batch_size - self.first) * self.rest_steps

    def _climb(
        self, logits_of: Callable[[Any], Any], images: Any, labels: Any, noise: Any, steps: int
    ) -> Any:
        if not steps:
            return images
        share = (FGSM_STEP if steps == 1 else PGD_REACH / steps) if self.step_size is None else self.step_size
        x = ops.clip(images + noise, 0.0, 1.0)
        for _ in range(steps):  # unrolled: XLA computes convolutions' gradients slower inside a loop
            _, _, gradient = value_and_gradient(lambda z: (log_odds(logits_of(z), labels), ()), x)
            moved = x + share * self.eps * ops.sign(gradient)
            x = ops.clip(images + ops.clip(moved - images, -self.eps, self.eps), 0.0, 1.0)
        return x
