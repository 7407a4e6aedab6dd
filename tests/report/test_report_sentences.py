"""What the page's sentences claim: no more than the findings say, in every case a study can end in."""

import pytest

from guided_retraining.report import render_page
from guided_retraining.report.figures import FIGURES
from guided_retraining.report.main_table import main_caption, main_numbers, main_table
from guided_retraining.report.sentences import (
    attacks_apart,
    budget_sentences,
    choice_sentences,
    forgetting_sentence,
)
from made_up_findings import ATTACKS, NO_COST, interval, recommendation, steps
from made_up_page import context_of

MINUS = "\N{MINUS SIGN}"
CASES = {
    "equal": {"loss": 0.0, "clean_loss": 0.0},
    "better": {"loss": 0.35, "lifts": {"lsa": 0.06}},
    "worse": {"loss": 0.1, "lifts": {"lsa": -0.1, "dsa": -0.1}},
    "unresolved": {"loss": 0.2, "noise": 0.05},
    "one replicate": {"replicates": (0,)},
    "two replicates": {"replicates": (0, 1)},
    "nothing attacked anew": {"robust": False},
    "without random": {"metrics": ("lsa", "dsa")},
    "random alone": {"metrics": ("random",)},
    "one configuration": {"configurations": ("config_1",)},
    "no times": {"costs": False},
    "a model of one's own": {"own_model": True},
    "inputs made in training": {"configurations": ("config_2", "config_4"), "noise": 0.02},
    "a lower price": {
        "configurations": ("config_2", "config_4"),
        "loss": 0.3,
        "noise": 0.002,
        "replicates": range(5),
    },
}
NEVER = ("costs nothing", "too easy", "chance alone", "does not matter", "None", " nan", "[nan", "inf ")


def rows(table):
    return {row[0]: list(row[1:]) for row in table.itertuples(index=False, name=None)}


@pytest.mark.parametrize("case", CASES)
def test_no_case_is_oversold_or_left_with_a_hole(case):
    context = context_of(**CASES[case])
    said = [render_page(context), *(row.alternative(context) for row in FIGURES.values())]
    for text in said:
        for words in NEVER:
            assert words not in text, (case, words)


@pytest.mark.parametrize("case", CASES)
def test_no_configuration_stands_without_its_meaning(case):
    context = context_of(**CASES[case])
    r = context.recommendation
    sentences = [*choice_sentences(r), *budget_sentences(r), *r["contrasts"]["sentences"], *r["notes"]]
    sentences += [row.alternative(context) for row in FIGURES.values()]
    for sentence in sentences:
        for key, words in r["words"].items():
            assert sentence.count(key) == sentence.count(f"{key} ({words})"), sentence


def test_the_rule_is_said_with_its_margin_error_rate_and_what_it_holds_for():
    (rule, strategies, gain, not_named) = choice_sentences(recommendation())
    for part in ("3 replicates", "2.0 points of robust and clean", "5 %", "for this data set, architecture"):
        assert part in rule
    assert (
        strategies.index("config_1 (fresh weights")
        < strategies.index("config_2")
        < strategies.index("config_3")
    )
    assert (
        gain
        == "Whole pool against original model, robust accuracy on validation data: +45.0 points (at least +43.0)."
    )
    assert not_named == "DSA is not named: it would take 12 s more than random."


@pytest.mark.parametrize("replicates", [1, 2])
def test_fewer_than_three_replicates_show_nothing(replicates):
    rule = choice_sentences(recommendation(replicates=replicates))[0]
    assert "by means alone" in rule
    assert "error rate" not in rule


def test_the_recommended_budget_and_the_next_smaller_one_are_told_from_test_data():
    enough, fewer = budget_sentences(recommendation("random inputs"))
    assert "800 inputs (random, 50.0 % of the pool)" in enough
    assert "robust 0.0 points (at least " in enough
    assert "at most 1.0 points are lost, within the margin of 2.0 points" in enough
    assert "400 inputs" in fewer
    assert "at most 2.2 points are lost, not shown to be within the margin" in fewer
    (only,) = budget_sentences(recommendation("whole pool"))
    assert "800 inputs" in only
    assert budget_sentences(recommendation("original")) == []


def test_a_budget_that_test_data_do_not_confirm_is_told():
    r = recommendation("random inputs")
    r["choice"]["test_steps"] = steps(half=0.05)
    assert "at most 5.0 points are lost, not shown to be within the margin of 2.0" in budget_sentences(r)[0]


def test_a_budget_without_bound_or_without_measurement_is_told():
    assert budget_sentences(recommendation("random inputs", replicates=1))[0].endswith("no bound.")
    r = recommendation("random inputs")
    for step in r["choice"]["test_steps"]:
        step["differences"] = {"robust": {"mean": None, "low": None, "spread": "own"}}
    assert budget_sentences(r)[0] == "On test data 800 inputs (random, 50.0 % of the pool) were not measured."


def test_forgetting_says_both_directions_or_nothing():
    assert forgetting_sentence(recommendation()).startswith("3.1 % of the clean test images were right")
    assert "1.2 % were wrong and are right now" in forgetting_sentence(recommendation())
    assert forgetting_sentence(recommendation("original")) == ""


