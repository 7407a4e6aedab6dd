"""The choosing rule on made-up studies whose truth is known."""

import json

import numpy as np
import pandas as pd
import pytest

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.evaluation import choose
from guided_retraining.evaluation.cost import cost_of, scoring_seconds
from guided_retraining.evaluation.curves import curves_of
from guided_retraining.evaluation.layout import lower_bounds
from guided_retraining.evaluation.steps import levels
from made_up_study import made_up_costs, made_up_study

CHEAP = dict.fromkeys(("neuron_coverage", "lsa", "dsa", "deep_gini", "softmax_entropy"), 0.001)


def study(**made):
    results, _ = made_up_study(**made)
    return results


def guided(**made):
    """LSA loses nothing from 1/8 of the pool on, random needs half of it."""
    results = study(loss=0.30, clean_loss=0.0, noise=0.001, replicates=range(5), **made)
    short = (
        (results["metric"] == "lsa")
        & (results["n_inputs"] > 0)
        & (results["n_inputs"] < results["pool_size"])
    )
    for column in ("validation_accuracy_robust", "accuracy_robust"):
        whole = results[results["n_inputs"] == results["pool_size"]].groupby("configuration")[column].mean()
        results.loc[short, column] = results.loc[short, "configuration"].map(whole)
    return results


def test_the_strategy_is_the_best_mean_at_the_whole_pool_on_validation_data():
    results = study()
    assert choose(results)["strategy"] == "config_1"
    whole = (results["configuration"] == "config_3") & (results["n_inputs"] == results["pool_size"])
    results.loc[whole, "validation_accuracy_robust"] = 0.9
    assert choose(results)["strategy"] == "config_3"


def test_nothing_is_chosen_on_test_data():
    results = study()
    rng = np.random.default_rng(0)
    test = [column for column in results if str(column).startswith("accuracy_")]
    shuffled = results.assign(**{column: rng.permutation(results[column]) for column in test})
    chosen, other = choose(results), choose(shuffled)
    assert chosen.pop("test_steps") != other.pop("test_steps")
    assert chosen == other


def test_half_the_pool_is_enough_where_it_loses_nothing_and_less_is_not_where_it_does():
    found = choose(study(loss=0.30, noise=0.002, replicates=range(5)))
    assert (found["action"], found["metric"], found["n_inputs"]) == ("random inputs", None, 800)
    steps = {step["n_inputs"]: step for step in found["steps"] if step["metric"] == "random"}
    assert list(steps) == [800, 400, 200, 100, 50]
    assert (steps[800]["passes"], steps[400]["passes"], steps[400]["reached"]) == (True, False, True)
    assert not any(steps[n]["reached"] for n in (200, 100, 50))


def test_bounds_are_those_of_the_layout_on_the_columns_of_the_table():
    results = study()
    found = choose(results)
    for key in ("robust", "clean"):
        curves = curves_of(results, "config_1", f"validation_accuracy_{key}")
        bounds, _ = lower_bounds(curves.differences, levels(curves.orderings, "random", 0.05))
        listed = [step["differences"][key]["low"] for step in found["steps"]]
        assert listed == pytest.approx(bounds.ravel().tolist())
        cell = results.query("configuration == 'config_1' and metric == 'dsa' and n_inputs == 200")
        whole = results.query("configuration == 'config_1' and metric == 'dsa' and n_inputs == 1600")
        column = f"validation_accuracy_{key}"
        step = next(s for s in found["steps"] if (s["metric"], s["n_inputs"]) == ("dsa", 200))
        assert step["differences"][key]["mean"] == pytest.approx(cell[column].mean() - whole[column].mean())


def test_clean_accuracy_must_pass_too():
    results = study(loss=0.0, clean_loss=0.0, noise=0.002)
    assert choose(results)["n_inputs"] < 1600
    forgets = results["n_inputs"].between(1, 1599) & (results["configuration"] == "config_1")
    results.loc[forgets, "validation_accuracy_clean"] -= 0.1
    found = choose(results)
    assert (found["action"], found["n_inputs"]) == ("whole pool", 1600)
    assert {step["passes"] for step in found["steps"]} == {False}
    assert min(step["loses_at_most"] for step in found["steps"]) > 0.09


