"""Ranges of attack parameters, checked without any deep-learning library, so before long work starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from guided_retraining.errors import ParameterError

__all__ = ["check_values"]

Check = tuple[Callable[[Any], bool], str]


def _number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and not np.isnan(value)


def _integer(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


NORMS = (1, 2, np.inf, "inf")
POSITIVE: Check = (lambda value: _number(value) and value > 0, "a number above 0")
NOT_NEGATIVE: Check = (lambda value: _number(value) and value >= 0, "a number of 0 or more")
COUNT: Check = (lambda value: _integer(value) and value >= 1, "a whole number of 1 or more")
COUNT_OR_ZERO: Check = (lambda value: _integer(value) and value >= 0, "a whole number of 0 or more")
FLAG: Check = (lambda value: isinstance(value, bool), "true or false")

CHECKS: dict[str, Check] = {
    "norm": (lambda value: value in NORMS, 'one of 1, 2, "inf"'),
    "eps": POSITIVE,
    "eps_step": (lambda value: value is None or POSITIVE[0](value), "a number above 0"),
    "max_iter": COUNT,
    "num_random_init": COUNT_OR_ZERO,
    "nb_random_init": COUNT,
    "square_max_iter": COUNT,
    "decay": (lambda value: value is None or NOT_NEGATIVE[0](value), "a number of 0 or more, or null"),
    "scaled": FLAG,
    "targeted": FLAG,
    "verbose": FLAG,
    "batch_size": COUNT,
    "seed": COUNT_OR_ZERO,
    "confidence": NOT_NEGATIVE,
    "learning_rate": POSITIVE,
    "binary_search_steps": COUNT,
    "initial_const": POSITIVE,
    "epsilon": NOT_NEGATIVE,
    "nb_grads": (lambda value: _integer(value) and value >= 2, "a whole number of 2 or more"),
    "p_init": (lambda value: _number(value) and 0 < value <= 1, "a number in (0, 1]"),
    "loss_type": (
        lambda value: value in ("cross_entropy", "difference_logits_ratio"),
        "cross_entropy or difference_logits_ratio",
    ),
}


def check_values(attack: str, values: Mapping[str, Any]) -> None:
    """Check each known parameter's type and range.

    Args:
        attack: name for the message.
        values: parameter names and values; unknown names are left to the caller.

    Raises:
        ParameterError: a value of another type or out of range.

    >>> check_values("fgsm", {"norm": "inf", "eps": 8 / 255})
    """
    for name, value in values.items():
        holds, expected = CHECKS.get(name, (lambda _: True, ""))
        if not holds(value):
            raise ParameterError(f"Attack {attack}: found {name}={value!r}, expected {expected}.")
    eps = values.get("eps")
    if eps is not None and float(values.get("norm", np.inf)) == np.inf and eps > 1:
        hint = f", so {eps:g} grey levels are {eps:g} / 255 = {eps / 255:.3g}" if eps <= 255 else ""
        raise ParameterError(
            f"Attack {attack}: found eps={eps!r}, expected a number in (0, 1]: pixel values are in [0, "
            f"1]{hint}."
        )
