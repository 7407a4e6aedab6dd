"""The recommendation: chosen on validation data only, honest about what it cannot know, safe for JSON."""

import json

import numpy as np
import pytest
from made_up_results import made_up_costs, made_up_results

from guided_retraining.errors import InputError
from guided_retraining.evaluation import answer_lines, recommend
from guided_retraining.evaluation.selection import select_cell, selection_stability


def test_planted_metric_is_recommended_and_reported_on_test_data():
    results = made_up_results(advantages={"dsa": 0.04}, seeds=range(5))
    found = recommend(results, costs=made_up_costs(), n_test_inputs=720)
    assert found["metric"] == "dsa"
    cell = results[
        (results["configuration"] == found["configuration"])
        & (results["metric"] == "dsa")
        & (results["n_inputs"] == found["n_inputs"])
    ]
    assert found["accuracy"]["combined"]["mean"] == pytest.approx(cell["accuracy_combined"].mean())
    assert found["gain_over_original"]["combined"]["mean"] == pytest.approx(
        cell["accuracy_combined"].mean() - found["original"]["combined"]
    )
    assert found["gain_over_random"]["mean"] == pytest.approx(0.04, abs=0.02)
    assert found["cost"]["scoring_seconds"] == pytest.approx(0.002 * 4**2)
    assert found["cost"]["fit_seconds"] == pytest.approx(0.01 * found["n_inputs"])
    assert found["stability"]["same_metric"] == 5
    assert 0 < found["test_half_width"] < 0.03


def test_test_accuracy_has_no_say_in_the_choice():
    results = made_up_results()
    shuffled = results.assign(
        accuracy_combined=np.random.default_rng(0).permutation(results["accuracy_combined"])
    )
    assert select_cell(results) == select_cell(shuffled)


def test_fewest_inputs_within_one_standard_error():
    results = made_up_results(metrics=["dsa"], noise=0.01)
    chosen = select_cell(results)
    means = results.groupby(["configuration", "n_inputs"])["validation_accuracy_combined"].agg(
        ["mean", "sem"]
    )
    error = max(means.loc[means["mean"].idxmax(), "sem"], means["sem"].median())
    good = means[means["mean"] >= means["mean"].max() - error].reset_index()
    assert chosen["n_inputs"] == good["n_inputs"].min()
    assert chosen["standard_error"] == pytest.approx(error)


def test_one_seed_uses_the_size_of_the_validation_set():
    results = made_up_results(seeds=[0])
    assert select_cell(results)["standard_error"] is None
    with_size = select_cell(results, n_validation=400)
    assert with_size["standard_error"] == pytest.approx(0.013, abs=0.005)
    assert with_size["n_inputs"] <= select_cell(results)["n_inputs"]


def test_retraining_that_does_not_help_is_not_recommended():
    results = made_up_results(noise=0.002)
    retrained = results["n_inputs"] > 0
    results.loc[retrained, ["validation_accuracy_combined", "accuracy_combined"]] -= 0.9
    found = recommend(results)
    assert (found["configuration"], found["metric"], found["n_inputs"]) == (None, None, 0)
    assert "keep the original model" in answer_lines(found)[0]


def test_whole_pool_needs_no_metric():
    found = recommend(made_up_results(noise=0.0))
    assert found["n_inputs"] == found["pool_size"]
    assert found["metric"] is None
    assert found["gain_over_random"] == {}
    assert "whole pool of 500 inputs" in answer_lines(found)[0]


def test_unfinished_cells_do_not_win_by_having_fewer_seeds():
    results = made_up_results()
    lucky = (
        (results["metric"] == "lsa") & (results["n_inputs"] == 150) & (results["configuration"] == "config_1")
    )
    results.loc[lucky, "validation_accuracy_combined"] = 0.999
    assert select_cell(results)["n_inputs"] == 150
    unfinished = results[~(lucky & (results["seed"] == 2))]
    assert select_cell(unfinished)["n_inputs"] != 150


def test_left_out_seed_takes_no_part_in_its_own_choice():
    results = made_up_results(advantages={"dsa": 0.04}, seeds=range(4))
    found = selection_stability(results).set_index("seed")
    for seed in range(4):
        chosen = select_cell(results[results["seed"] != seed])
        assert found.loc[seed, "n_inputs"] == chosen["n_inputs"]
    assert selection_stability(made_up_results(seeds=[0, 1])).empty


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"seeds": [0]},
        {"seeds": [0, 1]},
        {"noise": 0.0},
        {"metrics": ["dsa", "lsa"]},
        {"metrics": ["random"]},
        {"metrics": ["mine.scores:edges", "random"], "attacks": []},
    ],
)
def test_safe_for_json_and_three_lines_in_every_case(made):
    found = recommend(made_up_results(**made))
    read_back = json.loads(json.dumps(found, allow_nan=False))
    lines = answer_lines(read_back)
    assert lines == answer_lines(found)
    assert len(lines) == 3
    assert "nan" not in " ".join(lines).lower()


def test_original_model_from_the_summary_if_there_is_no_n_0_row():
    results = made_up_results()
    results = results[results["configuration"] == "config_1"]
    assert recommend(results)["original"]["combined"] is None
    found = recommend(results, original={"accuracy_combined": 0.5})
    assert found["original"]["combined"] == 0.5
    assert found["gain_over_original"]["combined"]["mean"] == pytest.approx(0.4, abs=0.05)


def test_without_validation_accuracy_nothing_is_chosen():
    results = made_up_results().assign(validation_accuracy_combined=np.nan)
    with pytest.raises(InputError, match=r"validation_accuracy_combined holds no value.*validation split"):
        recommend(results)


def test_lines_say_what_one_seed_cannot_show():
    assert "1 seed, so no interval and no test" in answer_lines(recommend(made_up_results(seeds=[0])))[2]


def test_line_says_when_no_metric_beats_random():
    line = answer_lines(recommend(made_up_results()))[2]
    assert "no metric is shown to be better than random" in line


def test_first_line_does_not_claim_more_than_was_shown():
    shown = recommend(made_up_results(advantages={"dsa": 0.05}, seeds=range(6)))
    assert "ranked first by DSA, under" in answer_lines(shown)[0]
    assert "(not shown to beat random)" in answer_lines(recommend(made_up_results()))[0]
