from __future__ import annotations

import guidance_naive as naive
import numpy as np
import pytest
from scipy.stats import gaussian_kde

from guided_retraining.errors import GuidedRetrainingWarning, InputError
from guided_retraining.guidance import LikelihoodSurprise


def test_equals_the_formula(groups):
    T, t, X, x = groups
    found = LikelihoodSurprise().fit(T, t).score_samples(X, x)
    np.testing.assert_allclose(found, naive.lsa(T, t, X, x), rtol=1e-9)


def test_equals_scipys_density(groups):
    T, t, X, x = groups
    found = LikelihoodSurprise().fit(T, t).score_samples(X, x)
    for c in range(3):
        density = gaussian_kde(T[t == c].T.astype(np.float64), bw_method="scott")
        np.testing.assert_allclose(found[x == c], -density.logpdf(X[x == c].T), rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_stored_numbers_count_not_their_precision(groups, dtype, offset):
    T, t, X, x = groups
    T, X = (T + offset).astype(dtype), (X + offset).astype(dtype)
    found = LikelihoodSurprise().fit(T, t).score_samples(np.asfortranarray(X), x)
    np.testing.assert_allclose(found, naive.lsa(T, t, X, x), rtol=1e-9)


def test_far_inputs_are_finite_and_ordered(groups):
    T, t, _, _ = groups
    steps = 10.0 ** np.arange(1, 30)
    far = np.ones((len(steps), 8)) * steps[:, None]
    found = LikelihoodSurprise().fit(T, t).score_samples(far, np.zeros(len(steps), dtype=int))
    assert np.isfinite(found).all()
    assert (np.diff(found) > 0).all()


def test_dead_neurons_are_dropped_class_by_class(groups):
    T, t, X, x = groups
    T[:, 0] = 0
    T[t == 1, 1] = 3.0
    metric = LikelihoodSurprise().fit(T, t)
    assert [metric.columns_[c].tolist() for c in (0, 1, 2)] == [
        list(range(1, 8)),
        list(range(2, 8)),
        list(range(1, 8)),
    ]
    np.testing.assert_allclose(metric.score_samples(X, x), naive.lsa(T, t, X, x), rtol=1e-9)
    published = LikelihoodSurprise(drop_columns="any_class").fit(T, t)
    assert all(columns.tolist() == list(range(2, 8)) for columns in published.columns_.values())
    expected = naive.lsa(T, t, X, x, any_class=True)
    np.testing.assert_allclose(published.score_samples(X, x), expected, rtol=1e-9)


def test_any_class_may_leave_no_column(rng):
    T, t = rng.random((40, 2)), np.repeat([0, 1], 20)
    T[:20, 0] = T[20:, 1] = 0
    with pytest.raises(InputError, match="drop_columns 'any_class' leaves none"):
        LikelihoodSurprise(drop_columns="any_class").fit(T, t)


def test_leaves_itself_out(groups):
    T, t, _, _ = groups
    found = LikelihoodSurprise(exclude_self=True).fit(T, t).score_samples(T, t)
    np.testing.assert_allclose(found, naive.lsa(T, t, T, t, own=np.arange(len(T))), rtol=1e-9)


@pytest.mark.parametrize("case", ["few", "one", "collinear", "constant"])
def test_a_class_without_a_covariance_of_its_own(groups, case):
    T, t, X, x = groups
    T, t = T.astype(np.float64), t.copy()
    if case == "few":
        keep = (t != 1) | (np.cumsum(t == 1) <= 5)
    elif case == "one":
        keep = (t != 1) | (np.cumsum(t == 1) <= 1)
    else:
        keep = np.ones(len(T), dtype=bool)
        T[t == 1] = np.outer(np.arange((t == 1).sum()), np.ones(8)) if case == "collinear" else 2.0
    T, t = T[keep], t[keep]
    with pytest.warns(
        GuidedRetrainingWarning, match="predicted as class 1 are too few or too alike"
    ) as caught:
        metric = LikelihoodSurprise().fit(T, t)
    assert len(caught) == 1
    assert metric.weak_classes_ == [1]
    found = metric.score_samples(X, x)
    assert np.isfinite(found).all()
    far = metric.score_samples([[1e3] * 8, [1e6] * 8], [1, 1])
    assert found[x == 1].max() < far[0] < far[1]
    others = x != 1
    np.testing.assert_allclose(found[others], naive.lsa(T, t, X[others], x[others]), rtol=1e-9)


def test_a_single_member_says_nothing_of_any_column(groups):
    T, t, X, x = groups
    keep = (t != 1) | (np.cumsum(t == 1) <= 1)
    T[t == 2, 3] = 1.0
    with pytest.warns(GuidedRetrainingWarning, match="class 1 are too few"):
        metric = LikelihoodSurprise(drop_columns="any_class").fit(T[keep], t[keep])
    assert all(columns.tolist() == [0, 1, 2, 4, 5, 6, 7] for columns in metric.columns_.values())
    assert np.isfinite(metric.score_samples(X, x)).all()


def test_each_class_a_single_point(rng):
    T = rng.random((4, 3))
    with pytest.warns(GuidedRetrainingWarning, match="class 0, 1, 2, 3 are too few"):
        metric = LikelihoodSurprise().fit(T, np.arange(4))
    assert np.isfinite(metric.score_samples(T, np.arange(4))).all()


def test_nothing_varies():
    with pytest.raises(InputError, match="no activation column has a variance"):
        LikelihoodSurprise().fit(np.ones((10, 3)), np.repeat([0, 1], 5))


def test_min_variance_zero_keeps_small_columns_but_not_constant_ones(groups):
    T, t, X, x = groups
    T = T.astype(np.float64)
    T[:, 0] *= 1e-4
    T[:, 1] = 1.0
    metric = LikelihoodSurprise(min_variance=0).fit(T, t)
    assert metric.columns_[0].tolist() == [0, *range(2, 8)]
    assert np.isfinite(metric.score_samples(X, x)).all()


def test_one_and_no_inputs(groups):
    T, t, X, x = groups
    metric = LikelihoodSurprise().fit(T, t)
    np.testing.assert_allclose(metric.score_samples(X[:1], x[:1]), metric.score_samples(X, x)[:1], rtol=1e-12)
    assert metric.score_samples(X[:0], x[:0]).shape == (0,)
