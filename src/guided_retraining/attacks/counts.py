"""How many images are attacked."""

from __future__ import annotations

from guided_retraining.errors import ParameterError

__all__ = ["attacked_count"]


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
