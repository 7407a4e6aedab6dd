from __future__ import annotations

import tracemalloc

import guidance_naive as naive
import numpy as np
import pytest
from guidance_naive import activations_like
from hypothesis import given, settings
from hypothesis import strategies as st

from guided_retraining.errors import GuidedRetrainingWarning, InputError
from guided_retraining.guidance import DistanceSurprise, neighbours
from guided_retraining.guidance.screening import Frame, squared_distances
from guided_retraining.machine.parallel import cores


@pytest.fixture
def small_tiles(monkeypatch):
    """Many tiles and strips also on small data."""
    monkeypatch.setattr(neighbours, "TILE", 16)
    monkeypatch.setattr(neighbours, "STRIP_BYTES", 2**10)


def test_equals_the_formula(groups, small_tiles):
    T, t, X, x = groups
    found = DistanceSurprise().fit(T, t).score_samples(X, x)
    np.testing.assert_allclose(found, naive.dsa(T, t, X, x), rtol=1e-12)


def test_leaves_itself_out(groups, small_tiles):
    T, t, X, x = groups
    pool, classes = np.concatenate([T, X]), np.concatenate([t, x])
    own = np.where(np.arange(len(pool)) < len(T), np.arange(len(pool)), -1)
    metric = DistanceSurprise(exclude_self=True).fit(T, t)
    expected = naive.dsa(T, t, pool, classes, own)
    np.testing.assert_allclose(metric.score_samples(pool, classes, own), expected, rtol=1e-12)
    np.testing.assert_allclose(metric.score_samples(pool, classes), expected, rtol=1e-12)  # found by equality
    assert (DistanceSurprise().fit(T, t).score_samples(T, t) == 0).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_stored_numbers_count_not_their_precision(groups, small_tiles, dtype, offset):
    T, t, X, x = groups
    T, X = (T + offset).astype(dtype), (X + offset).astype(dtype)
    found = DistanceSurprise().fit(T, t).score_samples(X, x)
    np.testing.assert_allclose(found, naive.dsa(T, t, X, x), rtol=1e-12)


def test_layout_and_memory_maps_do_not_matter(groups, tmp_path):
    T, t, X, x = groups
    expected = DistanceSurprise().fit(T, t).score_samples(X, x)
    np.save(tmp_path / "t.npy", T)
    mapped = np.load(tmp_path / "t.npy", mmap_mode="r")
    strided = np.repeat(X, 2, axis=1)[:, ::2]
    np.testing.assert_array_equal(DistanceSurprise().fit(mapped, t).score_samples(strided, x), expected)
    fortran = DistanceSurprise().fit(np.asfortranarray(T), t).score_samples(np.asfortranarray(X), x)
    np.testing.assert_array_equal(fortran, expected)


def test_ties_everywhere(rng, small_tiles):
    # small whole numbers: many equal distances, within and across tiles, and duplicates in two classes
    T, X = rng.integers(0, 3, (300, 4)).astype(float), rng.integers(0, 3, (200, 4)).astype(float)
    t, x = rng.integers(0, 5, 300), rng.integers(0, 5, 200)
    found = DistanceSurprise().fit(T, t).score_samples(X, x)
    np.testing.assert_allclose(found, naive.dsa(T, t, X, x), rtol=1e-12)


def test_near_duplicates_below_float32(rng, small_tiles):
    T, t = activations_like(rng, 200, 5, 2)
    T = T.astype(np.float64)
    T = np.concatenate([T, T + 1e-9 * rng.standard_normal(T.shape)])
    t = np.concatenate([t, t])
    X = T + 1e-10 * rng.standard_normal(T.shape)
    found = DistanceSurprise().fit(T, t).score_samples(X, t)
    np.testing.assert_allclose(found, naive.dsa(T, t, X, t), rtol=1e-9)


def test_scales_far_apart(groups, small_tiles):
    T, t, X, x = groups
    T, X = T.astype(np.float64), X.astype(np.float64)
    T[0] *= 1e9  # one outlier must not cost the others their digits
    X[:5] *= np.array([1e6, 1e15, 1e30, 1e60, 1e-30])[:, None]
    found = DistanceSurprise().fit(T, t).score_samples(X, x)
    np.testing.assert_allclose(found, naive.dsa(T, t, X, x), rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    m=st.integers(2, 60),
    n=st.integers(1, 20),
    d=st.integers(1, 40),
    k=st.integers(2, 60),
    decimals=st.integers(0, 3),
)
def test_equals_the_formula_whatever_the_data(seed, m, n, d, k, decimals):
    rng = np.random.default_rng(seed)
    T, X = rng.standard_normal((m, d)).round(decimals), rng.standard_normal((n, d)).round(decimals)
    t = rng.integers(0, k, m)
    t[:2] = 0, 1
    x = rng.choice(t, n)
    tile = neighbours.TILE
    try:
        neighbours.TILE = 8
        found = DistanceSurprise().fit(T, t).score_samples(X, x)
    finally:
        neighbours.TILE = tile
    np.testing.assert_allclose(found, naive.dsa(T, t, X, x), rtol=1e-9)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("d", [1, 3, 200])
