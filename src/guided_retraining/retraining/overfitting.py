"""Catastrophic overfitting: one-step adversarial training that stands one step and nothing else."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from guided_retraining.attacks.registry import PGD_REACH
from guided_retraining.attacks.robustness import RepeatedAttack, withstood
from guided_retraining.retraining.replicate import Replicate
from guided_retraining.retraining.trainer import Trainer

__all__ = ["OverfittingWatch"]

LOOKS = 8  # over a whole training
IMAGES = 256  # clean validation images
PGD_STEPS = 10
LARGEST_GAP = 0.3  # of accuracy under one step over that under several: a sound model's is a few points

logger = logging.getLogger(__name__)


class OverfittingWatch:
    """Accuracy under FGSM and under PGD on validation images, a few times during a training.

    Args:
        trainer: whose model is watched.
        replicate: its validation images.
        eps: of the attacks that the model is trained on.

    Source: Wong, Rice and Kolter 2020 (arXiv 2001.03994), section 5.4.
    """

    def __init__(self, trainer: Trainer, replicate: Replicate, eps: float) -> None:
        self._trainer, self._replicate = trainer, replicate
        n = len(replicate.validation.clean_labels)
        chosen = np.random.default_rng((replicate.draws, 2)).permutation(n)[:IMAGES]
        self._images = replicate.validation.clean_images[np.sort(chosen)]
        self._labels = replicate.validation.clean_labels[np.sort(chosen)]
        steps = {"eps": eps, "eps_step": PGD_REACH * eps / PGD_STEPS, "max_iter": PGD_STEPS}
        self._attacks = [
            RepeatedAttack("watch", "fgsm", "fgsm", {"eps": eps}),
            RepeatedAttack("watch", "pgd", "pgd", {**steps, "num_random_init": 1}),
        ]
        self._seen: list[tuple[int, float, float]] = []

    def look(self, done: int, total: int) -> None:
        """Measure, if that is due.

        Args:
            done: batches trained on.
            total: batches in all.
        """
        if done < total and done * LOOKS < total * (len(self._seen) + 1):
            return
        self._trainer.synchronise()
        standing = withstood(
            self._trainer.estimator, self._attacks, self._images, self._labels, seed=self._replicate.draws
        )
        under = [float(standing[attack.name].mean()) for attack in self._attacks]
        fell_before = self.fell
        self._seen.append((min(done, total), under[0], under[1]))
        if self.fell and not fell_before:
            logger.warning(
                "catastrophic overfitting after %.0f %% of the training: %.1f %% of validation images stand FGSM, "
                "%.1f %% PGD; smaller steps (step_size), a smaller eps or several steps avoid it",
                100 * min(done, total) / total, 100 * under[0], 100 * under[1],
            )  # fmt: skip

    @property
    def fell(self) -> bool:
        """Whether the latest look found a gap that no sound model has."""
        return bool(self._seen) and self._seen[-1][1] - self._seen[-1][2] > LARGEST_GAP

    def notes(self) -> dict[str, Any]:
        """For the cell's record: the last accuracies and whether the model fell apart at its end."""
        _, fgsm, pgd = self._seen[-1]
        return {"watched_fgsm": fgsm, "watched_pgd": pgd, "catastrophic_overfitting": float(self.fell)}
