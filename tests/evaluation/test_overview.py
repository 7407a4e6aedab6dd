"""Finished studies side by side: what is ranked, by which accuracy, and what is told about it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from guided_retraining.errors import InputError
from guided_retraining.evaluation.contrasts import log_budget_areas
from guided_retraining.evaluation.curves import curves_of
from guided_retraining.evaluation.overview import compare_studies
from guided_retraining.evaluation.overview_lines import overview_lines, overview_notes
from made_up_overview import finished_studies, finished_study
from made_up_study import WORDS

FIVE = ("digits", "mnist", "gtsrb", "intel", "cifar10")


def test_strategies_are_ranked_by_means_over_replicates_at_the_whole_pool() -> None:
    studies = finished_studies(("digits", "mnist"))
    overview = compare_studies(studies)
    assert overview["outcome"] == "robust"
    ranks = overview["strategy_ranks"]["robust"]
    for name, study in studies.items():
        whole = study.results[study.results["n_inputs"] == study.results["pool_size"]]
        means = whole.groupby("configuration")["accuracy_robust"].mean().to_dict()
        assert ranks["values"][name] == pytest.approx(means)
    assert next(iter(ranks["mean_ranks"])) == "config_1"
    assert overview["strategy_ranks"].keys() == {"clean", "replayed", "combined", "robust", "unseen"}
    row = overview["strategies"][0]
    assert (row["gradient_passes"], row["seconds"]) == (19_000, pytest.approx(0.8))
    assert row["accuracy"]["robust"]["over"] == "replicates and images"
    json.dumps(overview, allow_nan=False)


def test_metrics_are_ranked_by_areas_over_the_configurations_that_compare_all_of_them() -> None:
    study = finished_study("digits")
    few = (study.results["configuration"] == "config_3") & (study.results["metric"] == "dsa")
    overview = compare_studies({"digits": replace(study, results=study.results[~few])})
    row = next(row for row in overview["metrics"] if row["metric"] == "lsa")
    assert row["configurations"] == ["config_1", "config_2"]
    areas = []
    for key in row["configurations"]:
        curves = curves_of(study.results, key, "accuracy_robust")
        place = curves.orderings.index("lsa")
        areas.append(log_budget_areas(curves.values, curves.budgets)[:, place])
    assert row["accuracy"]["mean"] == pytest.approx(np.mean(areas))
    assert row["accuracy"]["n_replicates"] == 3
    assert next(row for row in overview["metrics"] if row["metric"] == "random")["seconds"] == 0


def test_a_better_metric_is_found_over_six_data_sets() -> None:
    studies = finished_studies((*FIVE, "fashion_mnist"), lifts={"dsa": 0.05, "lsa": 0.03, "deep_gini": -0.03})
    ranks = compare_studies(studies)["metric_ranks"]
    assert ranks is not None
    assert ("dsa", "deep_gini") in [pair[:2] for pair in ranks["different"]]


def test_without_robust_accuracy_in_every_study_combined_accuracy_decides() -> None:
    studies = {"digits": finished_study("digits"), "mnist": finished_study("mnist", robust=False)}
    overview = compare_studies(studies)
    assert overview["outcome"] == "combined"
    assert "robust" not in overview["strategy_ranks"]
    assert "Strategies by clean and replayed together accuracy" in overview_lines(overview, {})[1]


def test_lines_say_how_many_images_what_is_not_finished_and_why_there_is_no_test() -> None:
    overview = compare_studies(finished_studies(("digits", "mnist")))
    finished, strategies, metrics = overview_lines(overview, {"gtsrb": "kedro run --pipelines gtsrb"})
    assert finished == (
        "Finished: 2 of 3 data sets: digits (1,000 training images) and mnist (1,001 training images). "
        "Not finished: gtsrb (kedro run --pipelines gtsrb)."
    )
    assert f"config_1 ({WORDS['config_1']}) 1.00" in strategies
    for line in (strategies, metrics):
        assert (
            "No test: there are 2 data sets, and fewer than 5 are too few to tell ranks from chance." in line
        )


def test_one_data_set_has_no_mean_ranks() -> None:
    lines = overview_lines(compare_studies({"digits": finished_study("digits", metrics=("random",))}), {})
    assert "ranks (1 is best) in the one data set: config_1" in lines[1]
    assert "No test: there is 1 data set" in lines[1]
    assert lines[2] == "Metrics: no finished study compares two or more."


def test_lines_tell_a_difference_that_is_shown_and_one_that_would_have_been() -> None:
    _, strategies, metrics = overview_lines(compare_studies(finished_studies(FIVE, lifts={}, noise=0.0)), {})
    assert "Shown at 5 % (Nemenyi): config_1" in strategies
    assert "p = 1: no difference is shown. Mean ranks that are 2.10 apart or more" in metrics, "all are tied"


def test_notes_tell_what_differs_between_the_studies() -> None:
    studies = finished_studies(("digits", "mnist", "gtsrb"))
    assert overview_notes(compare_studies(studies)) == []
    studies["digits"] = finished_study(
        "digits", replicates=(0, 1), metrics=("lsa", "random"), configurations=("config_1", "config_2")
    )
    studies["mnist"] = finished_study("mnist", words=WORDS | {"config_1": "fresh weights, epochs 3"})
    studies["gtsrb"].recommendation["attacks"]["robust"] = ["fgsm"]
    studies["intel"] = finished_study("intel", metrics=("random",))
    notes = "\n".join(overview_notes(compare_studies(studies)))
    assert (
        "config_1 is not the same in all data sets: fresh weights, clean + adversarial pool in digits, gtsrb and "
        "intel; fresh weights, epochs 3 in mnist."
    ) in notes
    assert (
        "robust accuracy is not under the same attacks everywhere: FGSM and BIM in digits, mnist and intel; FGSM in "
        "gtsrb."
    ) in notes
    assert "Fewer than 3 replicates in digits:" in notes
    assert "Not ranked, since not every data set has them: config_3." in notes
    assert "Metrics not ranked, since not every data set has them: DeepGini and DSA." in notes
    assert "Metrics were not compared in intel." in notes


def test_an_answer_to_other_results_is_none() -> None:
    study = finished_study("digits")
    assert study.is_answered()
    assert not replace(
        study, results=study.results[study.results["configuration"] != "config_1"]
    ).is_answered()
    assert not replace(study, results=study.results[study.results["seed"] == 0]).is_answered()


def test_misuse_is_told() -> None:
    with pytest.raises(InputError, match="no finished study"):
        compare_studies({})
    with pytest.raises(InputError, match="given as those of 'mnist' are of 'digits'"):
        compare_studies({"mnist": finished_study("digits")})