def test_lower_bounds_are_lower_bounds(rng, scale, d):
    points = scale * (rng.standard_normal((100, d)) + 100 * rng.standard_normal(d))
    far = points * 1e20
    frame = Frame.around(points, np.arange(100))
    for x in (points, far):
        left, factors = frame.left(x)
        bounds = (left @ frame.right(points).T).astype(np.float64)
        exact = np.stack([squared_distances(x, np.roll(points, -j, axis=0)) for j in range(100)], axis=1)
        aligned = np.stack([bounds[np.arange(100), (np.arange(100) + j) % 100] for j in range(100)], axis=1)
        assert (aligned <= exact * factors[:, None] * (1 + 1e-12) + 1e-30).all()


def test_reference_too_large_to_keep(groups, small_tiles, monkeypatch):
    T, t, X, x = groups
    expected = DistanceSurprise().fit(T, t).score_samples(X, x)
    monkeypatch.setattr(neighbours, "KEPT_BYTES", 0)
    np.testing.assert_array_equal(DistanceSurprise().fit(T, t).score_samples(X, x), expected)


def test_a_class_never_predicted_comes_first(groups):
    T, t, X, x = groups
    x = x.copy()
    x[4] = 17
    with pytest.warns(GuidedRetrainingWarning, match="no input predicted as class 17"):
        found = DistanceSurprise().fit(T, t).score_samples(X, x)
    assert np.isinf(found[4])
    assert np.isfinite(np.delete(found, 4)).all()


def test_a_class_with_one_member(groups):
    T, t, X, x = groups
    t = t.copy()
    t[0] = 3
    x[0] = 3
    found = DistanceSurprise().fit(T, t).score_samples(X, x)
    np.testing.assert_allclose(found, naive.dsa(T, t, X, x), rtol=1e-12)
    alone = DistanceSurprise(exclude_self=True).fit(T, t).score_samples(T, t)
    assert np.isinf(alone[0])
    assert np.isfinite(alone[1:]).all()


def test_one_and_no_inputs(groups):
    T, t, X, x = groups
    metric = DistanceSurprise().fit(T, t)
    assert metric.score_samples(X[:1], x[:1])[0] == metric.score_samples(X, x)[0]
    assert metric.score_samples(X[:0], x[:0]).shape == (0,)


def test_one_class_is_not_enough(groups):
    T, t, _, _ = groups
    with pytest.raises(InputError, match="at least two predicted classes; all are predicted as class 0"):
        DistanceSurprise().fit(T, np.zeros_like(t))


def test_own_position_of_another_class_is_refused(groups):
    T, t, X, x = groups
    other = int(np.flatnonzero(t != x[0])[0])
    index = np.full(len(X), -1)
    index[0] = other
    with pytest.raises(InputError, match=r"reference_index is \d+ for input 0 of class"):
        DistanceSurprise(exclude_self=True).fit(T, t).score_samples(X, x, index)


def test_few_inputs_need_a_second_look(rng, small_tiles, monkeypatch):
    looked_again = []
    original = neighbours.OtherClassSearch._confirm_all
    monkeypatch.setattr(
        neighbours.OtherClassSearch,
        "_confirm_all",
        lambda self, wanted: (looked_again.append(len(wanted)), original(self, wanted)),
    )
    T, t = activations_like(rng, 1000, 16, 4)
    DistanceSurprise().fit(T, t).score_samples(T, t)
    assert sum(looked_again) < 20


def test_negative_zero_is_zero(groups):
    T, t, _, _ = groups
    T[:, 0] = 0
    turned = np.where(T == 0, np.float32(-0.0), T)
    metric = DistanceSurprise(exclude_self=True).fit(T, t)
    np.testing.assert_array_equal(metric.score_samples(turned, t), metric.score_samples(T, t))


@pytest.mark.parametrize("n", [2000, 16000])
def test_scratch_memory_does_not_grow_with_the_pool(rng, n):
    T, t = activations_like(rng, 2000, 16, 4)
    X, x = activations_like(rng, n, 16, 4)
    metric = DistanceSurprise().fit(T, t)
    tracemalloc.start()
    try:
        metric.score_samples(X, x)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 40 * 2**20 * cores() + 100 * n
