"""The recommendation: chosen on validation data, reported on test data, honest about what it cannot know."""

import json

import numpy as np
import pytest

from guided_retraining.errors import InputError
from guided_retraining.evaluation import recommend
from guided_retraining.evaluation.intervals import wilson
from made_up_study import WORDS, made_up_costs, made_up_study

LABELS = np.arange(500) % 10


def recommended(*, images=True, costs=True, **made):
    keyword = {name: made.pop(name) for name in ("own_model", "n_images", "choose_by") if name in made}
    results, correctness = made_up_study(**{"metrics": ("lsa", "dsa", "random"), **made})
    if images:
        keyword |= {"correctness": correctness, "labels": LABELS}
    if costs:
        keyword["costs"] = made_up_costs(results)
    return recommend(results, words=WORDS, **keyword), results


def test_reported_on_the_test_data_of_the_chosen_cell():
    found, results = recommended(loss=0.30, noise=0.002, replicates=range(5))
    assert found["choice"]["action"] == "random inputs"
    cell = results.query("configuration == 'config_1' and metric == 'random' and n_inputs == 800")
    whole = results.query("configuration == 'config_1' and metric == 'random' and n_inputs == 1600")
    before = results[results["n_inputs"] == 0].drop_duplicates("seed")
    for kind in ("clean", "robust", "robust_fgsm", "unseen", "replayed", "combined"):
        column = f"accuracy_{kind}"
        for name, rows in (("recommended", cell), ("whole_pool", whole), ("original", before)):
            assert found["models"][name]["accuracy"][kind]["mean"] == pytest.approx(rows[column].mean())
        gain = found["differences"]["original"][kind]["mean"]
        assert gain == pytest.approx(cell[column].mean() - before[column].mean())
    assert found["models"]["recommended"]["cost"]["fit_seconds"] == pytest.approx(0.4)


def test_every_interval_with_images_is_as_wide_as_wilsons():
    found, _ = recommended(noise=0.0001)
    for model in found["models"].values():
        for kind, n in (("clean", 500), ("robust", 400), ("unseen", 400), ("robust_bim", 400)):
            interval = model["accuracy"][kind]
            low, high = wilson(interval["mean"], interval["n_images"])
            assert interval["n_images"] >= n
            assert interval["over"] == "replicates and images"
            assert interval["low"] <= low + 1e-12
            assert interval["high"] >= high - 1e-12


def test_paired_by_image_a_difference_is_known_better_than_its_two_sides():
    found, _ = recommended()
    gain = found["differences"]["whole_pool"]["clean"]
    side = found["models"]["whole_pool"]["accuracy"]["clean"]
    assert gain["over"] == "replicates and images"
    assert gain["high"] - gain["low"] < side["high"] - side["low"]


def test_without_images_intervals_say_what_they_are_over():
    assert recommended()[0]["models"]["recommended"]["accuracy"]["combined"]["n_images"] == 500
    found, _ = recommended(images=False)
    assert found["models"]["recommended"]["accuracy"]["robust"]["over"] == "replicates"
    assert found["forgetting"] is None
    counted, _ = recommended(images=False, n_images={"robust": 400})
    assert counted["models"]["recommended"]["accuracy"]["robust"]["over"] == "replicates and images"


def test_ranked_inputs_are_set_beside_as_many_random_ones():
    results, correctness = made_up_study(loss=0.30, clean_loss=0.0, noise=0.001, replicates=range(5))
    short = (results["metric"] == "lsa") & results["n_inputs"].isin([200, 400, 800])  # not config_3's budgets
    results.loc[short, "validation_accuracy_robust"] = 0.56
    scoring = dict.fromkeys(("lsa", "dsa"), 0.001)
    found = recommend(
        results, costs=made_up_costs(results, scoring=scoring), correctness=correctness, labels=LABELS
    )
    assert found["choice"]["action"] == "ranked inputs"
    assert set(found["models"]) == {"original", "recommended", "whole_pool", "random"}
    assert found["models"]["random"]["n_inputs"] == found["models"]["recommended"]["n_inputs"] == 200
    assert found["models"]["random"]["metric"] == "random"


def test_forgetting_is_that_of_the_recommended_model():
    found, _ = recommended()
    forgetting = found["forgetting"]
    change = forgetting["gained"] - forgetting["churn"]
    assert change == pytest.approx(found["differences"]["original"]["clean"]["mean"])
    assert sum(row["n_images"] for row in forgetting["per_class"]) == 500


def test_attacks_behind_each_number_are_named_and_never_mixed_unsaid():
    found, _ = recommended()
    assert found["attacks"] == {
        "replayed": ["fgsm", "bim", "carlini_wagner"], "robust": ["fgsm", "bim"], "unseen": ["apgd_ce"],
    }  # fmt: skip
    assert any(
        "include Carlini-Wagner" in note and "robust accuracy does not" in note for note in found["notes"]
    )


def test_a_claim_about_a_users_own_model_is_about_that_model():
    assert recommended()[0]["claim"] == "for this data set, architecture and attacks"
    found, _ = recommended(own_model=True)
    assert found["claim"] == "for this model"
    assert any("a claim about this model's ranking" in note for note in found["notes"])


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"replicates": [0]},
        {"replicates": [0, 1]},
        {"noise": 0.0},
        {"robust": False},
        {"images": False, "costs": False},
        {"metrics": ["dsa", "lsa"]},
        {"metrics": ["random"]},
        {"metrics": ["mine", "random"]},
        {"configurations": ["config_1"]},
    ],
    ids=str,
)
def test_safe_for_json_in_every_case(made):
    found, _ = recommended(**made)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert "recommended" in found["models"]


def test_images_without_their_labels_are_refused():
    results, correctness = made_up_study(metrics=["random"])
    with pytest.raises(InputError, match="labels of the clean test images"):
        recommend(results, correctness=correctness)
