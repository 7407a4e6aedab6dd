"""The gate's statistics: it passes by chance as rarely as it says, and knows how many images would settle it."""

from __future__ import annotations

import numpy as np
import pytest

from guided_retraining.errors import InputError
from guided_retraining.evaluation.gate import FEWEST_IMAGES, images_to_settle, verdict, verdict_sentence
from guided_retraining.evaluation.intervals import wilson


@pytest.mark.parametrize(("share", "bar"), [(0.62, 0.6), (0.58, 0.6), (0.97, 0.9), (0.1, 0.3), (1.0, 0.9)])
def test_with_so_many_images_the_bar_is_outside_and_with_one_less_it_is_not(share: float, bar: float) -> None:
    n = images_to_settle(share, bar)
    assert n is not None

    def outside(images: int) -> bool:
        low, high = wilson(share, images)
        return not low <= bar <= high

    assert outside(n)
    assert not outside(n - 1)


def test_no_number_of_images_settles_a_share_at_its_bar() -> None:
    assert images_to_settle(0.6, 0.6) is None
    assert "no number of images" in verdict_sentence(verdict("robust", 300, 500, 0.6))


@pytest.mark.parametrize(("n", "bar"), [(100, 0.9), (500, 0.6), (2000, 0.9), (150, 0.3)])
def test_a_model_at_the_bar_passes_no_more_often_than_the_interval_says(n: int, bar: float) -> None:
    rng = np.random.default_rng(0)
    seen, times = np.unique(rng.binomial(n, bar, size=20_000), return_counts=True)
    passed = sum(
        int(t) for k, t in zip(seen, times, strict=True) if verdict("x", int(k), n, bar)["place"] == "above"
    )
    assert passed / 20_000 < 0.04, (
        "nominally 2.5 %; Wilson's interval of so few images may be off by a little"
    )
    clearly = verdict("x", round(n * (bar + 0.95) / 2), n, bar)
    assert clearly["place"] == "above" or n < 500


def test_twenty_images_never_pass_even_if_all_are_right() -> None:
    with pytest.raises(InputError, match="20 images: a gate needs 100 at least"):
        verdict("robust", 20, 20, 0.6)
    assert verdict("robust", FEWEST_IMAGES, FEWEST_IMAGES, 0.6)["place"] == "above"


def test_the_sentence_says_which_by_how_much_and_what_would_settle_it() -> None:
    above, below, open_ = (verdict("clean", right, 500, 0.9) for right in (480, 400, 458))
    assert verdict_sentence(above).endswith("above the bar of 90.0 %, by 3.9 points at least")
    assert verdict_sentence(below).endswith("6.7 points below the bar of 90.0 %")
    assert open_["more_images"] == images_to_settle(458 / 500, 0.9) - 500  # type: ignore[operator]
    said = verdict_sentence(open_)
    assert "clean accuracy 91.6 % [88.8, 93.7] of 500 images is not shown" in said
    assert "the lower bound is 1.2 points short" in said
    assert f"about {open_['more_images']:,} more images would settle it" in said
    assert above["more_images"] is None
    assert below["more_images"] is None
