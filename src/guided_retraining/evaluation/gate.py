"""Whether an accuracy is shown to be above a bar, and how many images would settle it where it is not."""

from __future__ import annotations

from math import floor
from typing import Literal, TypedDict

from guided_retraining.errors import InputError
from guided_retraining.evaluation.intervals import wilson
from guided_retraining.evaluation.wording import number, percent, points

__all__ = ["FEWEST_IMAGES", "Verdict", "images_to_settle", "verdict", "verdict_sentence"]

FEWEST_IMAGES = 100  # a handful says little of images to come, however many of them are right


class Verdict(TypedDict):
    """One accuracy held against its bar.

    ``above``: the whole interval is; ``below``: the whole interval is; ``open``: the bar lies in it. ``more_images``:
    about how many more would move the interval off the bar at the share seen now; None where none would, or none are
    needed.
    """

    what: str
    right: int
    images: int
    share: float
    low: float
    high: float
    bar: float
    place: Literal["above", "below", "open"]
    more_images: int | None


def verdict(what: str, right: int, images: int, bar: float, confidence: float = 0.95) -> Verdict:
    """Hold an accuracy against a bar.

    Args:
        what: its name, such as ``robust``.
        right: images that were right.
        images: in all.
        bar: in (0, 1); the interval's lower bound must be above it.
        confidence: of Wilson's two-sided interval, in (0, 1).

    Returns:
        The verdict.

    Raises:
        InputError: fewer than ``FEWEST_IMAGES`` images.

    >>> verdict("clean", 470, 500, 0.9)["place"], verdict("clean", 455, 500, 0.9)["place"]
    ('above', 'open')
    """
    if images < FEWEST_IMAGES:
        raise InputError(
            f"{images} images: a gate needs {FEWEST_IMAGES} at least, or it would pass by luck; add images"
        )
    share = right / images
    low, high = wilson(share, images, confidence)
    place: Literal["above", "below", "open"] = "above" if low > bar else "below" if high < bar else "open"
    more = images_to_settle(share, bar, confidence)
    needed = None if place != "open" or more is None else max(more - images, 1)
    return Verdict(
        what=what, right=right, images=images, share=share, low=low, high=high, bar=bar, place=place,
        more_images=needed,
    )  # fmt: skip


def images_to_settle(share: float, bar: float, confidence: float = 0.95) -> int | None:
    """How many images it takes until Wilson's interval around a share leaves out the bar.

    Args:
        share: in [0, 1].
        bar: in (0, 1).
        confidence: of the two-sided interval, in (0, 1).

    Returns:
        The fewest; None where the share is at the bar.

    Source: Wilson's interval holds the bars that a score test does not reject, so ``n > z^2 bar (1 - bar) / (share -
    bar)^2``.

    >>> n = images_to_settle(0.91, 0.9)
    >>> n, wilson(0.91, n)[0] > 0.9, wilson(0.91, n - 1)[0] > 0.9
    (3458, True, False)
    """
    from scipy import stats

    if share == bar:
        return None
    z = float(stats.norm.isf((1 - confidence) / 2))
    return floor(z**2 * bar * (1 - bar) / (share - bar) ** 2) + 1


def verdict_sentence(found: Verdict) -> str:
    """The verdict in words: which, by how much, and what would settle it.

    Args:
        found: the verdict.

    Returns:
        One line.

    >>> print(verdict_sentence(verdict("robust", 260, 500, 0.6)))
    robust accuracy 52.0 % [47.6, 56.3] of 500 images is 3.7 points below the bar of 60.0 %
    """
    interval = f"{percent(found['share'])} [{100 * found['low']:.1f}, {100 * found['high']:.1f}]"
    said = f"{found['what']} accuracy {interval} of {number(found['images'])} images"
    bar = percent(found["bar"])
    if found["place"] == "above":
        return f"{said} is above the bar of {bar}, by {points(found['low'] - found['bar'])} at least"
    if found["place"] == "below":
        return f"{said} is {points(found['bar'] - found['high'])} below the bar of {bar}"
    missing = points(found["bar"] - found["low"])
    short = f"{said} is not shown to be above the bar of {bar}: the lower bound is {missing} short"
    if found["more_images"] is None:
        return f"{short}, and no number of images would settle it at this share"
    return f"{short}; at this share about {number(found['more_images'])} more images would settle it"