def test_a_metric_is_named_where_it_needs_fewer_inputs_and_costs_less():
    results = guided()
    found = choose(results, costs=made_up_costs(results, scoring=CHEAP))
    assert (found["action"], found["metric"]) == ("ranked inputs", "lsa")
    assert found["n_inputs"] == found["accepted"]["lsa"] < found["accepted"]["random"]


def test_a_metric_whose_scores_cost_more_than_they_save_is_not_named():
    results = guided()
    found = choose(results, costs=made_up_costs(results, scoring={**CHEAP, "lsa": 60.0}))
    assert (found["action"], found["metric"], found["n_inputs"]) == ("random inputs", None, 800)
    assert "but with scoring they take 60.1 s, 800 inputs without ranking 400 ms" in found["not_named"]["lsa"]


def test_without_costs_no_metric_is_named():
    found = choose(guided())
    assert found["action"] == "random inputs"
    assert "what it costs is not known" in found["not_named"]["lsa"]


def test_a_metric_is_held_against_the_whole_pool_where_random_needs_all_of_it():
    results = guided(metrics=["lsa", "random"])
    random = (results["metric"] == "random") & results["n_inputs"].between(1, 1599)
    results.loc[random, "validation_accuracy_robust"] -= 0.2
    found = choose(results, costs=made_up_costs(results, scoring=CHEAP))
    assert (found["accepted"]["random"], found["metric"]) == (None, "lsa")
    dear = choose(results, costs=made_up_costs(results, scoring={**CHEAP, "lsa": 60.0}))
    assert (dear["action"], dear["n_inputs"]) == ("whole pool", 1600)


@pytest.mark.parametrize("lost", [0.0, 0.3])
def test_retraining_that_does_not_help_is_not_recommended(lost):
    results = study()
    before = results.loc[results["n_inputs"] == 0, "validation_accuracy_robust"].iloc[:1].to_numpy()
    rng = np.random.default_rng(2)
    noise = pd.Series(rng.normal(0, 0.01, len(results)), results.index)
    results["validation_accuracy_robust"] = before.item() - lost * (results["n_inputs"] > 0) + noise
    found = choose(results)
    assert (found["action"], found["configuration"], found["n_inputs"]) == ("original", None, 0)
    assert found["gain"]["low"] < 0


def test_without_the_original_model_that_is_said():
    found = choose(study(configurations=["config_1"]))
    assert found["gain"] is None
    assert found["action"] != "original"
    assert any("gain over it is not known" in note for note in found["notes"])


@pytest.mark.parametrize("replicates", [[4], [0, 1]])
def test_few_replicates_describe_only(replicates):
    found = choose(study(loss=0.0, clean_loss=0.0, noise=0.0001, replicates=replicates))
    assert found["descriptive"]
    assert (found["action"], found["n_inputs"]) == ("whole pool", 1600)
    assert {step["passes"] for step in found["steps"]} == {None}
    assert found["gain"]["low"] is None


def test_without_attacks_made_anew_combined_accuracy_decides_and_that_is_said():
    found = choose(study(robust=False))
    assert (found["asked"], found["outcomes"]) == ("robust", ["combined", "clean"])
    assert "says nothing of attacks on the hardened model" in found["notes"][0]
    assert choose(study(), choose_by="combined")["notes"] == []


def test_a_replicate_whose_whole_pool_is_not_complete_is_left_out():
    results = study(replicates=range(4))
    gone = (results["seed"] == 2) & (results["configuration"] == "config_2") & (results["n_inputs"] == 1600)
    found = choose(results[~gone])
    assert found["n_replicates"] == 3
    assert any("replicates [2]" in note for note in found["notes"])


