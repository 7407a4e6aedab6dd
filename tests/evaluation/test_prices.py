"""What hardening gives for its price: points, front, and a note where one-step training fell apart."""

import json

import numpy as np
import pytest

from guided_retraining.evaluation import recommend
from guided_retraining.evaluation.prices import front
from made_up_study import HARDENING, POOL_PASSES, POOLS, STORED, WORDS, made_up_costs, made_up_study

LABELS = np.arange(500) % 10
ALL = (*STORED, "config_4")


def found(change=None, *, hardening=HARDENING, **made):
    results, correctness = made_up_study(**{"metrics": ("lsa", "random"), "configurations": ALL, **made})
    if change is not None:
        results = change(results)
    said = recommend(
        results, costs=made_up_costs(results), correctness=correctness, labels=LABELS, words=WORDS,
        hardening=hardening,
    )  # fmt: skip
    return json.loads(json.dumps(said, allow_nan=False)), results


def test_the_front_is_that_of_the_naive_definition():
    rng = np.random.default_rng(3)
    for _ in range(50):
        spent, gained = rng.integers(0, 8, 12).tolist(), (rng.integers(0, 8, 12) / 8).tolist()
        wanted = []
        for i in range(12):
            beaten = False
            for j in range(12):
                no_worse = spent[j] <= spent[i] and gained[j] >= gained[i]
                if no_worse and (spent[j] < spent[i] or gained[j] > gained[i]):
                    beaten = True
            wanted.append(not beaten)
        assert front(spent, gained) == wanted
    assert front([], []) == []
    assert front([None, 3.0], [0.9, None]) == [False, False]


def test_every_configuration_and_budget_has_its_point():
    r, results = found()
    points = r["prices"]["points"]
    assert [p["configuration"] for p in points if p["highest"]] == list(ALL)
    for key in ALL:
        budgets = sorted(p["n_inputs"] for p in points if p["configuration"] == key)
        assert budgets == sorted(set(results.query("configuration == @key and n_inputs > 0")["n_inputs"]))
    by = {(p["configuration"], p["n_inputs"]): p for p in points}
    assert by[None, 0]["price"] == 0
    assert by["config_1", 400]["price"] == POOL_PASSES + 4_000
    assert by["config_4", 4736]["price"] == 2 * 4736
    assert by["config_4", 4736]["fit_seconds"] == pytest.approx(0.0005 * 4736)
    rows = results.query("configuration == 'config_4' and n_inputs == 4736")
    for kind in ("robust", "clean", "unseen"):
        interval = by["config_4", 4736]["accuracy"][kind]
        assert interval["mean"] == pytest.approx(rows[f"accuracy_{kind}"].mean())
        assert interval["low"] < interval["mean"] < interval["high"]


def test_the_front_of_a_study_holds_nothing_that_is_beaten():
    points = found()[0]["prices"]["points"]
    assert {p["configuration"] for p in points if p["on_front"]} == {None, "config_4"}
    plain = found(configurations=STORED)[0]["prices"]["points"]
    assert "config_1" in {p["configuration"] for p in plain if p["on_front"]}


def test_a_recommended_order_has_points_of_its_own():
    def lsa_is_enough(results):
        short = (results["metric"] == "lsa") & results["n_inputs"].isin([200, 400, 800])
        robust = results["validation_accuracy_robust"]
        return results.assign(validation_accuracy_robust=robust.where(~short, 0.56))

    r, _ = found(
        lsa_is_enough, configurations=STORED, loss=0.30, clean_loss=0.0, noise=0.001, replicates=range(5)
    )
    assert r["choice"]["metric"] == "lsa"
    own = [p for p in r["prices"]["points"] if p["metric"] == "lsa"]
    assert {p["configuration"] for p in own} == {r["choice"]["configuration"]}
    assert len(own) == 5


def test_differences_are_from_the_best_plain_retraining():
    r, results = found()
    assert r["prices"]["against"] == max(STORED, key=lambda key: r["choice"]["strategies"][key])
    by = {p["configuration"]: p["difference"] for p in r["prices"]["points"] if p["highest"]}
    assert by["config_1"] is None
    means = {
        key: results.query("configuration == @key and n_inputs == pool_size")
        .drop_duplicates("seed")["accuracy_robust"]
        .mean()
        for key in ALL
    }
    assert by["config_4"]["mean"] == pytest.approx(
        means["config_4"] - means["config_1"], abs=0.02
    )  # paired by image
    assert by["config_4"]["low"] > 0
    assert all(p["difference"] is None for p in r["prices"]["points"] if not p["highest"])


def test_without_plain_retraining_there_is_nothing_to_be_against():
    r, _ = found(configurations=("config_4",))
    assert r["prices"]["against"] is None
    assert all(p["difference"] is None for p in r["prices"]["points"])


def test_results_without_prices_or_without_a_drawn_order_still_have_points():
    r, _ = found(lambda results: results.drop(columns="price_gradient_passes"))
    assert {p["price"] for p in r["prices"]["points"] if p["configuration"]} == {None}
    assert not any(p["on_front"] for p in r["prices"]["points"] if p["configuration"])
    r, _ = found(metrics=("lsa",), configurations=("config_1",))
    assert len(r["prices"]["points"]) == 6
    r, _ = found(robust=False)
    assert r["prices"]["outcome"] == "combined"
    assert list(r["prices"]["points"][-1]["accuracy"]) == ["combined", "clean"]


def test_models_that_fell_apart_are_told():
    def fell(results, whole=True):
        one_step = results["configuration"] == "config_4"
        apart = one_step & (results["seed"] < 2) & ((results["n_inputs"] == POOLS["config_4"]) == whole)
        return results.assign(catastrophic_overfitting=apart.astype(float).where(one_step))

    notes = found(fell, noise=0.02)[0]["notes"]
    (which,) = [note for note in notes if "catastrophic overfitting" in note]
    assert which.startswith(f"With config_4 ({WORDS['config_4']}), training fell apart in 2 of 3 replicates")
    assert notes[-1] == "Of the recommended models themselves, 2 of 3 fell apart in this way."
    notes = found(lambda results: fell(results, whole=False), noise=0.02)[0]["notes"]
    assert "fell apart in 2 of 3" in notes[-1], "smaller budgets are told too, but they are not recommended"
    assert not [note for note in found()[0]["notes"] if "fell apart" in note]
    sound = found(lambda results: results.assign(catastrophic_overfitting=0.0))[0]["notes"]
    assert not [note for note in sound if "fell apart" in note]
