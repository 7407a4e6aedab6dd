"""Figures: what they show is what the tables say, in every case a run can end in."""

import itertools

import numpy as np
import pandas as pd
import pytest
from made_up_results import METRICS, made_up_costs, made_up_results

from guided_retraining import guidance
from guided_retraining.errors import InputError
from guided_retraining.evaluation.comparison import summarise
from guided_retraining.evaluation.first_edition import recommend
from guided_retraining.report import (
    accuracy_curves,
    accuracy_split,
    adversarial_sheet,
    costs_figure,
    figure_bytes,
    gain_over_baseline,
    metric_agreement,
    ranking_quality,
    score_distributions,
)
from guided_retraining.report.palette import metric_order, metric_style


def texts(figure):
    from matplotlib.text import Text

    return " ".join(t.get_text() for t in figure.findobj(Text))


def adversarial_table(attack="fgsm", n=12):
    labels = np.arange(n) % 10
    return pd.DataFrame(
        {
            "attack": attack, "source_index": np.arange(n)[::-1], "true_label": labels,
            "predicted_before": labels, "predicted_after": (labels + 1) % 10,
            "correct_before": True, "success": True, "l0": 4.0, "l2": 0.2, "linf": 0.1, "seconds": 0.001,
        }
    )  # fmt: skip


def test_curves_draw_the_means_of_the_summary():
    results = made_up_results()
    figure = accuracy_curves(results, recommendation=recommend(results))
    assert len(figure.axes) == 3
    summary = summarise(results).query("configuration == 'config_2' and metric == 'dsa'")
    line = next(li for li in figure.axes[1].lines if li.get_color() == metric_style("dsa").colour)
    assert np.asarray(line.get_ydata()) == pytest.approx(summary["mean"].to_numpy())
    assert "95 % t intervals over 3 seeds" in texts_of_legend(figure)
    assert "recommended" in texts_of_legend(figure)


def texts_of_legend(figure):
    legend = figure.legends[0]
    return " ".join([legend.get_title().get_text(), *(t.get_text() for t in legend.get_texts())])


def test_one_seed_draws_no_band_and_says_so():
    figure = accuracy_curves(made_up_results(seeds=[0]))
    assert "one seed: no intervals" in texts_of_legend(figure)


def test_split_leaves_out_what_was_not_measured():
    results = made_up_results()
    assert len(accuracy_split(results).axes) == 6
    assert len(accuracy_split(results.assign(accuracy_reattacked=0.4)).axes) == 9
    assert "None of these" in texts(accuracy_split(results, columns=["accuracy_unseen"]))


def test_gain_figure_without_the_baseline_says_why_it_is_empty():
    assert "Nothing to compare with random" in texts(gain_over_baseline(made_up_results(metrics=["dsa"])))
    assert len(gain_over_baseline(made_up_results(seeds=[0])).axes) == 6


def test_sheet_shows_the_source_image_and_the_scaled_difference():
    clean = np.random.default_rng(0).random((12, 4, 4, 1)).astype(np.float32) * 0.5
    table = adversarial_table()
    adversarial = clean[table["source_index"]] + np.float32(0.1)
    figure = adversarial_sheet(clean, adversarial, table, n_columns=3)
    images = [np.asarray(ax.images[0].get_array()) for ax in figure.axes]
    assert images[0] == pytest.approx(clean[11, ..., 0])
    assert images[3] == pytest.approx(np.full((4, 4), 1.0), abs=1e-5)  # 0.5 + 10 * 0.1 / 2
    assert images[6] == pytest.approx(adversarial[0, ..., 0])
    assert "× 10" in texts(figure)
    assert "0 → 1" in texts(figure)


def test_sheet_of_an_attack_that_did_nothing_says_so():
    clean = np.zeros((12, 4, 4, 3), np.float32)
    table = adversarial_table().assign(success=False, predicted_after=adversarial_table()["true_label"])
    shown = texts(
        adversarial_sheet(clean, clean[table["source_index"]], table, class_names=list("abcdefghij"))
    )
    assert "none" in shown
    assert "a (no success)" in shown


def test_sheet_of_fewer_inputs_than_columns_and_of_none():
    clean = np.zeros((12, 4, 4, 1), np.float32)
    figure_bytes(adversarial_sheet(clean, clean[:2], adversarial_table(n=2)), kind="png")
    assert "No adversarial inputs" in texts(adversarial_sheet(clean, clean[:0], adversarial_table(n=0)))


