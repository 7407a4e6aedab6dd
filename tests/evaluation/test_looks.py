"""Looks at a study that grows: whatever is said at any of them is wrong in 5 % of studies at most."""

import importlib.util
import sys
from pathlib import Path

import pytest

from guided_retraining.errors import ParameterError
from guided_retraining.evaluation import choose
from guided_retraining.evaluation.looks import LOOKS, level_at
from guided_retraining.evaluation.questions import questions_of, settled
from made_up_study import made_up_study

STUDIES = 1_500
ALLOWED = 0.05 + 3 * (0.05 * 0.95 / STUDIES) ** 0.5


@pytest.fixture(scope="module")
def looks(simulate):
    script = Path(simulate.__file__).with_name("simulate_looks.py")
    spec = importlib.util.spec_from_file_location("simulate_looks", script)
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulate_looks"] = module
    spec.loader.exec_module(module)
    return module


def test_the_looks_spend_alpha_and_no_more():
    assert sum(level_at(n, 0.05) for n in LOOKS) == pytest.approx(0.05)
    assert min(level_at(n, 0.05) for n in LOOKS) > 0
    with pytest.raises(ParameterError, match="nothing is decided at 5 replicates"):
        level_at(5, 0.05)


@pytest.mark.parametrize("spreads", ["equal", "random 2 times", "random 5 times", "one metric 3 times"])
def test_equal_metrics_are_seldom_said_to_differ_at_any_look(looks, simulate, rng, spreads):
    assert looks.wrong_verdicts(rng, STUDIES, simulate.SPREADS[spreads]) < ALLOWED


def test_whoever_takes_all_of_alpha_at_each_look_is_wrong_more_often(looks, simulate, rng):
    peeked = looks.wrong_verdicts(rng, STUDIES, simulate.SPREADS["equal"], spent=False)
    assert peeked > ALLOWED > looks.wrong_verdicts(rng, STUDIES, simulate.SPREADS["equal"])


@pytest.mark.parametrize("margin", [1.0, 3.0])
@pytest.mark.parametrize("spreads", ["equal", "random 2 times", "one metric 3 times"])
def test_a_metric_that_is_off_by_the_margin_is_seldom_called_equal(looks, simulate, rng, spreads, margin):
    assert looks.wrongly_equal(rng, STUDIES, margin, simulate.SPREADS[spreads]) < ALLOWED


@pytest.mark.parametrize(
    "spreads", ["equal", "whole pool 4 times", "random 5 times", "largest budget of random alone 3 times"]
)
def test_a_budget_that_loses_the_margin_is_seldom_accepted_at_any_look(looks, simulate, rng, spreads):
    assert looks.wrongly_accepted(rng, STUDIES, simulate.SPREADS[spreads]) < ALLOWED


def test_a_clear_effect_ends_the_study_early(looks, rng):
    found, replicates = looks.replicates_needed(rng, 500, 4.0)
    assert found > 0.98
    assert replicates < 6


def study(**made):
    results, _ = made_up_study(**{"replicates": range(4), "noise": 0.002, **made})
    return results


def found(results, **rule):
    return {
        (one["about"], one["configuration"], one["metric"], one["n_inputs"]): one
        for one in questions_of(results, choose(results, **rule))
    }


def test_every_question_of_the_rule_is_asked_and_a_clear_study_settles_them():
    results = study(loss=0.40, lifts={"dsa": 0.10})
    asked = found(results)
    assert asked["retraining", "config_1", None, None]["verdict"] == "better"
    assert asked["strategy", "config_2", None, None]["verdict"] == "worse"
    assert asked["ordering", "config_1", "dsa", None]["verdict"] == "better"
    assert asked["ordering", "config_1", "lsa", None]["verdict"] == "equal"
    assert asked["budget", "config_1", "random", 50]["verdict"] == "worse"
    assert not asked["budget", "config_1", "random", 50]["open"]  # its chain ended above
    assert {key[1] for key in asked if key[0] in ("ordering", "budget")} == {"config_1"}


def test_a_noisy_study_leaves_questions_open_and_says_which():
    results = study(noise=0.05)
    asked = questions_of(results, choose(results))
    assert not settled(asked)
    assert {one["verdict"] for one in asked if one["open"]} == {"unresolved"}


def test_two_replicates_settle_nothing():
    results = study(replicates=range(2))
    asked = questions_of(results, choose(results))
    assert {one["verdict"] for one in asked} == {"unresolved"}
    assert all(one["low"] is None and one["high"] is None for one in asked if one["about"] != "budget")
    assert not settled(asked)


def test_test_data_settle_nothing():
    results = study()
    on_test = [column for column in results if str(column).startswith("accuracy_")]
    other = results.assign(**{column: results[column].to_numpy()[::-1] for column in on_test})
    assert questions_of(results, choose(results)) == questions_of(other, choose(other))


def test_an_ordering_that_was_left_out_after_three_replicates_is_not_compared_any_more():
    results = study()
    short = results[(results["metric"] != "lsa") | (results["seed"] < 3)]
    asked = found(short)
    assert ("ordering", "config_1", "lsa", None) not in asked
    assert ("ordering", "config_1", "dsa", None) in asked
    assert {step["metric"] for step in choose(short)["steps"]} == set(results["metric"]) - {"lsa"}