def test_each_kind_of_accuracy_is_said_with_its_attacks():
    text = attacks_apart(recommendation())
    assert "right under every one of FGSM and BIM, made anew" in text
    assert "Unseen attack: the same under APGD-CE" in text
    assert (
        "Replayed: inputs that FGSM, BIM and Carlini-Wagner L2 made once, against the original model." in text
    )
    assert "there is no robust accuracy" in attacks_apart(recommendation(robust=False))
    alone = recommendation(attacks=ATTACKS | {"robust": ["fgsm"], "unseen": []})
    assert "right under FGSM, made anew" in attacks_apart(alone)
    assert "Unseen" not in attacks_apart(alone)


def test_replayed_and_robust_numbers_are_not_set_side_by_side():
    labels = list(rows(main_table(recommendation())))
    assert "robust (worst case of all attacks)" in labels
    assert not [label for label in labels if "replayed" in label or "together" in label]
    without = list(rows(main_table(recommendation(robust=False))))
    assert "clean and replayed together" in without
    notes = " ".join(context_of().recommendation["notes"])
    assert "include Carlini-Wagner L2" in notes, "where both are measured, it is said that they differ"


@pytest.mark.parametrize(
    ("action", "heads"),
    [
        ("random inputs", ["original", "recommended: random", "whole pool"]),
        ("ranked inputs", ["original", "recommended: LSA", "random, as many", "whole pool"]),
        ("whole pool", ["original", "recommended: whole pool", "random, next fewer"]),
        ("original", ["recommended: the original model", "whole pool"]),
    ],
)
def test_the_table_holds_each_model_once(action, heads):
    assert list(main_table(recommendation(action)))[1:] == heads


def test_the_table_has_accuracies_with_intervals_and_the_price():
    found = rows(main_table(recommendation("ranked inputs")))
    assert found["retraining inputs"] == ["none", "400 (25 %)", "400 (25 %)", "1,600 (100 %)"]
    assert found["clean"][1] == "95.0 % [93.0, 97.0]"
    assert found["robust: FGSM alone"][1] == "59.0 % [57.0, 61.0]"
    assert found["unseen attack (APGD-CE)"][1] == "44.0 % [42.0, 46.0]"
    assert "unseen attack: APGD-CE alone" not in found, "the worst case of one attack is that attack"
    assert found["time to score the pool, forward pass included"] == ["none", "300 ms", "none", "none"]
    assert found["gradient passes to train"] == ["none", "4,000", "4,000", "16,000"]


def test_the_table_leaves_out_what_was_not_measured():
    found = rows(main_table(recommendation(measured=False)))
    assert not [label for label in found if "time" in label or "calibration" in label]
    one = recommendation(replicates=1)
    assert rows(main_table(one))["clean"][0] == "97.0 %"
    assert main_caption(one).endswith("without intervals")
    assert main_caption(recommendation()).endswith("95 % intervals over replicates and images")


def test_the_numbers_of_the_table_are_the_findings():
    r = recommendation("ranked inputs")
    numbers = main_numbers(r).set_index(["model", "quantity"])
    row = numbers.loc["recommended: LSA", "accuracy_robust_fgsm"]
    assert (row["mean"], row["low"], row["high"], row["n_images"]) == pytest.approx((0.59, 0.57, 0.61, 500))
    assert numbers.loc["whole pool", "gradient_passes"]["mean"] == 16_000
    assert "accuracy_replayed" in numbers.loc["original"].index, "all kinds of accuracy"


def test_a_model_that_was_not_measured_is_told_as_such():
    r = recommendation("ranked inputs")
    r["models"]["random"]["accuracy"]["robust"] = interval(None)
    r["models"]["random"]["cost"] = dict.fromkeys(NO_COST)
    found = rows(main_table(r))
    assert found["robust (worst case of all attacks)"][2] == "n/a"
    assert found["time to train"][2] == "n/a"


def test_a_strategy_that_makes_its_inputs_is_never_said_to_retrain_on_a_pool():
    for case in ("inputs made in training", "a lower price"):
        r = context_of(**CASES[case]).recommendation
        said = " ".join([*choice_sentences(r), *budget_sentences(r)])
        assert "against the full price" in said
        assert "Full price against original model, robust accuracy on validation data: +6" in said
        assert "with the whole pool or the full price: 7" in said
        assert "On test data 9,472 gradient passes against the full price: robust " in said
        assert "pool)" not in said.replace("adversarial pool)", "")


@pytest.mark.parametrize(
    ("case", "heads"),
    [
        ("inputs made in training", ["original", "recommended: full price", "next lower price"]),
        ("a lower price", ["original", "recommended: lower price", "full price"]),
    ],
)
def test_the_table_of_a_strategy_speaks_of_prices(case, heads):
    table = main_table(context_of(**CASES[case]).recommendation)
    assert list(table)[1:] == heads
    found = rows(table)
    assert found["images shown"][0] == "none"
    assert "9,472" in found["images shown"]
    assert "retraining inputs" not in found
    assert "gradient passes with the pool's attacks and scoring" not in found, "they are those of training"


def test_the_table_has_the_price_with_the_pools_attacks():
    found = rows(main_table(recommendation("whole pool")))
    label = "gradient passes with the pool's attacks and scoring"
    assert found[label] == ["none", "21,000", "13,000"]