def test_sheet_needs_one_row_per_image():
    with pytest.raises(InputError, match="12 rows and 3 images"):
        adversarial_sheet(np.zeros((3, 2, 2, 1)), np.zeros((3, 2, 2, 1)), adversarial_table())


def test_distribution_titles_are_the_area_under_the_roc_curve():
    rng = np.random.default_rng(0)
    adversarial = np.arange(60) >= 40
    scores = np.round(rng.normal(size=60) + adversarial, 1)
    wins = [(a > c) + 0.5 * (a == c) for a, c in itertools.product(scores[adversarial], scores[~adversarial])]
    assert f"DSA: adv. above clean {np.mean(wins):.0%}" in texts(
        score_distributions({"dsa": scores}, adversarial)
    )


@pytest.mark.parametrize("scores", [np.zeros(20), np.r_[np.full(19, 0.1), np.inf], np.full(20, np.nan)])
def test_distributions_of_degenerate_scores(scores):
    figure_bytes(score_distributions({"lsa": scores}, np.arange(20) > 9))
    figure_bytes(score_distributions({"lsa": scores}, np.zeros(20, bool)))


def test_scores_of_another_length_are_refused():
    with pytest.raises(InputError, match=r"Scores of dsa: expected shape \(3,\), got \(2,\)"):
        score_distributions({"dsa": [1, 2]}, [True, False, True])


def test_ranking_quality_counts_the_faults_in_order():
    faults = np.array([False, True, False, True])
    figure = ranking_quality({"dsa": [1, 3, 0, 2]}, faults)
    found = next(li for li in figure.axes[0].lines if li.get_color() == metric_style("dsa").colour)
    assert list(found.get_ydata()) == [0, 0.5, 1, 1, 1]
    assert "DSA (0.750)" in texts_of_legend(figure)


def test_ranking_without_faults_is_undefined_not_zero():
    assert "no fault to find" in texts(ranking_quality({"dsa": [0, 1]}, [False, False]))
    with pytest.raises(InputError, match="Order of dsa"):
        ranking_quality({"dsa": [0]}, [True, False])


def test_agreement_of_metrics():
    assert "Agreement needs two metrics" in texts(metric_agreement(np.empty((0, 0)), []))
    assert "0.25" in texts(metric_agreement([[1, 0.25], [0.25, 1]], ["dsa", "lsa"]))
    with pytest.raises(InputError, match=r"\(2, 2\) matrix for 2 metrics"):
        metric_agreement([1, 2], ["dsa", "lsa"])


def test_costs_are_those_of_the_ledger():
    shown = texts(costs_figure(made_up_costs()))
    assert "15.3 s" in shown  # all attacks
    assert "14 s" in shown  # one of them
    assert "No times" in texts(costs_figure(made_up_costs().iloc[:0]))
    figure_bytes(costs_figure(made_up_costs().assign(seconds=0.0)))


def test_the_same_figure_is_the_same_file_and_axes_have_labels():
    results = made_up_results(metrics=["dsa", "random"])
    assert figure_bytes(accuracy_curves(results)) == figure_bytes(accuracy_curves(results))
    for made in (accuracy_curves, accuracy_split, gain_over_baseline):
        assert all(ax.get_xlabel() for ax in made(results).axes[-2:])


def test_known_metrics_have_their_own_colours_and_user_metrics_keep_theirs():
    known = {row.colour for row in guidance.METRICS.values()}
    assert len(known) == len(guidance.METRICS)
    own = metric_style("mine.scores:edges")
    assert own == metric_style("mine.scores:edges")
    assert own.colour not in known
    assert metric_order(["zeta", "random", "alpha", "dsa"]) == ["dsa", "random", "alpha", "zeta"]


# Viénot, Brettel and Mollon (1999): what a protanope and a deuteranope see, in linear RGB.
DICHROMATS = {
    "protanopia": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deuteranopia": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


@pytest.mark.parametrize("seen_by", DICHROMATS)
def test_the_six_metrics_differ_for_colour_blind_readers(seen_by):
    from matplotlib.colors import to_rgb

    def lab(metric):
        srgb = np.array(to_rgb(metric_style(metric).colour))
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        seen = np.clip(np.array(DICHROMATS[seen_by]) @ linear, 0, 1)
        xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ seen
        f = np.cbrt(xyz / [0.9505, 1, 1.089])
        f = np.where(xyz / [0.9505, 1, 1.089] > 0.008856, f, 7.787 * xyz / [0.9505, 1, 1.089] + 16 / 116)
        return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])

    for one, other in itertools.combinations(METRICS, 2):
        assert np.linalg.norm(lab(one) - lab(other)) > 10, (one, other)
