"""What the results table says: planted truths must be found, and nothing where nothing is."""

import numpy as np
import pandas as pd
import pytest
from made_up_results import METRICS, made_up_results

from guided_retraining.errors import InputError
from guided_retraining.evaluation import (
    area_differences,
    areas,
    budget_differences,
    compare_paired,
    metrics_differ,
    metrics_verdict,
    summarise,
)


def test_summary_against_a_cell_by_hand():
    results = made_up_results()
    cell = results.query("configuration == 'config_2' and metric == 'dsa' and n_inputs == 600")
    row = (
        summarise(results)
        .query("configuration == 'config_2' and metric == 'dsa' and n_inputs == 600")
        .iloc[0]
    )
    assert row["mean"] == pytest.approx(cell["accuracy_combined"].mean())
    assert row["sd"] == pytest.approx(cell["accuracy_combined"].std())
    assert (row["n_seeds"], row["pool_size"]) == (3, 1500)


def test_area_of_a_straight_line_is_its_middle_whatever_the_steps():
    results = made_up_results(seeds=[0], metrics=["dsa"])
    results["accuracy_combined"] = results["n_inputs"] / results["pool_size"]
    found = areas(results).set_index("configuration")["area"]
    assert found["config_2"] == pytest.approx(0.5)
    assert found["config_1"] == pytest.approx((150 + 1500) / 2 / 1500)


def test_area_uses_only_budgets_that_all_metrics_have():
    results = made_up_results(seeds=[0], metrics=["dsa", "random"], noise=0.0)
    unfinished = results[~((results["metric"] == "dsa") & (results["n_inputs"] == 1500))]
    found = areas(unfinished).pivot(index="configuration", columns="metric", values="area")
    assert found["dsa"].to_numpy() == pytest.approx(found["random"].to_numpy())


def test_order_of_rows_does_not_matter():
    results = made_up_results()
    shuffled = results.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(area_differences(results), area_differences(shuffled))


def test_budget_difference_is_the_paired_one_and_leaves_shared_cells_out():
    results = made_up_results()
    found = budget_differences(results)
    assert not found["n_inputs"].isin([0, 1500]).any()
    assert found.query("configuration == 'config_3'")["n_inputs"].max() == 400
    row = found.query("configuration == 'config_1' and metric == 'lsa' and n_inputs == 300").iloc[0]
    cell = results.query("configuration == 'config_1' and n_inputs == 300").sort_values("seed")
    ours, theirs = (cell[cell["metric"] == m]["accuracy_combined"].to_numpy() for m in ("lsa", "random"))
    assert row["p_value"] == pytest.approx(compare_paired(ours, theirs).p_value)
    assert row["difference"] == pytest.approx((ours - theirs).mean())


def test_planted_metric_is_found_and_only_that():
    results = made_up_results(advantages={"dsa": 0.04, "lsa": -0.04}, seeds=range(6))
    verdict = metrics_verdict(results)
    assert verdict["differs"] is True
    assert len(verdict["better"]) == 3
    assert {entry.split(": ")[1] for entry in verdict["better"]} == {"dsa"}
    assert {entry.split(": ")[1] for entry in verdict["worse"]} == {"lsa"}
    assert (metrics_differ(results)["p_holm"] < 0.01).all()
    assert set(metrics_differ(results)["best"]) == {"dsa"}


def test_equal_metrics_are_rarely_called_different():
    called = [
        metrics_verdict(made_up_results(seeds=range(10 * i, 10 * i + 3), noise=0.005 * (i + 1)))["differs"]
        for i in range(8)
    ]
    assert sum(called) <= 1


def test_equal_metrics_are_said_to_be_equal():
    verdict = metrics_verdict(made_up_results(noise=0.002))
    assert verdict["differs"] is False
    assert verdict["sentence"].startswith("No metric can be told from random selection")
    assert any("too easy to tell them apart" in caveat for caveat in verdict["caveats"])
    assert any("cannot go below p = 0.25" in caveat for caveat in verdict["caveats"])


def test_one_seed_is_said_to_show_nothing():
    verdict = metrics_verdict(made_up_results(seeds=[4]))
    assert verdict["differs"] is None
    assert "With one seed nothing can be said" in verdict["sentence"]


def test_without_the_baseline_nothing_is_claimed():
    results = made_up_results(metrics=["dsa", "lsa"])
    assert area_differences(results).empty
    assert budget_differences(results).empty
    assert metrics_verdict(results)["differs"] is None


def test_a_column_without_values_gives_no_rows():
    results = made_up_results()
    assert areas(results, "accuracy_reattacked").empty
    assert summarise(results, "accuracy_reattacked")["mean"].isna().all()
    assert metrics_differ(results, "accuracy_reattacked").empty


def test_ten_seeds_narrow_the_intervals():
    def width(n):
        found = area_differences(made_up_results(seeds=range(n)))
        return np.median(found["high"] - found["low"])

    assert width(10) < width(3) / 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r.drop(columns="seed"), r"columns \['seed'\] are missing"),
        (lambda r: r.iloc[:0], "no rows; run the pipeline ordering_retraining"),
        (lambda r: pd.concat([r, r.assign(dataset="mnist")]), r"one data set, found \['digits', 'mnist'\]"),
        (lambda r: pd.concat([r, r.iloc[:2]]), "2 cells occur twice, the first is"),
    ],
)
def test_unusable_results_are_refused(change, said):
    with pytest.raises(InputError, match=said):
        summarise(change(made_up_results(metrics=METRICS[:2])))
