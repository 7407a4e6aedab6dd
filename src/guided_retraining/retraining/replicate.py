"""A replicate of the study: all that its cells are computed from, each part drawn by the replicate's own seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.images.arrays import drawn_positions
from guided_retraining.images.pool import LabelledPool
from guided_retraining.models.identity import model_fingerprint
from guided_retraining.parameters.blocks import AttackParameters, ReattackParameters
from guided_retraining.storage.fingerprint import fingerprint

if TYPE_CHECKING:
    import pandas as pd

    from guided_retraining.attacks.robustness import RepeatedAttack


def replicate_seed(seed: int, replicate: int) -> int:
    """The seed of everything that one replicate of a study draws.

    Args:
        seed: of the study.
        replicate: its number.
    """
    return int(np.random.SeedSequence((seed, replicate)).generate_state(1)[0])


@dataclass(frozen=True, eq=False)
class Replicate:
    """What all cells of one replicate are computed from.

    Attributes:
        number: of the replicate.
        seed: of the study; it and the number decide every draw.
        original: the model before retraining, or what stands for it where nothing is computed.
        pool: training inputs, clean then adversarial.
        validation: inputs to choose on.
        test: inputs to report on.
        attacks: made anew against each retrained model.
        n_validation: images of the validation split attacked anew, at most.
        n_test: images of the test split attacked anew, at most.
        pool_passes: gradient passes that the attacks on the pool took.
    """

    number: int
    seed: int
    original: Any
    pool: LabelledPool
    validation: LabelledPool
    test: LabelledPool
    attacks: Sequence[RepeatedAttack] = ()
    n_validation: int = 0
    n_test: int = 0
    pool_passes: float = 0.0

    @property
    def draws(self) -> int:
        """The seed of its draws."""
        return replicate_seed(self.seed, self.number)

    @cached_property
    def start(self) -> list[Any]:
        """The original model's weights."""
        return list(self.original.get_weights())

    @cached_property
    def attacked_validation(self) -> NDArray[np.int64]:
        """Positions in the validation split of the images attacked anew."""
        return self._drawn(len(self.validation.clean_labels), self.n_validation, 0)

    @cached_property
    def attacked_test(self) -> NDArray[np.int64]:
        """Positions in the test split of the images attacked anew."""
        return self._drawn(len(self.test.clean_labels), self.n_test, 1)

    @cached_property
    def fingerprint(self) -> str:
        """Of all of it."""
        pools = [part.fingerprint for part in (self.pool, self.validation, self.test)]
        attacks = [[one.kind, one.name, one.function, dict(one.parameters)] for one in self.attacks]
        attacked = [self.attacked_validation, self.attacked_test]
        return fingerprint(model_fingerprint(self.original), *pools, self.draws, attacks, *attacked)

    def _drawn(self, available: int, wanted: int, split: int) -> NDArray[np.int64]:
        if not self.attacks:
            return np.empty(0, np.int64)
        return drawn_positions(available, wanted, (self.draws, split))


def study_replicates(
    models: Mapping[int, Any],
    train_pools: Mapping[int, LabelledPool],
    validation_pools: Mapping[int, LabelledPool],
    test_pools: Mapping[int, LabelledPool],
    numbers: Sequence[int],
    seed: int,
    attack: AttackParameters,
    reattack: ReattackParameters,
    train_table: pd.DataFrame,
) -> list[Replicate]:
    """The replicates of a study, from what its stages made and its parameters.

    Args:
        models: original model of each replicate.
        train_pools: inputs to choose from.
        validation_pools: inputs to choose the budget on.
        test_pools: inputs to report on.
        numbers: of the replicates.
        seed: of the study.
        attack: the study's attacks.
        reattack: how many images are attacked anew, and by which further attacks.
        train_table: what the attacks on the pools took, a row an image: ``seed, gradient_passes``.
    """
    from guided_retraining.attacks.robustness import repeated_attacks

    passes = train_table.groupby("seed")["gradient_passes"].sum().round()
    anew = reattack.n_validation or reattack.n_test
    return [
        Replicate(
            number=number,
            seed=seed,
            original=models[number],
            pool=train_pools[number],
            validation=validation_pools[number],
            test=test_pools[number],
            attacks=repeated_attacks(attack.attacks, reattack) if anew else [],
            n_validation=reattack.n_validation,
            n_test=reattack.n_test,
            pool_passes=float(passes[number]),
        )
        for number in numbers
    ]
