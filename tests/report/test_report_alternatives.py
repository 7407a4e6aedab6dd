"""What a figure shows is told in words from the same data."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from guided_retraining.report import FIGURES, PageContext
from made_up_findings import recommendation, steps
from made_up_page import context_of, rankings
from made_up_study import STORED, WORDS, made_up_costs, made_up_study


@pytest.fixture(scope="module")
def context():
    return context_of()


def told(name, context):
    return FIGURES[name].alternative(context)


def with_findings(context, **more):
    found = recommendation(**more)
    return replace(context, recommendation=found, steps={"config_1": found["choice"]["test_steps"]})


def test_budgets_are_told_from_which_on_they_are_enough(context):
    text = told("differences", with_findings(context))
    assert text.startswith("Shown to lose less than 2.0 points of robust and clean accuracy")
    assert (
        "With fresh weights, clean + adversarial pool: LSA from 400 inputs on, DSA from 400 inputs on, random from 800"
        in text
    )


def test_no_budget_that_is_enough_is_told_with_what_may_be_lost(context):
    made = replace(with_findings(context), steps={"config_1": steps(half=0.05)})
    assert "none; with 800 inputs up to 5.0 points may be lost" in told("differences", made)
    some = replace(made, steps={"config_1": [*steps(metrics=("lsa",)), *steps(metrics=("dsa",), half=0.05)]})
    assert "LSA from 400 inputs on; no other ordering." in told("differences", some)


def test_the_front_is_told_from_the_cheapest_point_on():
    text = told("price", context_of(configurations=(*STORED, "config_4")))
    assert text.startswith("The most robust accuracy for its price in gradient passes: original model 1")
    assert f"; {WORDS['config_4']} 5" in text
    assert " for 592, " in text
    assert text.endswith(f"Beaten at every price: {'; '.join(WORDS[key] for key in STORED)}.")
    lone = told("price", context_of(configurations=("config_4",)))
    assert "Beaten" not in lone
    unpriced = context_of()
    for point in (made := json.loads(json.dumps(unpriced.recommendation)))["prices"]["points"]:
        point["price"] = None
    assert "was not counted" in told("price", replace(unpriced, recommendation=made))


def test_budgets_of_what_makes_its_inputs_are_told_by_their_price():
    context = context_of(configurations=("config_1", "config_4"), loss=0.3, noise=0.002, replicates=range(5))
    assert f"With {WORDS['config_4']}: from 9,472 gradient passes on." in told("differences", context)
    assert "(with the whole pool or the full price)" in told("curves", context)


def test_without_bounds_nothing_is_said_to_be_shown(context):
    assert "No budget is shown" in told("differences", with_findings(context, replicates=1))
    assert "no smaller budget" in told("differences", replace(context, steps={}))


def test_contrasts_name_what_differs_and_count_the_rest(context):
    text = told("contrasts", with_findings(context))
    assert "better: LSA (fresh weights, clean + adversarial pool) by 4.0 points" in text
    assert "worse: softmax entropy (fresh weights, clean + adversarial pool) by 5.0 points" in text
    assert "equal within the margin: 1 of 4 comparisons (DSA)" in text
    assert "not resolved: 1 of 4 comparisons (DeepGini)" in text
    empty = json.loads(json.dumps(recommendation()))
    empty["contrasts"]["rows"] = []
    assert "nothing to compare with random" in told("contrasts", replace(context, recommendation=empty))


def test_curves_and_paths_are_told_by_their_ends(context):
    results = context.results
    before = results[results["n_inputs"] == 0].drop_duplicates("seed")["accuracy_robust"].mean()
    whole = results.query("configuration == 'config_2' and n_inputs == pool_size").drop_duplicates("seed")
    for name in ("curves", "tradeoff"):
        text = told(name, context)
        assert f"{100 * before:.1f} %" in text
        assert f"{100 * whole['accuracy_robust'].mean():.1f} %" in text
    assert f"{100 * whole['accuracy_unseen'].mean():.1f} %" in told("curves", context)
    assert f"{100 * whole['accuracy_clean'].mean():.1f} %" in told("tradeoff", context)


def test_where_nothing_was_attacked_anew_the_kinds_drawn_are_told():
    plain = context_of(robust=False)
    assert told("curves", plain).startswith("replayed accuracy from")
    fresh = context_of(robust=False, configurations=("config_1",))
    assert told("tradeoff", fresh).startswith("With the whole pool: with fresh weights")


def test_forgetting_names_the_class_that_forgot_most(context):
    assert "Most were lost in class class 9: 9.0 %" in told("forgetting", with_findings(context))
    assert "Nothing was retrained" in told("forgetting", with_findings(context, action="original"))


def test_rankings_are_told_by_their_extremes(context):
    made = rankings()
    found = made["rankings"].set_index("metric")["apfd"]
    best, worst = found.idxmax(), found.idxmin()
    assert told("ranking", context).index(f"{found[best]:.3f}") < told("ranking", context).index(
        f"{found[worst]:.3f}"
    )
    assert "highest DSA" in told("scores", context)
    assert "most alike LSA and DSA" in told("agreement", context)
    empty = PageContext(recommendation=context.recommendation, results=context.results)
    for name in ("scores", "ranking", "stability"):
        assert "not defined here" in told(name, empty)
    assert "not two metrics" in told("agreement", empty)


def test_attacks_are_told_by_how_often_they_succeeded(context, adversarial_table):
    table = pd.concat([adversarial_table(), adversarial_table("bim", success=[True] * 6 + [False] * 6)])
    assert told("sheet", replace(context, test_table=table)).endswith("FGSM 100 %, BIM 50 %.")
    assert "No adversarial inputs" in told("sheet", context)


def test_costs_are_told_by_what_took_most(context):
    results, _ = made_up_study()
    ledger = made_up_costs(results)
    by_stage = ledger.groupby("stage")["gradient_passes"].sum()
    share = by_stage["re-attacks"] / by_stage.sum()
    assert f"attacks on the retrained took {100 * share:.0f} %" in told(
        "costs", replace(context, costs=ledger)
    )
    assert "No times" in told("costs", replace(context, costs=None))
