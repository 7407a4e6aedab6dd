"""Intervals over replicates and images."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from guided_retraining.evaluation.intervals import (
    accuracy_interval,
    difference_interval,
    replicate_interval,
    two_way_bounds,
    wilson,
)


def table(rng, n_replicates, n_images, share=0.8):
    return pd.DataFrame((rng.random((n_replicates, n_images)) < share).astype(float))


def test_wilson_against_scipy():
    for hits, n in ((0, 10), (103, 300), (300, 300)):
        expected = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")
        assert wilson(hits / n, n) == pytest.approx((expected.low, expected.high))


def test_one_replicate_has_wilsons_interval(rng):
    right = table(rng, 1, 300)
    found = accuracy_interval(right)
    assert (found["low"], found["high"]) == pytest.approx(wilson(found["mean"], 300))
    assert (found["over"], found["n_replicates"], found["n_images"]) == ("images", 1, 300)


@pytest.mark.parametrize("n_replicates", [1, 2, 3, 10])
@pytest.mark.parametrize("share", [0.0, 0.34, 0.97, 1.0])
def test_never_narrower_than_wilsons_and_never_beyond_0_and_1(rng, n_replicates, share):
    found = accuracy_interval(table(rng, n_replicates, 300, share))
    low, high = wilson(found["mean"], 300)
    assert 0 <= found["low"] <= max(low, 0) + 1e-12
    assert 1 >= found["high"] >= min(high, 1) - 1e-12


def test_images_drawn_by_each_replicate_are_counted_once(rng):
    right = table(rng, 3, 300)
    right.iloc[0, 100:] = right.iloc[1, :50] = right.iloc[2, :150] = np.nan
    right[300] = np.nan  # never measured
    found = accuracy_interval(right)
    assert found["n_images"] == 300
    assert found["mean"] == pytest.approx(right.mean(axis=1).mean())


def test_variances_against_their_formula_where_all_replicates_share_the_images(rng):
    values = (rng.random((12, 200)) < 0.7).astype(float)
    mean, low, high = two_way_bounds(values)
    replicates, images = values.mean(axis=1).var(ddof=1) / 12, values.mean(axis=0).var() / 200 + 1 / 202**2
    df = (replicates + images) ** 2 / (replicates**2 / 11 + images**2 / 199)
    assert high - mean == pytest.approx(stats.t.isf(0.025, df) * (replicates + images) ** 0.5)
    assert mean - low == pytest.approx(high - mean)


def test_as_wide_as_a_two_level_bootstrap(rng):
    """With many replicates and images both say the same; with few the bootstrap is known to be too narrow."""
    model, image = rng.normal(0, 0.3, (20, 1)), rng.normal(0, 1.5, (1, 400))
    values = (rng.random((20, 400)) < 1 / (1 + np.exp(-model - image))).astype(float)
    drawn = [values[rng.integers(0, 20, 20)][:, rng.integers(0, 400, 400)].mean() for _ in range(2_000)]
    _, low, high = two_way_bounds(values)
    width = np.subtract(*np.quantile(drawn, [0.975, 0.025]))
    assert high - low == pytest.approx(width, rel=0.15)


def test_a_difference_is_paired_by_replicate_and_image(rng):
    before = table(rng, 3, 400, 0.5)
    after = before.copy()
    after.iloc[:, :40] = 1 - after.iloc[:, :40]
    shuffled = after.iloc[::-1]
    found = difference_interval(after, before)
    assert found == difference_interval(shuffled.sort_index(), before)
    assert found["mean"] == pytest.approx((after - before).to_numpy().mean())
    assert found["high"] - found["low"] < 0.5 * (
        accuracy_interval(after)["high"] - accuracy_interval(after)["low"]
    )


def test_replicates_that_only_one_side_has_are_left_out(rng):
    before, after = table(rng, 4, 100), table(rng, 3, 100)
    assert difference_interval(after, before)["n_replicates"] == 3
    assert difference_interval(after, before.loc[[3]]) is None


def test_equal_models_still_leave_the_images_open(rng):
    right = table(rng, 3, 100)
    found = difference_interval(right, right)
    assert found["mean"] == 0
    assert found["low"] < 0 < found["high"]


def test_one_replicates_difference_against_agresti_and_min(rng):
    before, after = table(rng, 1, 200, 0.8), table(rng, 1, 200, 0.7)
    gained, lost = ((after > before).to_numpy().sum(), (before > after).to_numpy().sum())
    found = difference_interval(after, before)
    n, b, c = 200 + 2, gained + 0.5, lost + 0.5
    half = 1.96 * ((b + c) - (b - c) ** 2 / n) ** 0.5 / n
    assert found["high"] - found["mean"] == pytest.approx(half, rel=0.01)


def test_replicates_alone_against_student():
    found = replicate_interval([0.90, 0.91, np.nan, 0.92])
    expected = stats.ttest_1samp([0.90, 0.91, 0.92], 0).confidence_interval(0.95)
    assert (found["low"], found["high"]) == pytest.approx(tuple(expected))
    assert (found["n_replicates"], found["over"]) == (3, "replicates")


def test_a_number_of_images_widens_the_interval_to_wilsons_at_least():
    found = replicate_interval([0.90, 0.90, 0.90], n_images=300)
    low, high = wilson(0.9, 300)
    assert 0.85 < found["low"] <= low < high <= found["high"] < 0.95
    assert found["over"] == "replicates and images"
    assert replicate_interval([0.5], n_images=100)["over"] == "images"


def test_nothing_measured_and_one_value_have_no_interval():
    assert replicate_interval([np.nan])["mean"] is None
    one = replicate_interval([0.7])
    assert (one["mean"], one["low"], one["over"]) == (0.7, None, "")
