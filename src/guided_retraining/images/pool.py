"""Clean images followed by adversarial ones, as one set that is indexed and never copied."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError
from guided_retraining.images.arrays import ImageArray, JoinedImages
from guided_retraining.storage.fingerprint import fingerprint


@dataclass(frozen=True)
class LabelledPool:
    """The clean set T followed by the adversarial set A (``P = T + A``), with what is known of each input.

    Attributes:
        clean_images: ``(n_clean, h, w, c)`` float32 in [0, 1] when indexed.
        clean_labels: ``(n_clean,)`` int64.
        adversarial_images: ``(n_adversarial, h, w, c)`` float32 in [0, 1].
        adversarial_labels: ``(n_adversarial,)`` int64, the true labels.
        attacks: ``(n_adversarial,)`` text, the attack that made each adversarial input.
        sources: ``(n_adversarial,)`` int64, position of the clean image that each was made from.
    """

    clean_images: ImageArray
    clean_labels: NDArray[np.int64]
    adversarial_images: ImageArray
    adversarial_labels: NDArray[np.int64]
    attacks: NDArray[np.str_]
    sources: NDArray[np.int64]

    def __post_init__(self) -> None:
        lengths = (len(self.clean_images), len(self.clean_labels))
        small = (self.adversarial_labels, self.attacks, self.sources)
        adversarial = (len(self.adversarial_images), *map(len, small))
        if len(set(lengths)) > 1 or len(set(adversarial)) > 1:
            raise InputError(
                "images, labels, attacks and sources of a pool must pair up; "
                f"found {lengths} clean, {adversarial} adversarial"
            )
        if self.clean_images.shape[1:] != self.adversarial_images.shape[1:]:
            raise InputError(
                f"clean images are {self.clean_images.shape[1:]} and adversarial ones "
                f"{self.adversarial_images.shape[1:]}; run the attack stage again"
            )

    @property
    def n_clean(self) -> int:
        return len(self.clean_labels)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self), *self.clean_images.shape[1:])

    @property
    def dtype(self) -> np.dtype[np.float32]:
        return np.dtype(np.float32)

    def __len__(self) -> int:
        return len(self.clean_labels) + len(self.adversarial_labels)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """``(n,)`` true labels of clean, then adversarial inputs."""
        return np.concatenate([self.clean_labels, self.adversarial_labels]).astype(np.int64)

    @cached_property
    def is_adversarial(self) -> NDArray[np.bool_]:
        """``(n,)``."""
        return np.arange(len(self)) >= self.n_clean

    @cached_property
    def fingerprint(self) -> str:
        """Of all images and labels."""
        return fingerprint(self.clean_images, self.adversarial_images, self.labels)

    def __getitem__(self, index: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        """The chosen images, ``(m, h, w, c)`` float32: the only copy ever made, as large as what was asked for."""
        return JoinedImages(self.clean_images, self.adversarial_images)[index]
