"""Intervals, paired tests and corrections against SciPy, against plain loops, and against what must hold."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.evaluation import compare_paired, holm, mean_interval
from guided_retraining.evaluation.permutation import permutation_p, sign_flip_p


@pytest.mark.parametrize("n", [2, 3, 10])
def test_interval_is_that_of_scipy(n):
    values = np.random.default_rng(n).normal(0.8, 0.05, n)
    low, high = stats.t.interval(0.9, n - 1, loc=values.mean(), scale=stats.sem(values))
    found = mean_interval(values, confidence=0.9)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.half_width == pytest.approx((high - low) / 2)


def test_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(1)
    found = [mean_interval(rng.normal(0.5, 0.1, 3)) for _ in range(2000)]
    assert 0.93 < np.mean([f.low <= 0.5 <= f.high for f in found]) < 0.97


def test_one_value_has_no_interval_and_nan_is_left_out():
    found = mean_interval([0.7, np.nan])
    assert (found.mean, found.n) == (0.7, 1)
    assert found.as_dict() == {"mean": 0.7, "low": None, "high": None, "half_width": None, "sd": None, "n": 1}
    assert mean_interval([np.nan]).n == 0


def test_bounds_cut_the_interval_but_not_its_half_width():
    found = mean_interval([0.99, 0.95], bounds=(0, 1))
    assert found.high == 1.0
    assert found.half_width > 0.05


def test_confidence_out_of_range():
    with pytest.raises(ParameterError, match=r"confidence: expected a number in \(0, 1\).*got 95"):
        mean_interval([1, 2], confidence=95)


@pytest.mark.parametrize("n", [2, 3, 10])
def test_paired_comparison_is_that_of_scipy(n):
    rng = np.random.default_rng(n)
    ours, theirs = rng.normal(0.1, 0.1, (2, n))
    expected = stats.ttest_rel(ours, theirs)
    found = compare_paired(ours, theirs)
    assert found.p_value == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval(0.95)
    assert (found.difference.low, found.difference.high) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("n", [2, 3, 7])
def test_sign_flips_counted_by_a_loop(n):
    differences = np.random.default_rng(n).normal(0.3, 1, n)
    patterns = [
        abs(sum(s * d for s, d in zip(p, differences, strict=True))) for p in product((1, -1), repeat=n)
    ]
    expected = np.mean([sum_ >= abs(differences.sum()) - 1e-12 for sum_ in patterns])
    assert sign_flip_p(differences) == pytest.approx(expected)
    assert sign_flip_p(differences) >= 2 / 2**n


def test_sign_flips_drawn_for_many_seeds_agree_with_the_t_test():
    differences = np.random.default_rng(3).normal(0.3, 1, 40)
    assert sign_flip_p(differences) == pytest.approx(stats.ttest_1samp(differences, 0).pvalue, abs=0.02)


def test_hedges_correction_makes_the_effect_size_unbiased():
    rng = np.random.default_rng(5)
    found = [compare_paired(rng.normal(0.8, 1, 5), np.zeros(5)).effect_size for _ in range(4000)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.04)


def test_equal_differences_do_not_become_certainty():
    found = compare_paired([0.81, 0.82, 0.83], [0.80, 0.81, 0.82])
    assert found.difference.mean == pytest.approx(0.01)
    assert np.isnan([found.p_value, found.difference.low, found.effect_size]).all()
    assert found.p_sign_flip == 0.25


def test_no_difference_at_all():
    found = compare_paired([0.8, 0.9], [0.8, 0.9])
    assert (found.p_value, found.effect_size, found.difference.half_width) == (1.0, 0.0, 0.0)


def test_one_pair_says_nothing():
    found = compare_paired([0.9, np.nan], [0.8, 0.7])
    assert found.difference.n == 1
    assert np.isnan([found.p_value, found.p_sign_flip]).all()


def test_pairs_of_different_length():
    with pytest.raises(InputError, match=r"got \(3,\) and \(2,\)"):
        compare_paired([1, 2, 3], [1, 2])


def test_holm_against_its_definition():
    p = np.random.default_rng(2).uniform(0, 0.2, 7)
    order = sorted(range(7), key=lambda i: p[i])
    expected, largest = [0.0] * 7, 0.0
    for rank, i in enumerate(order):
        largest = max(largest, (7 - rank) * p[i])
        expected[i] = min(1.0, largest)
    assert holm(p) == pytest.approx(expected)


def test_holm_leaves_undefined_tests_out():
    assert holm([0.01, np.nan, 0.04]) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
    assert holm([]).size == 0


def test_permutation_against_all_arrangements():
    table = np.array([[0.1, 0.5, 0.3], [0.2, 0.7, 0.3]])
    centred = table - table.mean(axis=1, keepdims=True)

    def spread(rows):
        return (np.mean(rows, axis=0) ** 2).sum()

    orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    reached = [
        spread([centred[0][a], centred[1][b]]) >= spread(centred) - 1e-12 for a in orders for b in orders
    ]
    assert permutation_p(table) == pytest.approx(np.mean(reached), abs=0.015)


def test_permutation_keeps_its_level_and_finds_a_planted_metric():
    rng = np.random.default_rng(0)
    under_null = [permutation_p(rng.normal(size=(3, 6)), n_permutations=199, seed=i) for i in range(300)]
    assert np.mean(np.array(under_null) <= 0.05) < 0.09
    planted = rng.normal(0, 0.01, (3, 6)) + np.array([0, 0, 0.05, 0, 0, 0])
    assert permutation_p(planted) < 0.01


def test_permutation_counts_equal_metrics_once():
    table = np.random.default_rng(4).normal(size=(3, 4))
    assert permutation_p(table[:, [0, 0, 0, 1, 2, 3]]) == pytest.approx(permutation_p(table), abs=0.02)


def test_permutation_needs_two_seeds_and_two_metrics():
    assert np.isnan(permutation_p([[0.1, 0.2]]))
    assert np.isnan(permutation_p([[0.1], [0.2]]))
    assert permutation_p(np.full((3, 4), 0.5)) == 1.0
    with pytest.raises(InputError, match="n_seeds, n_metrics"):
        permutation_p([0.1, 0.2])
