"""Rankings before retraining: the numbers shown are those of the orders."""

import itertools

import numpy as np
import pandas as pd
import pytest

from guided_retraining.report import (
    adversarial_above_clean,
    agreement_figure,
    agreement_table,
    figure_bytes,
    pair_rows,
    quality_rows,
    ranking_table,
    score_distributions,
    stability_figure,
    stability_rows,
    stability_table,
)

MINUS = "\N{MINUS SIGN}"


def stability(**changed):
    rows = {
        "metric": ["dsa", "dsa", "dsa", "lsa", "lsa", "lsa"],
        "seed": [0, 0, 1] * 2, "other_seed": [1, 2, 2] * 2, "n_inputs": 200, "first": 20,
        "rank_correlation": [0.9, 0.7, 0.8, -0.25, 0.0, 0.1], "overlap": [0.5, 0.3, 0.4, 0.1, 0.0, 0.2],
    }  # fmt: skip
    return pd.DataFrame(rows | changed)


def test_pairs_of_metrics_share_what_their_orders_have_in_common():
    rng = np.random.default_rng(0)
    orders = {key: rng.permutation(200) for key in ("random", "lsa", "dsa")}
    scores = {"lsa": np.arange(200.0), "dsa": -np.arange(200.0)}
    pairs = pair_rows(orders, scores, replicate=3)
    assert list(zip(pairs["metric"], pairs["other"], strict=True)) == [
        ("lsa", "dsa"), ("lsa", "random"), ("dsa", "random"),
    ]  # fmt: skip
    assert pairs["rank_correlation"].tolist() == pytest.approx([-1.0, np.nan, np.nan], nan_ok=True)
    assert set(pairs["seed"]) == {3}
    for _, row in pairs.iterrows():
        for share, n in (("1", 2), ("5", 10), ("10", 20)):
            common = set(orders[row["metric"]][:n].tolist()) & set(orders[row["other"]][:n].tolist())
            assert row[f"shared_first_{share}"] == pytest.approx(len(common) / n)
    shown = agreement_table(pairs)
    assert list(shown.iloc[0, :3]) == ["LSA", "DSA", f"{MINUS}1.00"]
    assert shown.iloc[1, 2] == "n/a"


def test_pairs_are_means_over_replicates():
    orders = {"lsa": np.arange(10), "dsa": np.arange(10)}
    same = pair_rows(orders, {"lsa": np.arange(10.0), "dsa": np.arange(10.0)}, replicate=0)
    reverse = pair_rows(orders, {"lsa": np.arange(10.0), "dsa": -np.arange(10.0)}, replicate=1)
    assert agreement_table(pd.concat([same, reverse])).iloc[0, 2] == "0.00"


def test_one_metric_has_no_pair(texts):
    pairs = pair_rows({"dsa": np.arange(5)}, {"dsa": np.arange(5.0)})
    assert pairs.empty
    assert "Agreement needs two metrics" in texts(agreement_figure(pairs))


def test_agreement_figure_writes_correlation_and_shares(texts):
    orders = {"lsa": np.arange(10), "dsa": np.arange(10)[::-1], "random": np.arange(10)}
    pairs = pair_rows(orders, {"lsa": np.arange(10.0), "dsa": np.arange(10.0)[::-1]})
    figure = agreement_figure(pairs)
    assert [panel.get_title() for panel in figure.axes] == ["rank correlation", "shared among the first 10 %"]
    assert f"{MINUS}1.00" in texts(figure)
    assert "0 %" in texts(figure)
    assert len(agreement_figure(pair_rows(orders, {})).axes) == 1, "no scores, no correlation"


def test_quality_is_that_of_the_order_and_the_scores():
    faults = np.zeros(100, bool)
    faults[[0, 3, 50, 99]] = True
    adversarial = np.arange(100) >= 50
    found = quality_rows(
        {"dsa": np.arange(100), "random": np.arange(100)}, {"dsa": -np.arange(100.0)}, faults, adversarial
    )
    first = found.iloc[0]
    assert first["apfd"] == pytest.approx(1 - (1 + 4 + 51 + 100) / 400 + 1 / 200)
    assert [first[f"faults_first_{n}"] for n in (1, 5, 10)] == [0.25, 0.5, 0.5]
    assert first["adversarial_above_clean"] == 0.0
    assert np.isnan(found.iloc[1]["adversarial_above_clean"]), "random has no scores of its own"
    shown = ranking_table(found)
    assert list(shown.iloc[0]) == ["DSA", "0.615", "25.0 %", "50.0 %", "50.0 %", "0 %"]


