from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.guidance import apfd, faults_found, overlap, rank_correlation, ranking


def test_apfd_of_the_best_and_the_worst_order():
    faults = np.array([True, True, False, False, False])
    assert apfd([0, 1, 2, 3, 4], faults) == pytest.approx(1 - (1 + 2) / 10 + 0.1)
    assert apfd([4, 3, 2, 1, 0], faults) == pytest.approx(1 - (4 + 5) / 10 + 0.1)
    assert apfd([0, 1, 2], [True] * 3) == pytest.approx(0.5)


def test_apfd_is_undefined_without_faults():
    assert np.isnan(apfd(np.arange(5), np.zeros(5, dtype=bool)))
    assert np.isnan(apfd([], np.zeros(0, dtype=bool)))


def test_apfd_by_chance(rng):
    faults = rng.random(5000) < 0.1
    mean = np.mean([apfd(rng.permutation(5000), faults) for _ in range(50)])
    assert mean == pytest.approx(0.5, abs=0.01)


def test_faults_found(rng):
    faults, order = rng.random(1000) < 0.2, rng.permutation(1000)
    expected = [int(faults[order[:n]].sum()) for n in (0, 10, 50, 70, 100, 1000)]
    assert faults_found(order, faults, (0, 0.01, 0.05, 0.07, 0.1, 1)).tolist() == expected
    assert faults_found(order, np.zeros(1000, dtype=bool)).tolist() == [0, 0, 0]


def test_rank_correlation_equals_scipys(rng):
    scores = rng.integers(0, 20, (4, 300)).astype(float)
    np.testing.assert_allclose(rank_correlation(scores), spearmanr(scores.T).statistic, atol=1e-12)
    scores[0, scores[0].argmax()] = np.inf
    assert np.isfinite(rank_correlation(scores)).all()


def test_rank_correlation_with_a_constant_is_undefined():
    found = rank_correlation([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
    assert np.isnan(found[0, 1])
    assert found[0, 0] == pytest.approx(1)


def test_overlap(rng):
    orders = np.stack([rng.permutation(50) for _ in range(3)])
    found = overlap(orders, first=20)
    for i in range(3):
        for j in range(3):
            assert found[i, j] == pytest.approx(len(set(orders[i][:20]) & set(orders[j][:20])) / 20)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: apfd([0, 0, 1], [True] * 3), InputError, "expected a permutation of 0 to n - 1"),
        (lambda: apfd([0.5, 0.25], [True] * 2), InputError, "dtype float64; expected a permutation"),
        (lambda: apfd([0, 1], [True]), InputError, r"faults have shape \(1,\)"),
        (lambda: apfd([0, 1], [1, 0]), InputError, "such as predictions != labels"),
        (
            lambda: faults_found([0, 1], [True] * 2, (5,)),
            ParameterError,
            "found a fraction=5, expected a number from 0 to 1",
        ),
        (lambda: rank_correlation([1.0, 2.0]), InputError, r"expected \(k, n\)"),
        (
            lambda: overlap([[0, 1]], first=3),
            ParameterError,
            "found first=3, expected a whole number from 1 to 2",
        ),
    ],
)
def test_misuse(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_uncertainty_finds_the_faults_of_a_real_model():
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    from guided_retraining.guidance import deep_gini, margin

    x, y = load_digits(return_X_y=True)
    model = LogisticRegression(C=1, max_iter=200).fit(x[:400] / 16, y[:400])
    probabilities = model.predict_proba(x[400:] / 16)
    faults = probabilities.argmax(axis=1) != y[400:]
    assert 0.02 < faults.mean() < 0.5
    for metric in (deep_gini, margin):
        assert apfd(ranking(metric(probabilities)), faults) > 0.8
