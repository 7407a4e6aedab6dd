"""How accurate a retrained model is on fresh adversarial inputs made against itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.estimator import BATCH_SIZE, KerasLogitsEstimator
from guided_retraining.attacks.running import run_attack
from guided_retraining.errors import InputError
from guided_retraining.images.arrays import ImageArray, SelectedImages
from guided_retraining.machine.backend import keras

__all__ = ["Reattacker", "reattack"]


class Reattacker:
    """An attack on one model object that stays compiled while the model's weights change.

    Only inputs that the model gets right are attacked: the others are wrong already.

    Args:
        model: a built Keras classifier whose weights are set between calls; not needed with ``estimator``.
        attack: a key of ``ATTACKS`` or an import path.
        parameters: the attack's parameters.
        seed: of the attack's random draws; every call draws the same.
        batch_size: most inputs at once, unless ``parameters`` has its own.
        estimator: the model's estimator, to share compiled functions between attacks.

    Raises:
        ModelError, ParameterError: as ``run_attack``.
    """

    def __init__(
        self,
        model: keras.Model | None,
        attack: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        batch_size: int = BATCH_SIZE,
        estimator: KerasLogitsEstimator | None = None,
    ) -> None:
        made = KerasLogitsEstimator(model, batch_size=batch_size) if estimator is None else estimator
        self.estimator, self.batch_size = made, batch_size
        self.attack = attack
        self.parameters = dict(parameters or {})
        self.seed = seed

    def accuracy(self, images: ImageArray, labels: NDArray[np.int64]) -> float:
        """Share of images that the model, as it is now, still gets right after the attack.

        Args:
            images: ``(n, h, w, c)`` float32 in [0, 1], any image array.
            labels: ``(n,)`` int64.

        Returns:
            A number in [0, 1].

        Raises:
            InputError: no images, or labels that do not fit them.
        """
        labels = np.asarray(labels)
        if not len(images) or len(labels) != len(images):
            raise InputError(
                f"Found {len(images)} images and {len(labels)} labels, expected as many of both, 1 or more."
            )
        right = np.flatnonzero(self.estimator.predict(images).argmax(axis=1) == labels)
        if not len(right):
            return 0.0
        result = run_attack(
            None,
            SelectedImages(images, right),
            labels[right],
            attack=self.attack,
            parameters=self.parameters,
            seed=self.seed,
            batch_size=self.batch_size,
            estimator=self.estimator,
        )
        return float((~result.table["success"]).sum() / len(images))


def reattack(
    model: keras.Model,
    images: ImageArray,
    labels: NDArray[np.int64],
    *,
    attack: str,
    parameters: Mapping[str, Any] | None = None,
    n: int | None = None,
    seed: int = 0,
) -> float:
    """Accuracy of a model under an attack on itself, on ``n`` images drawn by ``seed``.

    Args:
        model: a built Keras classifier.
        images: ``(m, h, w, c)`` float32 in [0, 1], any image array.
        labels: ``(m,)`` int64.
        attack: a key of ``ATTACKS`` or an import path.
        parameters: the attack's parameters.
        n: how many images to draw; all by default.
        seed: of the draw and of the attack.

    Returns:
        A number in [0, 1]. For many models of one architecture, keep a ``Reattacker`` and set its model's
        weights.
    """
    drawn = np.arange(len(images))
    if n is not None and n < len(images):
        drawn = np.sort(np.random.default_rng(seed).permutation(len(images))[:n])
    return Reattacker(model, attack, parameters, seed=seed).accuracy(
        SelectedImages(images, drawn), np.asarray(labels)[drawn]
    )