def test_a_cell_that_was_not_measured_ends_its_chain():
    results = study(loss=0.0, clean_loss=0.0, noise=0.002)
    gone = (results["seed"] == 1) & (results["metric"] == "random") & (results["n_inputs"] == 200)
    results.loc[gone, "validation_accuracy_robust"] = np.nan
    found = choose(results)
    assert found["accepted"]["random"] == 400
    step = next(s for s in found["steps"] if (s["metric"], s["n_inputs"]) == ("random", 200))
    assert (step["passes"], step["loses_at_most"], step["differences"]["robust"]["mean"]) == (
        None,
        None,
        None,
    )


def test_only_the_whole_pool_was_tried():
    results = study()
    found = choose(results[results["n_inputs"].isin([0, 640, 1600])])
    assert (found["action"], found["steps"]) == ("whole pool", [])


def test_a_study_without_random_or_of_random_alone():
    metrics_only = choose(study(metrics=["dsa", "lsa"], loss=0.0, clean_loss=0.0, noise=0.001))
    assert {step["level"] for step in metrics_only["steps"]} == {0.025}
    random_only = choose(study(metrics=["random"], loss=0.0, clean_loss=0.0, noise=0.0005))
    assert {step["level"] for step in random_only["steps"]} == {0.05}
    assert random_only["action"] == "random inputs"


@pytest.mark.parametrize("made", [{}, {"replicates": [0]}, {"robust": False}, {"noise": 0.0}, {"noise": 0.1}])
def test_safe_for_json(made):
    found = choose(study(**made))
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_without_validation_accuracy_nothing_is_chosen():
    results = study(robust=False).assign(validation_accuracy_combined=np.nan)
    with pytest.raises(InputError, match=r"validation_accuracy_combined holds no value.*validation split"):
        choose(results)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.drop(columns="seed"), r"columns \['seed'\] are missing"),
        (lambda r: r.iloc[:0], "no rows; run the pipeline ordering_retraining"),
        (lambda r: pd.concat([r, r.assign(dataset="mnist")]), r"one data set, found \['digits', 'mnist'\]"),
        (lambda r: pd.concat([r, r.iloc[:2]]), "2 cells occur twice, the first is"),
        (lambda r: r[r["n_inputs"] < r["pool_size"]], "no replicate holds the whole-pool cell"),
    ],
)
def test_unusable_results_are_refused(change, said):
    with pytest.raises(InputError, match=said):
        choose(change(study(metrics=["dsa", "random"])))


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ({"choose_by": "clean"}, "expected 'robust' or 'combined', found 'clean'"),
        ({"margin": 0.0}, r"margin: expected a share in \(0, 1\)"),
        ({"alpha": 5}, r"alpha: expected a share in \(0, 1\)"),
    ],
)
def test_impossible_arguments_are_refused(argument, said):
    with pytest.raises(ParameterError, match=said):
        choose(study(metrics=["random"]), **argument)


def test_scoring_bears_the_whole_forward_pass_once_a_replicate():
    results = study()
    costs = made_up_costs(results, scoring={"lsa": 0.5})
    assert scoring_seconds(costs, "lsa", 3) == pytest.approx(0.6)
    assert scoring_seconds(costs.drop(columns="seed"), "lsa", 3) == pytest.approx(0.6)
    assert scoring_seconds(costs, None, 3) == 0
    assert scoring_seconds(costs, "mine", 3) is None
    cost = cost_of(results, costs, "config_1", "lsa", 400)
    assert cost["total_seconds"] == pytest.approx(0.0005 * 400 + 0.6)
    assert cost["gradient_passes"] == 4000
    assert cost_of(results, costs, "config_1", None, 1600)["scoring_seconds"] == 0
    assert cost_of(results, costs, None, None, 0)["total_seconds"] == 0


def test_a_strategy_that_scores_as_it_trains_pays_for_scoring_once():
    results, _ = made_up_study(metrics=("lsa", "random"))
    costs = made_up_costs(results, scoring={"lsa": 7.0})
    apart = cost_of(results, costs, "config_1", "lsa", 400)
    inside = cost_of(results, costs, "config_1", "lsa", 400, scored_apart=False)
    assert apart["total_seconds"] > 7 > inside["total_seconds"] == inside["fit_seconds"]
