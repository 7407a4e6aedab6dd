"""Ranking, budgets and the plan of a study."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.retraining.orderings import budget_steps, candidates, rank


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


def test_candidates_of_a_configuration() -> None:
    assert candidates("all", 3, 5).tolist() == [0, 1, 2, 3, 4]
    assert candidates("adversarial", 3, 5).tolist() == [3, 4]
