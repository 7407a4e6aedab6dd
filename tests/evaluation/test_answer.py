"""What each sentence of the answer claims, case by case."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from guided_retraining.evaluation import answer_lines, recommend
from made_up_study import HARDENING, STORED, WORDS, made_up_costs, made_up_study

LABELS = np.arange(500) % 10
NEVER = ("chance alone", "costs nothing", "too easy", "does not matter", "nan", "None", "cannot be told")


def lines(change=None, *, costs=True, words=WORDS, scoring=None, **made):
    results, correctness = made_up_study(**{"metrics": ("lsa", "dsa", "random"), **made})
    spent = made_up_costs(results, scoring=scoring) if costs else None
    if change is not None:
        results = change(results)
    found = recommend(
        results, costs=spent, correctness=correctness, labels=LABELS, words=words, hardening=HARDENING
    )
    said = answer_lines(json.loads(json.dumps(found)))
    assert len(said) == 3
    for line in said:
        assert not any(word in line for word in NEVER)
        assert not re.search(r"config_\d(?! \()", line)  # no key without its meaning
    return said


def retrained_is_no_better(results):
    rng = np.random.default_rng(2)
    robust = 0.1 + pd.Series(rng.normal(0, 0.01, len(results)), results.index)
    return results.assign(validation_accuracy_robust=robust)


def lsa_needs_fewer(results):
    short = (results["metric"] == "lsa") & results["n_inputs"].isin([200, 400, 800])  # not config_3's budgets
    return results.assign(
        validation_accuracy_robust=results["validation_accuracy_robust"].where(~short, 0.56)
    )


GUIDED = {"loss": 0.30, "clean_loss": 0.0, "noise": 0.001, "replicates": range(5)}


def test_any_half_of_the_pool():
    do, brings, sure = lines(loss=0.30, noise=0.002, replicates=range(5))
    assert do == (
        "digits: retrain on any 800 of 1,600 inputs (50 %), no ranking needed, under config_1 (fresh weights, "
        "clean + adversarial pool)."
    )
    assert re.match(r"Test accuracy: clean 9\d\.\d % \[\d", brings)
    assert "robust (FGSM, BIM)" in brings
    assert "original model" in brings
    assert "whole pool" in brings
    assert "(APGD-CE)" in brings
    assert "95 % intervals over replicates and images" in brings
    assert "5 replicates, for this data set, architecture and attacks" in sure
    assert re.search(r"at most \d\.\d points of robust and clean accuracy are lost on validation data", sure)
    assert "(2.0 points allowed; wrong in at most 5 % of studies)" in sure
    assert re.search(r"at most \d\.\d points on test data\.", sure)
    assert "Cost: 400 ms, 8,000 gradient passes; the whole pool 800 ms, 16,000 gradient passes." in sure


def test_inputs_ranked_by_a_metric():
    do, brings, sure = lines(lsa_needs_fewer, scoring={"lsa": 0.001}, **GUIDED)
    assert do.startswith(
        "digits: retrain on the 200 of 1,600 inputs (12 %) that LSA ranks first, under config_1 ("
    )
    assert "as many at random" in brings
    assert "Cost: 201 ms (100 ms to train, 101 ms to score the pool), 2,000 gradient passes" in sure
    assert "as many random inputs 100 ms, 2,000 gradient passes" in sure
    assert "the whole pool 800 ms" in sure


def test_a_loss_on_test_data_is_said():
    _, _, sure = lines(lsa_needs_fewer, scoring={"lsa": 0.001}, **GUIDED)
    assert re.search(r"at most \d+\.\d points on test data, which does not confirm it", sure)


def test_the_whole_pool_with_the_bound_of_the_next_budget():
    do, brings, sure = lines(noise=0.02)
    assert re.match(
        r"digits: retrain on the whole pool of 1,600 inputs under config_1 \(.*\); fewer are not shown to be enough "
        r"\(800 lose at most \d\.\d points, more than the 2\.0 points allowed\)\.",
        do,
    )
    assert "whole pool" not in brings
    assert re.search(r"robust accuracy on validation data rises by at least \d\d\.\d points", sure)
    assert sure.endswith(
        "Cost: 800 ms, 16,000 gradient passes; 800 random inputs 400 ms, 8,000 gradient passes."
    )


def test_the_original_model():
    do, brings, sure = lines(retrained_is_no_better)
    assert "digits: keep the original model. Retraining on the whole pool (config_" in do
    assert "is not shown to help: " in do
    assert "points of robust accuracy on validation data, and it may be as low as \N{MINUS SIGN}" in do
    assert "whole pool" in brings
    assert "Cost: none; the whole pool" in sure


@pytest.mark.parametrize(("replicates", "few"), [([0], "1 replicate"), ([0, 1], "2 replicates")])
def test_few_replicates(replicates, few):
    do, brings, sure = lines(replicates=replicates)
    assert do.endswith(f"; {few} cannot show whether fewer are enough.")
    assert f"nothing is shown with {few}" in sure
    assert ("over images)" in brings) == (len(replicates) == 1)


def test_few_replicates_of_a_model_that_got_no_better():
    do, _, sure = lines(lambda r: r.assign(validation_accuracy_robust=0.1), replicates=[0])
    assert "brought 0.0 points of robust accuracy on validation data." in do
    assert "nothing is shown with 1 replicate" in sure


def test_without_robust_accuracy_combined_numbers_name_their_attacks():
    do, brings, _ = lines(robust=False, loss=0.0, clean_loss=0.0, noise=0.001)
    assert "no ranking needed" in do
    assert "combined (FGSM, BIM, Carlini-Wagner L2)" in brings
    assert "robust" not in brings


def test_missing_values_are_left_out():
    _, brings, sure = lines(lambda r: r.drop(columns=["accuracy_unseen", "gradient_passes", "samples_seen"]))
    assert "no retraining inputs" not in brings
    assert "gradient passes" not in sure
    _, _, sure = lines(costs=False)
    assert "Cost: 400 ms" in sure
    _, brings, _ = lines(configurations=["config_1"])
    assert "original" not in brings


def test_without_words_the_key_stands_alone():
    results, _ = made_up_study(configurations=["config_2"])
    assert "under config_2" in answer_lines(recommend(results))[0]


MADE = "adversarial training (FGSM with a random start, eps 0.15) from fresh weights"
ALL = (*STORED, "config_4")


def test_a_strategy_that_makes_its_inputs_is_told_by_its_price():
    do, brings, sure = lines(configurations=ALL, noise=0.02)
    assert re.match(
        rf"digits: harden by {re.escape(MADE)}, showing 9,472 images, at the price of the whole pool "
        r"\(18,944 gradient passes\); fewer are not shown to be enough \(9,472 gradient passes lose at most "
        r"\d+\.\d points, more than the 2\.0 points allowed\)\.$",
        do,
    )
    assert sure.endswith(
        "Cost: 4.74 s, 18,944 gradient passes; the next lower price 2.37 s, 9,472 gradient passes."
    )
    assert not any("whole pool of" in line or " inputs under" in line for line in (do, brings, sure))


def test_a_lower_price_that_is_enough():
    do, brings, sure = lines(configurations=ALL, loss=0.30, noise=0.002, replicates=range(5))
    assert do == (
        f"digits: harden by {MADE}, showing 4,736 images, at 0.5 times the price of the whole pool (9,472 gradient "
        "passes), 50 % of the full price."
    )
    assert "; full price 9" in brings
    assert "against the full price at most" in sure
    assert "the full price 4.74 s, 18,944 gradient passes." in sure
    assert "whole pool" not in brings + sure


def test_a_strategy_that_does_not_help():
    do, _, sure = lines(
        lambda r: retrained_is_no_better(r).assign(
            validation_accuracy_robust=lambda t: (
                t["validation_accuracy_robust"]
                - 0.2 * (t["configuration"] != "config_4") * (t["n_inputs"] > 0)
            )
        ),
        configurations=ALL,
    )
    assert (
        f"keep the original model. Hardening at the full price (config_4 ({MADE})) is not shown to help: "
        in do
    )
    assert "Cost: none; the full price 4.74 s" in sure


def test_a_strategy_without_words_or_without_known_prices():
    results, correctness = made_up_study(configurations=ALL, noise=0.02, metrics=("lsa", "random"))
    results = results.drop(columns=["price_gradient_passes", "samples_seen"])
    found = recommend(results, correctness=correctness, labels=LABELS, hardening=HARDENING)
    do = answer_lines(found)[0]
    assert do.startswith(
        "digits: harden under config_4, at its price; fewer are not shown to be enough (4,736 images"
    )


def test_a_dear_strategy_is_told_by_how_much():
    def dearer(results):
        price, own = results["price_gradient_passes"], results["configuration"] == "config_4"
        return results.assign(price_gradient_passes=price.where(~own, 4 * price))

    do, _, _ = lines(dearer, configurations=ALL, noise=0.02)
    assert "at 4 times the price of the whole pool (75,776 gradient passes)" in do
