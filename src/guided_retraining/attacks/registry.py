"""The attacks by name: one row each, and the two functions that turn a name in YAML into an attack.

Nothing here imports a deep-learning library, so a configuration can be checked at once.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from guided_retraining.attacks.parameters import check_values
from guided_retraining.errors import ParameterError

__all__ = ["ATTACKS", "AttackRow", "attack_ball", "attack_label", "check_attack", "make_attack"]

PACKAGE = "guided_retraining.attacks"
EPS = 8 / 255  # 8 grey levels, the usual Linf budget for colour images
EPS_STEP = 2 / 255


@dataclass(frozen=True)
class AttackRow:
    """One attack of the registry.

    Attributes:
        key: its name in parameters.
        label: its name in tables and figures.
        target: ``module:class`` that makes it, below this package.
        norm: the norm it keeps small, for reading; ``parameters`` has the order where it can be chosen.
        parameters: accepted parameters and their defaults; eps in units of [0, 1] pixel values.
        fixed: arguments that make the class this attack; not for the user.
        norms: the orders that ``norm`` may have, where it can be chosen.
        needs_gradient: False for attacks that only look at outputs.
        source: where it was published.
    """

    key: str
    label: str
    target: str
    norm: str
    parameters: Mapping[str, Any]
    source: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    needs_gradient: bool = True
    norms: tuple[float | str, ...] = (1, 2, "inf")


_COMMON = {"targeted": False, "batch_size": 64}
_STUDY = {"eps": 0.05, "eps_step": 0.01, "max_iter": 10, **_COMMON}

_ROWS = [
    AttackRow(
        "fgsm", "FGSM", "iterative:IterativeGradientAttack", "Linf",
        {"norm": "inf", "eps": EPS, "num_random_init": 0, **_COMMON, "seed": 0},
        "Goodfellow et al. 2015, arXiv 1412.6572",
        {"max_iter": 1},
    ),
    AttackRow(
        "bim", "BIM", "iterative:IterativeGradientAttack", "Linf",
        {"eps": EPS, "eps_step": EPS_STEP, "max_iter": 10, **_COMMON},
        "Kurakin et al. 2017, arXiv 1607.02533",
        {"norm": "inf"},
    ),
    AttackRow(
        "pgd", "PGD", "iterative:IterativeGradientAttack", "Linf",
        {"norm": "inf", "eps": EPS, "eps_step": EPS_STEP, "max_iter": 20, "num_random_init": 1, **_COMMON,
        "seed": 0}, "Madry et al. 2018, arXiv 1706.06083",
    ),
    AttackRow(
        "mi_fgsm", "MI-FGSM", "iterative:IterativeGradientAttack", "Linf",
        {"norm": "inf", "eps": EPS, "eps_step": EPS_STEP, "max_iter": 10, "decay": 1.0, **_COMMON},
        "Dong et al. 2018, arXiv 1710.06081",
    ),
    AttackRow(
        "carlini_wagner", "Carlini-Wagner L2", "carlini:CarliniWagnerL2", "L2",
        {"confidence": 0.0, "learning_rate": 0.02, "binary_search_steps": 5, "max_iter": 100,
        "initial_const": 1.0,
         **_COMMON},
        "Carlini and Wagner 2017, arXiv 1608.04644",
    ),
    AttackRow(
        "deepfool", "DeepFool", "deepfool:DeepFool", "L2",
        {"max_iter": 50, "epsilon": 0.02, "nb_grads": 10, "batch_size": 64},
        "Moosavi-Dezfooli et al. 2016, arXiv 1511.04599",
    ),
    AttackRow(
        "apgd_ce", "APGD-CE", "apgd:AutoPGD", "Linf",
        {"norm": "inf", "eps": EPS, "eps_step": None, "max_iter": 100, "nb_random_init": 1, "batch_size": 64,
         "seed": 0},
        "Croce and Hein 2020, arXiv 2003.01690",
        {"loss_type": "cross_entropy"},
        norms=(2, "inf"),
    ),
    AttackRow(
        "apgd_dlr", "APGD-DLR", "apgd:AutoPGD", "Linf",
        {"norm": "inf", "eps": EPS, "eps_step": None, "max_iter": 100, "nb_random_init": 1, "batch_size": 64,
         "seed": 0},
        "Croce and Hein 2020, arXiv 2003.01690",
        {"loss_type": "difference_logits_ratio"},
        norms=(2, "inf"),
    ),
    AttackRow(
        "square", "Square", "square:SquareAttack", "Linf",
        {"eps": EPS, "max_iter": 1000, "p_init": 0.8, "batch_size": 64, "seed": 0},
        "Andriushchenko et al. 2020, arXiv 1912.00049",
        {},
        False,
    ),
    AttackRow(
        "auto_attack", "APGD-CE + APGD-DLR + Square", "ensemble:AutoAttackEnsemble", "Linf",
        {"eps": EPS, "max_iter": 100, "nb_random_init": 1, "square_max_iter": 1000, "batch_size": 64,
        "seed": 0}, "Croce and Hein 2020, arXiv 2003.01690, without FAB and the targeted attacks",
    ),
    AttackRow(
        "l2_bim", "L2-BIM (study)", "iterative:IterativeGradientAttack", "L2", _STUDY,
        "PeerJ Computer Science 2023, cs-1454, where it is called CW",
        {"norm": 2, "scaled": True, "softmax_as_logits": True},
    ),
    AttackRow(
        "l1_bim", "L1-BIM (study)", "iterative:IterativeGradientAttack", "L1", _STUDY,
        "PeerJ Computer Science 2023, cs-1454, where it is called BIM",
        {"norm": 1, "scaled": True, "softmax_as_logits": True},
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
    if attack not in ATTACKS:
        if ":" not in attack:
            raise ParameterError(
                f"Found attack {attack!r}, expected one of {', '.join(ATTACKS)}, or the import path of an "
                f"ART evasion "
                "attack of your own as package.module:Class."
            )
        check_values(attack, {name: value for name, value in parameters.items() if name == "eps"})
        return dict(parameters)
    row = ATTACKS[attack]
    unknown = [name for name in parameters if name not in row.parameters]
    if unknown:
        raise ParameterError(
            f"Attack {attack}: found the unknown parameter {', '.join(map(str, unknown))}, expected some of "
            f"{', '.join(row.parameters)}."
        )
    values = {**row.parameters, **parameters}
    check_values(attack, {**values, **{name: row.fixed[name] for name in ("norm",) if name in row.fixed}})
    if "norm" in values and float(values["norm"]) not in map(float, row.norms):
        raise ParameterError(
            f"Attack {attack}: found norm={values['norm']!r}, expected {' or '.join(map(str, row.norms))}."
        )
    return values


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
    if attack not in ATTACKS:
        return _imported(attack)(estimator, **values)
    fixed = dict(ATTACKS[attack].fixed)
    if fixed.pop("softmax_as_logits", False):
        estimator = estimator.on_probabilities()
    return _imported(f"{PACKAGE}.{ATTACKS[attack].target}")(estimator, **fixed, **values)


def attack_label(attack: str) -> str:
    """Name for tables and figures; the class name of an attack given by import path."""
    return ATTACKS[attack].label if attack in ATTACKS else attack.rpartition(":")[2]


def attack_ball(attack: str, parameters: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """``(order of the norm, eps)`` of an attack's ball, None where it has none."""
    row = ATTACKS.get(attack)
    values = {**row.fixed, **row.parameters, **parameters} if row else dict(parameters)
    if "eps" not in values:
        return None, None
    return float(values.get("norm", "inf")), float(values["eps"])


def _imported(path: str) -> Any:
    module, _, name = path.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ParameterError(
            f"Attack {path}: found no class {name!r} in module {module!r} ({error}); expected an importable "
            "package.module:Class."
        ) from error
    if not callable(getattr(found, "generate", None)):
        raise ParameterError(f"Attack {path}: found no generate method, expected an ART EvasionAttack class.")
    return found
