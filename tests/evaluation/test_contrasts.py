"""Metrics against random over all budgets: verdicts, their words, and what could have been shown."""

import json

import numpy as np
import pytest

from guided_retraining.evaluation import compare_with_baseline
from guided_retraining.evaluation.contrasts import log_budget_areas, verdict_of
from guided_retraining.evaluation.dunnett import many_to_one
from made_up_study import STORED, WORDS, made_up_study

FEW = ("dsa", "lsa", "deep_gini", "random")


def study(**made):
    results, _ = made_up_study(**{"metrics": FEW, "replicates": range(6), "noise": 0.003, **made})
    return results


def verdicts(found):
    return {(row["configuration"], row["metric"]): row["verdict"] for row in found["rows"]}


def test_area_of_a_line_over_log_budget_is_its_middle_whatever_the_steps():
    budgets = [400, 300, 120, 50]
    values = np.log(np.array(budgets, float))[None, None]
    assert log_budget_areas(values, budgets).item() == pytest.approx((np.log(400) + np.log(50)) / 2)


def test_area_leaves_out_budgets_that_not_all_have_for_all():
    values = np.array([[[0.9, 0.5, 0.1], [0.9, np.nan, 0.3]]])
    assert log_budget_areas(values, [400, 200, 100]).tolist() == [pytest.approx([0.5, 0.6])]
    assert log_budget_areas(values[..., :1], [400]).tolist() == [[0.9, 0.9]]
    assert log_budget_areas(values[..., 1:2], [200]).shape == (1, 0)


def test_original_model_and_whole_pool_have_no_say():
    results = study()
    ends = results["n_inputs"].isin([0]) | (results["n_inputs"] == results["pool_size"])
    changed = results.assign(accuracy_robust=results["accuracy_robust"].where(~ends, 0.123))
    assert compare_with_baseline(results) == compare_with_baseline(changed)


def test_planted_metrics_are_found_and_only_they():
    found = compare_with_baseline(study(lifts={"dsa": 0.06, "lsa": -0.06}), words=WORDS)
    shown = verdicts(found)
    for configuration in STORED:
        assert shown[configuration, "dsa"] == "better"
        assert shown[configuration, "lsa"] == "worse"
        assert shown[configuration, "deep_gini"] == "equal"
    assert all(row["p_value"] < 0.05 for row in found["rows"] if row["metric"] != "deep_gini")
    sentence = found["sentences"][0]
    assert sentence.startswith(
        "config_1 (fresh weights, clean + adversarial pool): better than random: DSA (+6."
    )
    assert "worse than random: LSA (\N{MINUS SIGN}" in sentence
    assert "equal to random within 2.0 points: DeepGini" in sentence


def test_what_is_not_resolved_says_what_is_possible_and_what_could_have_been_shown():
    found = compare_with_baseline(study(noise=0.06, replicates=range(3)))
    row = found["rows"][0]
    assert row["verdict"] == "unresolved"
    assert row["possible"] == pytest.approx(max(abs(row["low"]), abs(row["high"])))
    said = (
        f"not resolved, differences up to so many points are possible: DeepGini {100 * row['possible']:.1f}"
    )
    assert said in found["sentences"][0]
    smallest = found["detectable"]["config_1"]
    assert f"a true difference of {100 * smallest:.1f} points" in found["sentences"][0]
    assert "with a probability of 80 %" in found["sentences"][0]


def test_detectable_difference_is_found_in_four_of_five_studies(rng):
    for n_replicates in (3, 10):
        noise = many_to_one(rng.normal(size=(2_000, n_replicates, 6)), 0, 0.05)
        found = noise.means + noise.detectable > noise.half_widths
        assert found.mean() == pytest.approx(0.82, abs=0.04)


def test_alpha_is_shared_by_the_configurations():
    results = study()
    alone = compare_with_baseline(results[results["configuration"] == "config_1"])
    among = compare_with_baseline(results)
    for one, other in zip(alone["rows"], among["rows"], strict=False):
        assert one["difference"] == other["difference"]
        assert one["high"] < other["high"]
        assert other["p_value"] == pytest.approx(min(1.0, 3 * one["p_value"]))
        assert one["p_paired"] == other["p_paired"]


def test_verdicts():
    assert verdict_of(None, None, 0.02) == "unresolved"
    assert verdict_of(-0.03, -0.001, 0.02) == "worse"
    assert verdict_of(0.001, 0.01, 0.02) == "better"
    assert verdict_of(-0.019, 0.019, 0.02) == "equal"
    assert verdict_of(-0.02, 0.0, 0.02) == "unresolved"


@pytest.mark.parametrize("replicates", [[0], [0, 1]])
def test_few_replicates_show_nothing(replicates):
    found = compare_with_baseline(study(replicates=replicates, lifts={"dsa": 0.3}))
    assert set(verdicts(found).values()) == {"unresolved"}
    assert found["detectable"] == dict.fromkeys(STORED)
    assert "cannot show whether a metric differs from random; it takes 3" in found["sentences"][0]


def test_nothing_to_compare():
    for results in (study(metrics=["dsa", "lsa"]), study(metrics=["random"]), study(robust=False)):
        found = compare_with_baseline(results)
        assert (found["rows"], found["sentences"]) == ([], [])


@pytest.mark.parametrize("made", [{"noise": 0.0}, {"replicates": [0]}, {"metrics": ["mine", "random"]}])
def test_safe_for_json(made):
    found = compare_with_baseline(study(**made))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
