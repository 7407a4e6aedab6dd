"""How many images are attacked."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from guided_retraining.attacks.registry import ATTACKS
from guided_retraining.errors import ParameterError
from guided_retraining.parameters.names import named_function

__all__ = ["attacked_count", "planned_passes"]

REPEATS = ("max_iter", "binary_search_steps", "num_random_init", "nb_random_init")


def attacked_count(wanted: int | float, available: int, split: str, n_attacks: int) -> int:
    """How many images of a split are attacked.

    Args:
        wanted: a number, or a share of the split.
        available: images in the split.
        split: its name, for the message.
        n_attacks: at least one image is needed for each.

    Raises:
        ParameterError: more than there are, or fewer than attacks.

    >>> attacked_count(0.5, 100, "train", 3)
    50
    """
    number = wanted if isinstance(wanted, int) else round(wanted * available)
    if not n_attacks <= number <= available:
        raise ParameterError(
            f"attack.n_{split} = {wanted} asks for {number} of the {available} {split} images; "
            f"between {n_attacks} (one for each attack) and {available} can be attacked"
        )
    return number


def planned_passes(attacks: Mapping[str, Mapping[str, Any] | None]) -> float:
    """How many gradient passes the attacks of a study take for an image at most, on average over equal parts.

    Args:
        attacks: parameters by name; of an import path only those that are given are known.

    >>> planned_passes({"bim": {"eps": 0.1, "max_iter": 9}, "fgsm": {"eps": 0.1}})
    5.0
    """
    each = []
    for name, given in attacks.items():
        function, parameters = named_function(name, given, "attack")
        row = ATTACKS.get(function)
        declared = {**row.fixed, **row.parameters} if row else {}
        repeats = [
            parameters.get(one, declared[one].default if one in declared else 1) or 1 for one in REPEATS
        ]
        each.append(float(prod(max(1, number) for number in repeats)))
    return sum(each) / len(each)
