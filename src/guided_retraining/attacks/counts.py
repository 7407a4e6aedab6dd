"""How many images are attacked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guided_retraining.attacks.registry import ATTACKS
from guided_retraining.errors import ParameterError

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


def planned_passes(attack: str, parameters: Mapping[str, Any]) -> float:
    """About how many gradient passes an attack takes for an image, before it is made.

    Args:
        attack: a key of ``ATTACKS``, or an import path, of which only the parameters given are known.
        parameters: its parameters.

    >>> planned_passes("bim", {"eps": 0.1}), planned_passes("fgsm", {"eps": 0.1})
    (10.0, 1.0)
    """
    row = ATTACKS.get(attack)
    declared = {**row.fixed, **row.parameters} if row else {}
    passes = 1.0
    for name in REPEATS:
        default = declared[name].default if name in declared else 1
        passes *= max(1, parameters.get(name, default) or 1)
    return passes
