"""How well a model stands attacks made against itself, as an adversary would make them.

Adversarial inputs that were made against another model say little of that: each model has weak spots of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.making import attack_ball
from guided_retraining.attacks.registry import ATTACKS
from guided_retraining.images.arrays import ImageArray
from guided_retraining.parameters.blocks import ReattackParameters
from guided_retraining.parameters.names import named_function

if TYPE_CHECKING:
    from guided_retraining.attacks.estimator import KerasLogitsEstimator

__all__ = ["RepeatedAttack", "largest_linf", "repeated_attacks", "withstood"]


@dataclass(frozen=True)
class RepeatedAttack:
    """One attack on each retrained model.

    Attributes:
        kind: ``robust`` for an attack that made retraining inputs, ``unseen`` for another.
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
    [('robust', 'fgsm', {'eps': 0.1}), ('unseen', 'apgd_ce', {'eps': 0.1, 'max_iter': 20})]
    """
    own = [(name, *named_function(name, dict(given or {}), "attack")) for name, given in attacks.items()]
    balls = {name: attack_ball(function, given) for name, function, given in own}
    seen = [RepeatedAttack("robust", *row) for row in own if balls[row[0]][1] is not None]
    largest = largest_linf(attacks)
    unseen = []
    for name, given in reattack.unseen.items():
        function, rest = named_function(name, given, "attack")
        takes_eps = function in ATTACKS and "eps" in ATTACKS[function].parameters
        default = {"eps": largest} if takes_eps and largest is not None else {}
        unseen.append(RepeatedAttack("unseen", name, function, {**default, **rest}))
    return [*seen, *unseen]


def largest_linf(attacks: Mapping[str, Mapping[str, Any] | None]) -> float | None:
    """The largest Linf epsilon of a study's attacks; None where none has one.

    Args:
        attacks: by name.

    >>> largest_linf({"fgsm": {"eps": 0.1}, "bim": {"eps": 0.2}, "carlini_wagner": {}})
    0.2
    """
    named = (named_function(name, dict(given or {}), "attack") for name, given in attacks.items())
    balls = (attack_ball(*row) for row in named)
    return max((eps for norm, eps in balls if eps is not None and norm == np.inf), default=None)


def withstood(
    estimator: KerasLogitsEstimator,
    attacks: Sequence[RepeatedAttack],
    images: ImageArray,
    labels: NDArray[np.int64],
    *,
    seed: int,
    right: NDArray[np.bool_] | None = None,
    worst_case_only: bool = False,
) -> dict[str, NDArray[np.bool_]]:
    """Which images a model still gets right under each of several attacks, all made anew on the same images.

    Only images that the model gets right are attacked: the others are wrong already.

    Args:
        estimator: of the model; other weights in the same model need no new graphs.
        attacks: with different names.
        images: ``(n, h, w, c)`` float32 in [0, 1], any image array.
        labels: ``(n,)`` int64.
        seed: of the attacks' random draws.
        right: ``(n,)`` which of them the model gets right unattacked, where that is known.
        worst_case_only: each attack sees only images that withstood those before it: all that is needed to know which
            withstand all of them, and cheaper.

    Returns:
        For each attack ``(n,)`` right or wrong; of an image that it was not shown, wrong.
    """
    from guided_retraining.attacks.running import generate

    images = images[:]
    if right is None:
        right = estimator.predict(images).argmax(axis=1) == labels
    found = {}
    for attack in attacks:
        standing = right.copy()
        at = np.flatnonzero(right)
        if len(at):
            attacked = generate(
                estimator, attack.function, attack.parameters, images[at], labels[at], seed=[seed, 0],
                batch_size=estimator.batch_size, until_fooled=True,
            )  # fmt: skip
            standing[at] = estimator.predict(attacked).argmax(axis=1) == labels[at]
        found[attack.name] = standing
        if worst_case_only:
            right = standing
    return found
