"""Ranking, budgets and the plan of a study."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.configurations import BudgetFractions, ConfigurationParameters
from guided_retraining.retraining.selection import budget_steps, candidates, rank, select


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, -np.inf, np.inf]), max_size=40), st.integers(0, 5))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_rank_is_a_permutation_in_descending_order(scores: list[float], seed: int) -> None:
    order = rank(np.array(scores), seed=seed)
    assert sorted(order.tolist()) == list(range(len(scores)))
    ranked = np.array(scores)[order]
    assert all(first >= second for first, second in pairwise(ranked))


def test_ties_are_drawn_not_stored_and_the_same_for_a_seed() -> None:
    tied = np.zeros(1000)
    first, again, other = rank(tied, seed=1), rank(tied, seed=1), rank(tied, seed=2)
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.9
    assert abs(np.corrcoef(first, np.arange(1000))[0, 1]) < 0.1, "storage order shows through"


def test_ties_break_alike_wherever_the_tied_inputs_are_stored() -> None:
    share_first_half = [np.mean(rank(np.zeros(100), seed=seed)[:10] < 50) for seed in range(200)]
    assert 0.45 < np.mean(share_first_half) < 0.55


@pytest.mark.parametrize("scores", [np.array([np.nan, 1.0]), np.zeros((2, 2))])
def test_scores_without_an_order_are_refused(scores: np.ndarray) -> None:
    with pytest.raises(InputError):
        rank(scores, seed=0)


def test_budgets_of_the_published_study() -> None:
    assert budget_steps(20, 55_998)[:2] == [2800, 5600]
    assert budget_steps(20, 55_998)[-2:] == [53_198, 55_998]
    assert len(budget_steps(20, 6_999)) == 20


@given(st.integers(1, 500), st.integers(1, 60))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_budgets_increase_to_the_whole_pool(pool: int, steps: int) -> None:
    if steps > pool:
        with pytest.raises(ParameterError, match=f"only {pool} inputs can be ranked"):
            budget_steps(steps, pool)
        return
    budgets = budget_steps(steps, pool)
    assert budgets[-1] == pool
    assert len(budgets) == steps
    assert budgets == sorted(set(budgets))


def test_a_budget_above_the_pool_is_refused() -> None:
    with pytest.raises(ParameterError, match="holds 11, but there are only 10"):
        budget_steps((5, 11), 10)


@given(st.lists(st.integers(1, 64), min_size=1, max_size=6, unique=True), st.integers(1, 300))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_shares_of_the_pool_become_increasing_budgets(parts: list[int], pool: int) -> None:
    shares = BudgetFractions(fractions=[f"1/{part}" for part in sorted(parts, reverse=True)])
    budgets = budget_steps(shares, pool)
    assert budgets == sorted(set(budgets))
    assert budgets[0] >= 1
    assert budgets[-1] == pool, "the whole pool is always there"
    for share, part in zip(shares.fractions, sorted(parts, reverse=True), strict=True):
        assert min(abs(budget - pool / part) for budget in budgets) <= max(0.5, 1 - share * pool) + 1e-9


@pytest.mark.parametrize("fractions", [[], [0, 1], [0.5, 0.25], ["1/0"], ["half"], [0.5, 1.5], 3])
def test_shares_that_are_none_are_refused(fractions: object) -> None:
    with pytest.raises(ValueError, match="shares"):
        BudgetFractions(fractions=fractions)  # type: ignore[arg-type]


def row(start: str = "original", pool: str = "all", **more: bool) -> ConfigurationParameters:
    return ConfigurationParameters(start=start, pool=pool, **more)  # type: ignore[arg-type]


def test_candidates_of_a_configuration() -> None:
    assert candidates(row(), 3, 5).tolist() == [0, 1, 2, 3, 4]
    assert candidates(row(pool="adversarial"), 3, 5).tolist() == [3, 4]
    assert candidates(row(keep_clean=True), 3, 5).tolist() == [3, 4]


@pytest.fixture(scope="module")
def pool() -> LabelledPool:
    images, labels = np.zeros((80, 2, 2, 1), np.float32), np.zeros(80, np.int64)
    names = np.full(20, "fgsm")
    return LabelledPool(images[:60], labels[:60], images[60:], labels[60:], names, np.arange(20))


def test_the_best_scores_are_taken_first(pool: LabelledPool) -> None:
    scores = np.arange(80.0)
    chosen = select(scores, pool, row(), 4, seed=(0, 0))
    assert list(chosen) == [0, 20, 40, 60, 80], "0 is the original model as it is"
    assert chosen[0].tolist() == []
    assert chosen[20].tolist() == list(range(60, 80))
    assert select(scores, pool, row(pool="adversarial"), 4, seed=(0, 0))[5].tolist() == list(range(75, 80))
    assert list(select(scores, pool, row(start="fresh"), 4, seed=(0, 0))) == [20, 40, 60, 80]


def test_keep_clean_always_trains_on_the_clean_set(pool: LabelledPool) -> None:
    chosen = select(np.arange(80.0), pool, row(keep_clean=True), 4, seed=(0, 0))
    assert max(chosen) == 20
    assert set(range(60)) <= set(chosen[5].tolist())
    assert len(chosen[5]) == 65


def test_a_drawn_order_differs_between_replicates_and_repeats(pool: LabelledPool) -> None:
    first, again, other = (select(None, pool, row(), 4, seed=(0, r))[20].tolist() for r in (0, 0, 1))
    assert first == again
    assert first != other
