"""How well each retrained model stands attacks made against itself, as an adversary would make them.

Adversarial inputs that were made against the original model say little of that: a retrained model has other weak spots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks import ATTACKS, KerasLogitsEstimator, Reattacker
from guided_retraining.attacks.registry import attack_ball
from guided_retraining.images.arrays import SelectedImages
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import ReattackParameters, named_function


@dataclass(frozen=True)
class RepeatedAttack:
    """One attack on each retrained model.

    Attributes:
        kind: ``reattacked`` for an attack that made retraining inputs, ``unseen`` for another.
        name: in the column ``accuracy_<kind>_<name>``.
        function: key of ``ATTACKS``, or an import path.
        parameters: of the attack.
    """

    kind: str
    name: str
    function: str
    parameters: Mapping[str, Any]


def repeated_attacks(
    attacks: Mapping[str, Mapping[str, Any] | None], reattack: ReattackParameters
) -> list[RepeatedAttack]:
    """What is repeated: the study's own attacks with an epsilon, and the unseen ones.

    An attack without one (Carlini-Wagner, DeepFool) always finds some adversarial input, so that the share it leaves
    right would tell nothing. An unseen attack whose ``eps`` is not given gets the study's largest Linf one.

    Args:
        attacks: the study's, by name.
        reattack: what to repeat.

    >>> chosen = repeated_attacks(
    ...     {"fgsm": {"eps": 0.1}, "carlini_wagner": {}}, ReattackParameters(unseen={"apgd_ce": {"max_iter": 20}})
    ... )
    >>> [(one.kind, one.name, one.parameters) for one in chosen]  # doctest: +NORMALIZE_WHITESPACE
    [('reattacked', 'fgsm', {'eps': 0.1}), ('unseen', 'apgd_ce', {'eps': 0.1, 'max_iter': 20})]
    """
    if reattack.n_test == 0:
        return []
    own = [(name, *named_function(name, dict(given or {}), "attack")) for name, given in attacks.items()]
    balls = {name: attack_ball(function, given) for name, function, given in own}
    seen = [RepeatedAttack("reattacked", *row) for row in own if balls[row[0]][1] is not None]
    largest = max((eps for norm, eps in balls.values() if eps is not None and norm == np.inf), default=None)
    unseen = []
    for name, given in reattack.unseen.items():
        function, rest = named_function(name, given, "attack")
        takes_eps = function in ATTACKS and "eps" in ATTACKS[function].parameters
        default = {"eps": largest} if takes_eps and largest is not None else {}
        unseen.append(RepeatedAttack("unseen", name, function, {**default, **rest}))
    return [*seen, *unseen]


class Reattacks:
    """Attacks retrained models on images of the test set.

    An attack that made retraining inputs gets the images its adversarial test inputs came from, so that the share right
    compares with that on those inputs; an unseen attack gets some of all of them.

    Args:
        repeated: the attacks.
        test: clean and adversarial test inputs.
        n_test: images at most, of each kind of attack.
        seed: of the attacks' random draws.
    """

    def __init__(self, repeated: list[RepeatedAttack], test: LabelledPool, *, n_test: int, seed: int) -> None:
        self.test, self.seed = test, seed
        self.chosen = [(attack, self._images(attack, repeated, n_test)) for attack in repeated]

    @property
    def key(self) -> list[Any]:
        """All that the measured shares depend on besides model and test set, for fingerprints."""
        return [
            [one.kind, one.name, one.function, dict(one.parameters), images.tolist(), self.seed]
            for one, images in self.chosen
        ]

    def accuracies(self, estimator: KerasLogitsEstimator) -> dict[str, float]:
        """Share of the attacked images that a model still gets right: of each kind, and of each attack.

        Args:
            estimator: of the model; other weights in the same model need no new graphs.

        Returns:
            ``accuracy_<kind>`` and ``accuracy_<kind>_<attack>``, each in [0, 1].
        """
        found: dict[str, float] = {}
        counts: dict[str, list[tuple[float, int]]] = {}
        for attack, images in self.chosen:
            if not len(images):
                continue
            repeated = Reattacker(
                None, attack.function, attack.parameters, seed=self.seed, batch_size=estimator.batch_size,
                estimator=estimator,
            )  # fmt: skip
            share = repeated.accuracy(
                SelectedImages(self.test.clean_images, images), self.test.clean_labels[images]
            )
            found[f"accuracy_{attack.kind}_{attack.name}"] = share
            counts.setdefault(attack.kind, []).append((share, len(images)))
        for kind, shares in counts.items():
            found[f"accuracy_{kind}"] = sum(s * n for s, n in shares) / sum(n for _, n in shares)
        return found

    def _images(
        self, attack: RepeatedAttack, repeated: list[RepeatedAttack], n_test: int
    ) -> NDArray[np.int64]:
        """Positions in the clean test set."""
        number = max(1, n_test // sum(other.kind == attack.kind for other in repeated))
        sources = np.asarray(self.test.sources)
        if attack.kind == "reattacked":
            sources = sources[self.test.attacks == attack.name]
        number = min(number, len(sources))
        return np.asarray(sources[np.linspace(0, len(sources), number, endpoint=False).astype(int)], np.int64)
