"""Each rule's error rate where nothing is there to be found, and its power where something is, by simulation."""

import numpy as np
import pytest

STUDIES = 3_000
ALLOWED = 0.05 + 3 * (0.05 * 0.95 / STUDIES) ** 0.5  # Monte-Carlo error

SPREADS = (
    "equal",
    "small budgets up to 3 times",
    "whole pool 2 times",
    "whole pool 4 times",
    "whole pool a fifth",
    "random 2 times",
    "random 5 times",
    "random 2 times, small budgets up to 3",
    "one metric 3 times",
    "largest budget of random alone 3 times",
)


@pytest.mark.parametrize("n_replicates", [3, 10])
@pytest.mark.parametrize("spreads", SPREADS)
def test_a_budget_that_loses_the_margin_is_seldom_accepted(simulate, rng, spreads, n_replicates):
    assert simulate.wrong_choices(rng, STUDIES, n_replicates, simulate.SPREADS[spreads]) < ALLOWED


def test_every_documented_spread_is_simulated(simulate):
    assert set(SPREADS) == set(simulate.SPREADS)


def test_the_chain_stops_at_the_first_budget_that_loses_too_much(simulate, rng):
    """Large budgets that lose nothing do not lend their acceptance to small ones that do."""
    means = np.zeros((6, 5))
    means[:, 3:] = -simulate.MARGIN
    found = simulate.steps_accepted(simulate.differences(rng, STUDIES, 10, means, sd=0.005))
    assert found[..., :3].all((1, 2)).mean() > 0.9
    assert found[..., 3:].any((1, 2)).mean() < ALLOWED


def test_power_grows_with_replicates_and_with_fewer_orderings_to_share_alpha(simulate, rng):
    few, many = (simulate.choice_power(rng, 1_000, r, 0.006) for r in (3, 10))
    assert few[0] > 0.7
    assert few[1] < few[0]
    assert min(many) > 0.97


@pytest.mark.parametrize("n_replicates", [3, 10])
def test_retraining_that_does_not_help_is_seldom_recommended(simulate, rng, n_replicates):
    assert simulate.wrong_gains(rng, STUDIES, n_replicates) < ALLOWED


@pytest.mark.parametrize("n_replicates", [3, 10])
@pytest.mark.parametrize("spreads", ["equal", "random 2 times", "random 5 times", "one metric 3 times"])
def test_equal_metrics_are_seldom_said_to_differ(simulate, rng, spreads, n_replicates):
    values = simulate.areas(rng, STUDIES, n_replicates, simulate.SPREADS[spreads])
    assert simulate.wrong_contrasts(values) < ALLOWED


@pytest.mark.parametrize("n_replicates", [3, 10])
def test_meaningless_orders_are_seldom_said_to_differ_when_replicates_draw_anew(simulate, rng, n_replicates):
    anew = simulate.fixed_orders(rng, STUDIES, n_replicates, drawn_anew=True)
    kept = simulate.fixed_orders(rng, STUDIES, n_replicates, drawn_anew=False)
    assert simulate.wrong_contrasts(anew) < ALLOWED
    assert (
        simulate.wrong_contrasts(kept) > 2 * ALLOWED
    )  # why a user's own model carries a claim about itself only


def test_a_better_metric_is_found(simulate, rng):
    assert simulate.contrast_power(rng, 1_000, 3, 6.0) > 0.75
    assert simulate.contrast_power(rng, 1_000, 10, 2.0) > 0.85


@pytest.mark.parametrize("same_images", [True, False])
@pytest.mark.parametrize("n_replicates", [3, 10])
@pytest.mark.parametrize("of_replicates", [0.05, 0.6])
def test_interval_over_replicates_and_images_holds_the_truth(
    simulate, rng, same_images, n_replicates, of_replicates
):
    n = 300
    both, _ = simulate.coverage(
        rng, n, n_replicates, 200, same_images=same_images, of_replicates=of_replicates
    )
    assert both > 0.95 - 3 * (0.05 * 0.95 / n) ** 0.5


def test_interval_over_replicates_alone_leaves_the_test_set_out(simulate, rng):
    both, alone = simulate.coverage(rng, 300, 10, 200, same_images=True, of_replicates=0.05)
    assert alone < 0.85 < both


def test_interval_of_a_paired_difference_holds_the_truth(simulate, rng):
    both, _ = simulate.coverage(rng, 300, 3, 200, same_images=True, paired=True)
    assert both > 0.95 - 3 * (0.05 * 0.95 / 300) ** 0.5
