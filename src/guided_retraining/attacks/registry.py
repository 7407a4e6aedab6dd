"""The attacks by name: one row each, and the functions that turn a name in YAML into an attack.

Nothing here imports a deep-learning library, so a configuration can be checked at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from guided_retraining.errors import ParameterError
from guided_retraining.parameters.names import imported, look_up
from guided_retraining.parameters.parameter import (
    Parameter,
    check_values,
    flag,
    number,
    one_of,
    optional,
    whole,
)

__all__ = ["ATTACKS", "AttackRow", "attack_ball", "check_arguments", "check_attack", "make_attack"]

OWN = "Or give the import path of an ART evasion attack of your own, as package.module:Class."


@dataclass(frozen=True)
class AttackRow:
    """One attack of the registry: all that there is to know of it.

    Attributes:
        key: its name in parameters.
        label: its name in sentences, tables and figures.
        target: import path of its class.
        norm: the norm it keeps small; ``parameters`` has the order where it can be chosen.
        parameters: names, defaults and allowed values; eps in units of [0, 1] pixel values.
        source: where it was published.
        fixed: arguments that make the class this attack, each the default of its parameter; not for the user.
    """

    key: str
    label: str
    target: str
    norm: str
    parameters: Mapping[str, Parameter]
    source: str
    fixed: Mapping[str, Parameter] = field(default_factory=dict)


def _norm(*orders: float, default: float | str = "inf") -> Parameter:
    words = [f"{order:g}" for order in orders]
    return Parameter(
        default,
        " or ".join(words),
        lambda value: value == "inf" or (not isinstance(value, bool) and value in orders),
    )


_ITERATIVE = "guided_retraining.attacks.iterative:IterativeGradientAttack"
_APGD = "guided_retraining.attacks.apgd:AutoPGD"
_EPS = number(8 / 255, above=0)  # 8 grey levels, the usual Linf budget for colour images
_STEP = optional(number(2 / 255, above=0))
_ANY_NORM = _norm(1, 2, inf)
_BATCH = {"batch_size": whole(64, low=1)}
_COMMON = {"targeted": flag(False), **_BATCH}
_SEED = {"seed": whole(0)}
_APGD_PARAMETERS = {
    "norm": _norm(2, inf),
    "eps": _EPS,
    "eps_step": optional(number(None, above=0)),
    "max_iter": whole(100, low=1),
    "nb_random_init": whole(1, low=1),
    **_BATCH,
    **_SEED,
}
_LOSSES = ("cross_entropy", "difference_logits_ratio")
_STUDY = {
    "eps": number(0.05, above=0),
    "eps_step": optional(number(0.01, above=0)),
    "max_iter": whole(10, low=1),
    **_COMMON,
}
_STUDY_WAY = {"scaled": flag(True), "softmax_as_logits": flag(True)}

_ROWS = [
    AttackRow(
        "fgsm", "FGSM", _ITERATIVE, "Linf",
        {"norm": _ANY_NORM, "eps": _EPS, "num_random_init": whole(0), **_COMMON, **_SEED},
        "Goodfellow et al. 2015, arXiv 1412.6572",
        {"max_iter": whole(1, low=1)},
    ),
    AttackRow(
        "bim", "BIM", _ITERATIVE, "Linf",
        {"eps": _EPS, "eps_step": _STEP, "max_iter": whole(10, low=1), **_COMMON},
        "Kurakin et al. 2017, arXiv 1607.02533",
        {"norm": _ANY_NORM},
    ),
    AttackRow(
        "pgd", "PGD", _ITERATIVE, "Linf",
        {
            "norm": _ANY_NORM, "eps": _EPS, "eps_step": _STEP, "max_iter": whole(20, low=1),
            "num_random_init": whole(1), **_COMMON, **_SEED,
        },
        "Madry et al. 2018, arXiv 1706.06083",
    ),
    AttackRow(
        "mi_fgsm", "MI-FGSM", _ITERATIVE, "Linf",
        {
            "norm": _ANY_NORM, "eps": _EPS, "eps_step": _STEP, "max_iter": whole(10, low=1),
            "decay": optional(number(1.0, low=0)), **_COMMON,
        },
        "Dong et al. 2018, arXiv 1710.06081",
    ),
    AttackRow(
        "carlini_wagner", "Carlini-Wagner L2", "guided_retraining.attacks.carlini:CarliniWagnerL2", "L2",
        {
            "confidence": number(0.0, low=0), "learning_rate": number(0.02, above=0),
            "binary_search_steps": whole(5, low=1), "max_iter": whole(100, low=1),
            "initial_const": number(1.0, above=0), **_COMMON,
        },
        "Carlini and Wagner 2017, arXiv 1608.04644",
    ),
    AttackRow(
        "deepfool", "DeepFool", "guided_retraining.attacks.deepfool:DeepFool", "L2",
        {"max_iter": whole(50, low=1), "epsilon": number(0.02, low=0), "nb_grads": whole(10, low=2), **_BATCH},
        "Moosavi-Dezfooli et al. 2016, arXiv 1511.04599",
    ),
    AttackRow(
        "apgd_ce", "APGD-CE", _APGD, "Linf", _APGD_PARAMETERS, "Croce and Hein 2020, arXiv 2003.01690",
        {"loss_type": one_of("cross_entropy", *_LOSSES)},
    ),
    AttackRow(
        "apgd_dlr", "APGD-DLR", _APGD, "Linf", _APGD_PARAMETERS, "Croce and Hein 2020, arXiv 2003.01690",
        {"loss_type": one_of("difference_logits_ratio", *_LOSSES)},
    ),
    AttackRow(
        "square", "Square", "guided_retraining.attacks.square:SquareAttack", "Linf",
        {
            "eps": _EPS, "max_iter": whole(1000, low=1), "p_init": number(0.8, above=0, high=1), **_BATCH,
            **_SEED,
        },
        "Andriushchenko et al. 2020, arXiv 1912.00049",
    ),
    AttackRow(
        "auto_attack", "APGD-CE + APGD-DLR + Square", "guided_retraining.attacks.ensemble:AutoAttackEnsemble",
        "Linf",
        {
            "eps": _EPS, "max_iter": whole(100, low=1), "nb_random_init": whole(1, low=1),
            "square_max_iter": whole(1000, low=1), **_BATCH, **_SEED,
        },
        "Croce and Hein 2020, arXiv 2003.01690, without FAB and the targeted attacks",
    ),
    AttackRow(
        "l2_bim", "L2-BIM (study)", _ITERATIVE, "L2", _STUDY,
        "PeerJ Computer Science 2023, cs-1454, where it is called CW",
        {"norm": _norm(1, 2, inf, default=2), **_STUDY_WAY},
    ),
    AttackRow(
        "l1_bim", "L1-BIM (study)", _ITERATIVE, "L1", _STUDY,
        "PeerJ Computer Science 2023, cs-1454, where it is called BIM",
        {"norm": _norm(1, 2, inf, default=1), **_STUDY_WAY},
    ),
]  # fmt: skip
ATTACKS: dict[str, AttackRow] = {row.key: row for row in _ROWS}


def check_attack(attack: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Check an attack's name and parameters before anything is loaded.

    Args:
        attack: a key of ``ATTACKS``, or the import path ``package.module:Class`` of an ART evasion attack.
        parameters: its parameters; what is left out gets its default.

    Returns:
        All parameters, defaults filled in; those of an import path as they are.

    Raises:
        ParameterError: an unknown attack or parameter, or a value out of range.

    >>> check_attack("bim", {"eps": 0.1})["max_iter"]
    10
    """
    owner = f"attack {attack}"
    if ":" in attack:
        _check_eps(owner, parameters)
        return dict(parameters)
    row = look_up("attack", attack, ATTACKS, OWN)
    values = check_values(owner, row.parameters, parameters)
    _check_eps(owner, {**_defaults(row.fixed), **values})
    return values