def test_rankings_without_faults_are_undefined_not_zero():
    found = quality_rows({"dsa": np.arange(5)}, {}, np.zeros(5, bool), np.zeros(5, bool))
    assert list(ranking_table(found).iloc[0])[1:] == ["undefined"] * 4 + ["n/a"]


def test_adversarial_above_clean_is_the_share_of_pairs():
    rng = np.random.default_rng(0)
    adversarial = np.arange(60) >= 40
    scores = np.round(rng.normal(size=60) + adversarial, 1)
    wins = [(a > c) + 0.5 * (a == c) for a, c in itertools.product(scores[adversarial], scores[~adversarial])]
    assert adversarial_above_clean(scores, adversarial) == pytest.approx(np.mean(wins))
    assert np.isnan(adversarial_above_clean(scores, np.zeros(60, bool)))


def test_stability_compares_each_pair_of_replicates():
    scores = {"dsa": {0: np.arange(40.0), 2: -np.arange(40.0), 5: np.arange(40.0)}}
    found = stability_rows(scores)
    assert list(zip(found["seed"], found["other_seed"], strict=True)) == [(0, 2), (0, 5), (2, 5)]
    assert found["rank_correlation"].tolist() == pytest.approx([-1, 1, -1])
    assert found["overlap"].tolist() == [0, 1, 0]
    assert set(found["first"]) == {4}


def test_one_replicate_has_no_stability(texts):
    found = stability_rows({"dsa": {0: np.arange(40.0)}})
    assert found.empty
    assert "Stability needs two replicates" in texts(stability_figure(found))


def test_stability_table_has_mean_and_lowest_of_all_pairs():
    table = stability_table(stability())
    assert list(table.iloc[0]) == ["LSA", f"{MINUS}0.05", f"{MINUS}0.25", "10 %", "0 %", 3]
    assert list(table.iloc[1]) == ["DSA", "0.80", "0.70", "40 %", "30 %", 3]


def test_stability_figure_draws_each_pair_the_mean_and_unrelated_orders():
    figure = stability_figure(stability())
    left, right = figure.axes
    drawn = [sorted(line.get_xdata()) for line in left.lines]
    assert any(len(x) == 3 and x == pytest.approx([0.7, 0.8, 0.9]) for x in drawn)
    assert any(len(x) == 2 and x == pytest.approx([0.8, 0.8]) for x in drawn)
    assert [line.get_xdata()[0] for line in right.lines if line.get_linestyle() == "--"] == [
        pytest.approx(0.1)
    ]
    assert left.get_xlim()[0] < -0.25, "a negative correlation is inside"
    assert (left.get_xlim()[1], right.get_xlim()) == (1.0, (0.0, 1.0))


def test_stability_of_equal_scores_is_said(texts):
    flat = stability(rank_correlation=[0.9, 0.7, 0.8, np.nan, np.nan, np.nan])
    assert "all scores alike" in texts(stability_figure(flat))
    assert stability_table(flat).iloc[0, 1] == "n/a"
    figure_bytes(stability_figure(flat))


def test_scores_with_a_long_tail_are_not_squeezed_into_one_bar():
    scores = np.r_[np.linspace(-30, 150, 300), 10.0 ** np.linspace(2, 7, 100), -np.inf, np.inf, np.inf]
    figure = score_distributions({"lsa": scores}, np.arange(403) > 250)
    panel = figure.axes[0]
    assert panel.get_xscale() == "asinh"
    assert "logarithmic far from 0" in panel.get_xlabel()
    heights = [patch.get_xy()[:, 1].max() for patch in panel.patches]
    assert max(heights) < 0.5
    ticks = panel.get_xticks()
    assert 0 in ticks
    assert len(ticks) <= 6
    figure_bytes(figure)
