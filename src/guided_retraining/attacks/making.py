"""From the name of an attack in YAML to an attack; its parameters are checked before any library is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from guided_retraining.attacks.registry import ATTACKS
from guided_retraining.errors import ParameterError
from guided_retraining.parameters.names import imported, look_up
from guided_retraining.parameters.parameter import Parameter, check_values, number

__all__ = ["attack_ball", "check_arguments", "check_attack", "make_attack"]

OWN = "Or give the import path of an ART evasion attack of your own, as package.module:Class."
EPS = number(None, above=0)  # of an attack without a row


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
        EPS.check(owner, "eps", parameters.get("eps", 1.0))
        _check_units(owner, parameters)
        return dict(parameters)
    row = look_up("attack", attack, ATTACKS, OWN)
    values = check_values(owner, row.parameters, parameters)
    _check_units(owner, {**_defaults(row.fixed), **values})
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
    _check_units(type(attack).__name__, values)


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


def _check_units(owner: str, values: Mapping[str, Any]) -> None:
    """Refuse a ball that holds every image: its radius was meant in grey levels."""
    eps = values.get("eps", 0)
    if _order(values) == inf and eps > 1:
        hint = f", so {eps:g} grey levels are {eps:g} / 255 = {eps / 255:.3g}" if eps <= 255 else ""
        raise ParameterError(
            f"{owner}: found eps={eps!r}, expected a number in (0, 1]: pixel values are in [0, 1]{hint}."
        )