def check_arguments(attack: Any) -> None:
    """Check the arguments of an attack that was made from its class, or changed since, by the rows of the class.

    Args:
        attack: an object of a class that has rows, or of one derived from it.

    Raises:
        ParameterError: a value out of range.
    """
    kinds = {f"{kind.__module__}:{kind.__qualname__}" for kind in type(attack).__mro__}
    declared: dict[str, Parameter] = {}
    for row in ATTACKS.values():
        if row.target in kinds:
            declared |= {**row.fixed, **row.parameters}
    values = {name: getattr(attack, name) for name in declared if hasattr(attack, name)}
    check_values(type(attack).__name__, declared, values)
    _check_eps(type(attack).__name__, values)


def make_attack(attack: str, estimator: Any, **parameters: Any) -> Any:
    """Make an attack on an estimator's model.

    Args:
        attack: a key of ``ATTACKS``, or the import path ``package.module:Class`` of an ART evasion attack.
        estimator: a ``KerasLogitsEstimator``.
        **parameters: see ``ATTACKS[attack].parameters``; ART's names.

    Returns:
        An ART ``EvasionAttack``: ``generate(images, labels)`` takes float32 images in [0, 1] and class
        indices, one-hot rows or nothing, and returns images within the epsilon ball and [0, 1].

    Raises:
        ParameterError: an unknown attack or parameter, or a value out of range.
    """
    values = check_attack(attack, parameters)
    row = ATTACKS.get(attack)
    fixed = _defaults(row.fixed) if row else {}
    if fixed.pop("softmax_as_logits", False):
        estimator = estimator.on_probabilities()
    path = row.target if row else attack
    found = imported("attack", path)
    if not callable(getattr(found, "generate", None)):
        raise ParameterError(f"attack {path}: found no generate method, expected an ART EvasionAttack class.")
    return found(estimator, **fixed, **values)


def attack_ball(attack: str, parameters: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """``(order of the norm, eps)`` of an attack's ball; None where it has none, or one of a norm unknown here."""
    row = ATTACKS.get(attack)
    values = {**(_defaults({**row.fixed, **row.parameters}) if row else {}), **parameters}
    order = _order(values)
    if "eps" not in values or order is None:
        return None, None
    return order, float(values["eps"])


def _defaults(declared: Mapping[str, Parameter]) -> dict[str, Any]:
    return {name: parameter.default for name, parameter in declared.items()}


def _order(values: Mapping[str, Any]) -> float | None:
    try:
        return float(values.get("norm", inf))
    except (TypeError, ValueError):
        return None  # a user's own attack may call its norms as it likes


def _check_eps(owner: str, values: Mapping[str, Any]) -> None:
    """A ball's radius, for any attack that has one: in Linf no more than the whole range of a pixel."""
    if "eps" not in values:
        return
    eps = values["eps"]
    _EPS.check(owner, "eps", eps)
    if _order(values) == inf and eps > 1:
        hint = f", so {eps:g} grey levels are {eps:g} / 255 = {eps / 255:.3g}" if eps <= 255 else ""
        raise ParameterError(
            f"{owner}: found eps={eps!r}, expected a number in (0, 1]: pixel values are in [0, 1]{hint}."
        )
