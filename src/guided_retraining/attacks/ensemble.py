"""Several strong attacks in a row, each on the inputs that withstood those before it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.apgd import AutoPGD
from guided_retraining.attacks.base import CompiledAttack
from guided_retraining.attacks.square import SquareAttack

__all__ = ["AutoAttackEnsemble"]


class AutoAttackEnsemble(CompiledAttack):
    """APGD-CE, APGD-DLR (three classes or more) and Square in Linf: AutoAttack without its FAB and T parts.

    Args:
        estimator: the model to attack.
        eps: radius of the Linf ball, in units of [0, 1] pixel values.
        max_iter: steps of each APGD start.
        nb_random_init: starts of each APGD.
        square_max_iter: tries of Square.
        batch_size: most inputs at once.
        seed: of all random draws.

    Source: Croce and Hein 2020 (arXiv 2003.01690). The published ensemble runs targeted APGD and FAB as well, and
    5,000 tries of Square; accuracies under this one are upper bounds of those under it.
    """

    norm = np.inf

    eps: float = 8 / 255
    max_iter: int = 100
    nb_random_init: int = 1
    square_max_iter: int = 1000
    seed: int = 0

    def _attack(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        adversarial = images.copy()
        standing = np.arange(len(images))
        for attack in self._parts():
            predicted = self.estimator.predict(adversarial[standing], batch_size=self.batch_size).argmax(
                axis=1
            )
            standing = standing[predicted == labels[standing]]
            if not len(standing):
                break
            adversarial[standing] = attack.generate(images[standing], labels[standing])
        return adversarial

    def _parts(self) -> list[CompiledAttack]:
        losses = ["cross_entropy", "difference_logits_ratio"][: 2 if self.estimator.nb_classes > 2 else 1]
        parts: list[CompiledAttack] = [
            AutoPGD(
                self.estimator,
                eps=self.eps,
                max_iter=self.max_iter,
                nb_random_init=self.nb_random_init,
                loss_type=loss,
                batch_size=self.batch_size,
                seed=self.seed,
            )
            for loss in losses
        ]
        square = SquareAttack(
            self.estimator,
            eps=self.eps,
            max_iter=self.square_max_iter,
            batch_size=self.batch_size,
            seed=self.seed,
        )
        return [*parts, square]
