"""Bounds from a two-way layout against naive formulas written out."""

import numpy as np
import pytest
from scipy import stats

from guided_retraining.errors import InputError
from guided_retraining.evaluation.dunnett import corrected_p, many_to_one
from guided_retraining.evaluation.layout import lower_bounds, pooled_variance, residual_variance
from guided_retraining.evaluation.steps import accepted, levels


def test_one_column_is_the_paired_t_test(rng):
    values = rng.normal(size=(4, 1, 1))
    bounds, _ = lower_bounds(values, [0.05])
    expected = stats.ttest_1samp(values.ravel(), 0).confidence_interval(0.90).low
    assert bounds.item() == pytest.approx(expected)


def test_pooled_variance_is_the_mean_of_the_columns_variances(rng):
    values = rng.normal(size=(5, 7)) + rng.normal(size=(5, 1))
    variance, df = pooled_variance(values)
    assert variance == pytest.approx(values.var(axis=0, ddof=1).mean() / 5)
    assert 4 <= df <= 4 * 7


def test_columns_that_share_all_are_worth_one(rng):
    shared = np.repeat(rng.normal(size=(5, 1)), 6, axis=1)
    assert pooled_variance(shared)[1] == pytest.approx(4)


def test_residual_variance_against_regression(rng):
    values = rng.normal(size=(4, 3)) + rng.normal(size=(4, 1)) + rng.normal(size=(1, 3))
    rows, columns = np.divmod(np.arange(12), 3)
    design = np.column_stack([*(rows == r for r in range(4)), *(columns == c for c in range(1, 3))]).astype(
        float
    )
    rest = np.linalg.lstsq(design, values.ravel(), rcond=None)[1].item()
    assert residual_variance(values) == pytest.approx(rest / (3 * 2))


def test_bounds_of_many_studies_are_those_of_each(rng):
    studies = rng.normal(size=(3, 4, 2, 5))
    together, own = lower_bounds(studies, [0.025, 0.01])
    for study, bounds, flags in zip(studies, together, own, strict=True):
        alone = lower_bounds(study, [0.025, 0.01])
        assert bounds == pytest.approx(alone[0])
        assert (flags == alone[1]).all()


def test_orderings_and_budgets_can_be_permuted(rng):
    values = rng.normal(size=(4, 3, 5))
    bounds, _ = lower_bounds(values, [0.01, 0.02, 0.03])
    turned, _ = lower_bounds(values[:, [2, 0, 1]][..., ::-1], [0.03, 0.01, 0.02])
    assert turned == pytest.approx(bounds[[2, 0, 1]][:, ::-1])


def test_a_cell_that_was_not_measured_has_no_bound_and_no_say(rng):
    values = rng.normal(size=(4, 3, 5))
    hole = values.copy()
    hole[2, 1, 3] = np.nan
    bounds, _ = lower_bounds(hole, [0.01] * 3)
    assert np.argwhere(np.isnan(bounds)).tolist() == [[1, 3]]
    without, _ = lower_bounds(np.delete(values, 1, axis=1), [0.01] * 2)
    assert bounds[[0, 2], 3] == pytest.approx(without[:, 3])


def test_a_cell_far_noisier_than_the_others_has_its_own_bound(rng):
    values = 0.01 * rng.normal(size=(10, 6, 5))
    values[:, 2, 1] *= 20
    bounds, own = lower_bounds(values, [0.01] * 6)
    assert own[2, 1]
    assert own.sum() < 6
    alone = stats.ttest_1samp(values[:, 2, 1], 0).confidence_interval(0.98).low
    assert bounds[2, 1] == pytest.approx(alone)


def test_equal_differences_leave_nothing_open():
    bounds, _ = lower_bounds(np.full((3, 2, 2), -0.01), [0.025, 0.025])
    assert bounds == pytest.approx(np.full((2, 2), -0.01))


def test_a_spread_needs_two_replicates():
    with pytest.raises(InputError, match="two replicates at least, got 1"):
        pooled_variance([[0.1, 0.2]])


def test_alpha_is_split_between_random_and_the_metrics():
    assert levels(["a", "random", "b"], "random", 0.05).tolist() == [0.0125, 0.025, 0.0125]
    assert levels(["random"], "random", 0.05).tolist() == [0.05]
    assert levels(["a", "b"], "random", 0.05).tolist() == [0.025, 0.025]


def test_every_outcome_must_pass_and_every_larger_budget():
    bounds = [[[0.0, -0.03, 0.0], [0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0], [0.0, 0.0, np.nan]]]
    assert accepted(bounds, 0.02).tolist() == [[True, False, False], [True, True, False]]


@pytest.mark.parametrize(
    ("k", "df", "critical"), [(2, 10, 2.57), (5, 10, 2.99), (3, 5, 3.29), (1, 10, 2.228)]
)
def test_critical_values_of_dunnetts_table(rng, k, df, critical):
    """Two-sided, 5 %, from Dunnett (1964), table II; with spreads that make the pooled residual decide."""
    from guided_retraining.evaluation.dunnett import _critical

    assert _critical(k, df, 0.05) == pytest.approx(critical, abs=0.012)


def test_intervals_and_p_values_agree(rng):
    for _ in range(12):
        values = rng.normal(size=(4, 4)) + np.array([0, 0, 1, 4])
        found, p = many_to_one(values, 0, 0.05), corrected_p(values, 0)
        outside = np.abs(found.means) > found.half_widths
        assert (outside == (p < 0.05)).all()


def test_one_metric_against_random_is_the_paired_t_test(rng):
    values = rng.normal(size=(5, 2))
    tested = stats.ttest_rel(values[:, 1], values[:, 0])
    assert corrected_p(values, 0) == pytest.approx([tested.pvalue])
    interval = tested.confidence_interval(0.95)
    found = many_to_one(values, 0, 0.05)
    assert found.means - found.half_widths == pytest.approx([interval.low])
