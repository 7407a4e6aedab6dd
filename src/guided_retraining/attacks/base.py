"""What every attack of this project checks before it starts and before it hands its images over."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field, fields
from typing import Any, dataclass_transform

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.estimator import EvasionAttack, KerasLogitsEstimator
from guided_retraining.attacks.finite import check_finite
from guided_retraining.attacks.inputs import check_images, class_indices
from guided_retraining.attacks.making import check_arguments
from guided_retraining.attacks.norms import kept_inside
from guided_retraining.errors import ParameterError

__all__ = ["CompiledAttack"]


@dataclass_transform(kw_only_default=True, eq_default=False)
@dataclass(kw_only=True, eq=False, repr=False)
class CompiledAttack(EvasionAttack):
    """Base of the compiled attacks; a subclass names its parameters and computes, this class makes and checks it.

    A subclass is a dataclass without saying so: what it annotates are the keyword arguments of its constructor.

    Args:
        estimator: the model to attack.
        batch_size: most inputs at once.

    Attributes:
        until_fooled: an attack of many steps may leave an input alone once the model is fooled: enough where only that
            is asked, and cheaper.
    """

    estimator: InitVar[KerasLogitsEstimator] = field(kw_only=False)
    batch_size: int = 64
    until_fooled = False
    _estimator_requirements = (KerasLogitsEstimator,)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclass(kw_only=True, eq=False, repr=False)(cls)

    def __post_init__(self, estimator: KerasLogitsEstimator) -> None:
        super().__init__(estimator=estimator)
        self._check_params()

    @property
    def attack_params(self) -> list[str]:
        """The names that ART's ``set_params`` sets and its ``repr`` shows."""
        return [parameter.name for parameter in fields(self)]

    def generate(self, x: Any, y: Any = None, **_: Any) -> NDArray[np.float32]:
        """Make adversarial images.

        Args:
            x: ``(n, h, w, c)`` float32 in [0, 1]; not changed.
            y: ``(n,)`` class indices or ``(n, k)`` one-hot rows; None for the model's own predictions.

        Returns:
            The shape of ``x``, float32 in [0, 1], within the attack's epsilon ball.

        Raises:
            InputError: images or labels of another shape, dtype or range.
            ModelError: NaN gradients, or a result outside its bounds.
            ParameterError: a targeted attack without labels.
        """
        images = check_images(x, self.estimator.input_shape)
        if y is None and self.targeted:
            raise ParameterError("Found targeted=True and no labels, expected the classes to reach as y.")
        if y is None:
            labels = self.estimator.predict(images, batch_size=self.batch_size).argmax(axis=1)
        else:
            labels = class_indices(y, len(images), self.estimator.nb_classes)
        adversarial = self._attack(images, labels)
        check_finite(self.estimator.model, adversarial, images)
        norm, eps = getattr(self, "norm", None), getattr(self, "eps", None)
        return kept_inside(images, adversarial, norm, eps, type(self).__name__)

    @abstractmethod
    def _attack(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Adversarial images of checked inputs."""

    def _check_params(self) -> None:
        super()._check_params()
        check_arguments(self)
        if hasattr(self, "norm"):
            self.norm: float = float(self.norm)  # "inf" in a YAML file

    def _each_batch(self, function: Callable[[slice], None], length: int) -> None:
        self.estimator.each_batch(function, length, self.batch_size)
