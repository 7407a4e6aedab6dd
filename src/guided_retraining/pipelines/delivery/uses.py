"""What each attack of a study was used for, from its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guided_retraining.attacks.making import attack_ball
from guided_retraining.attacks.robustness import repeated_attacks
from guided_retraining.evaluation.delivered import AttackUse
from guided_retraining.parameters.blocks import ReattackParameters
from guided_retraining.parameters.names import named_function

__all__ = ["attack_uses"]

KINDS = {"robust": "robust accuracy", "unseen": "unseen attack"}


def attack_uses(
    attacks: Mapping[str, Mapping[str, Any] | None], reattack: ReattackParameters
) -> list[AttackUse]:
    """What each attack of a study was used for, and how far it may go.

    Args:
        attacks: the study's, by name.
        reattack: what is made anew against each retrained model.

    >>> uses = attack_uses({"fgsm": {"eps": 0.1}, "deepfool": {}}, ReattackParameters(unseen={"apgd_ce": {}}))
    >>> [(one["name"], one["norm"], one["eps"]) for one in uses]
    [('fgsm', 'Linf', 0.1), ('deepfool', None, None), ('apgd_ce', 'Linf', 0.1)]
    >>> [one["uses"] for one in uses]
    [['retraining inputs', 'robust accuracy'], ['retraining inputs'], ['unseen attack']]
    """
    rows = {
        name: (*named_function(name, dict(given or {}), "attack"), ["retraining inputs"])
        for name, given in attacks.items()
    }
    for one in repeated_attacks(attacks, reattack) if reattack.n_test else []:
        _, _, uses = rows.setdefault(one.name, (one.function, dict(one.parameters), []))
        uses.append(KINDS[one.kind])
    found = []
    for name, (function, given, uses) in rows.items():
        order, eps = attack_ball(function, given)
        norm = None if order is None else f"L{order:g}"
        found.append(AttackUse(name=name, norm=norm, eps=eps, uses=uses, parameters=given))
    return found
