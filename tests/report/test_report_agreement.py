"""Agreement between metrics and stability over original models: the numbers shown are those of the orders."""

import numpy as np
import pandas as pd
import pytest

from guided_retraining.report import (
    agreement_table,
    figure_bytes,
    metric_agreement,
    score_distributions,
    stability_figure,
    stability_table,
)


def texts(figure):
    from matplotlib.text import Text

    return " ".join(t.get_text() for t in figure.findobj(Text))


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
    correlation = pd.DataFrame([[1, -0.5], [-0.5, 1]], index=["dsa", "lsa"], columns=["dsa", "lsa"])
    table = agreement_table(orders, correlation)
    assert list(zip(table["metric"], table["and"], strict=True)) == [
        ("LSA", "DSA"), ("LSA", "random"), ("DSA", "random"),
    ]  # fmt: skip
    assert list(table["rank correlation"]) == ["\N{MINUS SIGN}0.50", "n/a", "n/a"]
    for _, row in table.iterrows():
        keys = [{"LSA": "lsa", "DSA": "dsa"}.get(row[name], "random") for name in ("metric", "and")]
        for share, n in (("1 %", 2), ("5 %", 10), ("10 %", 20)):
            common = set(orders[keys[0]][:n].tolist()) & set(orders[keys[1]][:n].tolist())
            assert row[f"shared in the first {share}"] == f"{100 * len(common) / n:.0f} %"


def test_one_metric_has_no_pair():
    table = agreement_table({"dsa": np.arange(5)}, pd.DataFrame())
    assert table.empty
    assert list(table)[:2] == ["metric", "and"]


def test_an_overlap_is_drawn_on_a_scale_from_0_to_1():
    shares = metric_agreement([[1, 0.1], [0.1, 1]], ["dsa", "lsa"], what="overlap of the first 10 %")
    assert shares.axes[-1].get_ylim() == (0, 1)
    assert "overlap of the first 10 %" in texts(shares)
    assert metric_agreement([[1, -0.1], [-0.1, 1]], ["dsa", "lsa"]).axes[-1].get_ylim()[0] == -1


def test_stability_table_has_mean_and_lowest_of_all_pairs():
    table = stability_table(stability())
    assert list(table.iloc[0]) == ["LSA", "\N{MINUS SIGN}0.05", "\N{MINUS SIGN}0.25", "10 %", "0 %", 3]
    assert list(table.iloc[1]) == ["DSA", "0.80", "0.70", "40 %", "30 %", 3]


def test_stability_figure_draws_each_pair_the_mean_and_chance():
    figure = stability_figure(stability())
    left, right = figure.axes
    drawn = [sorted(line.get_xdata()) for line in left.lines]
    assert any(len(x) == 3 and x == pytest.approx([0.7, 0.8, 0.9]) for x in drawn)
    assert any(len(x) == 2 and x == pytest.approx([0.8, 0.8]) for x in drawn)
    chance = [line.get_xdata()[0] for line in right.lines if line.get_linestyle() == "--"]
    assert chance == [pytest.approx(0.1)]
    assert left.get_xlim()[0] < -0.25, "a negative correlation is inside"


def test_stability_of_nothing_and_of_equal_scores_is_said():
    assert "No metric depends" in texts(stability_figure(stability().iloc[:0]))
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
