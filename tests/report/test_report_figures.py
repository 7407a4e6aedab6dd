"""Figures: what they show is what the tables say, in every case a run can end in."""

import itertools
from io import BytesIO

import numpy as np
import pytest

from guided_retraining.errors import InputError
from guided_retraining.evaluation import recommend
from guided_retraining.guidance.registry import METRICS as REGISTRY
from guided_retraining.report import (
    accuracy_curves,
    adversarial_sheet,
    contrasts_figure,
    costs_figure,
    differences_figure,
    figure_bytes,
    forgetting_figure,
    kinds_shown,
    price_figure,
    ranking_quality,
    robust_against_clean,
    score_distributions,
)
from guided_retraining.report.palette import MUTED, metric_order, metric_style
from made_up_findings import recommendation, steps
from made_up_page import context_of
from made_up_study import HARDENING, METRICS, STORED, WORDS, made_up_costs, made_up_study


@pytest.fixture(scope="module")
def results():
    return made_up_study()[0]


def choice(action="random inputs", **more):
    return recommendation(action, **more)["choice"]


def legend(figure):
    shown = figure.legends[0]
    return " ".join([shown.get_title().get_text(), *(text.get_text() for text in shown.get_texts())])


def lines_of(panel, metric):
    return [line for line in panel.lines if line.get_color() == metric_style(metric).colour]


def test_differences_draw_mean_bound_and_margin():
    figure = differences_figure({"config_1": steps()}, choice(), words=WORDS)
    assert [panel.get_ylabel().split()[0] for panel in figure.axes] == ["robust", "clean"]
    panel = figure.axes[0]
    assert any(line.get_linestyle() == "--" and line.get_ydata()[0] == -2.0 for line in panel.lines)
    whiskers = [line.get_ydata() for line in lines_of(panel, "lsa") if len(line.get_ydata()) == 2]
    wanted = [(-100 * 0.004 * k**2 - 1, -100 * 0.004 * k**2) for k in range(5)]
    for low, mean in wanted:
        assert any(found == pytest.approx([low, mean]) for found in whiskers)


@pytest.mark.parametrize("configurations", [1, 3])
def test_the_legend_below_keeps_within_the_figure(results, configurations):
    keys = STORED[:configurations]
    differences = differences_figure(dict.fromkeys(keys, steps()), choice(), words=WORDS)
    curves = accuracy_curves(results[results["configuration"].isin(keys)], choice=choice(), words=WORDS)
    for figure in (differences, curves):
        (legend,) = figure.legends
        figure.canvas.draw()
        place = legend.get_window_extent()
        assert 0 <= place.x0 < place.x1 <= figure.bbox.x1


def test_a_filled_marker_is_a_bound_within_the_margin():
    panel = differences_figure({"config_1": steps(metrics=("lsa",))}, choice(), words=WORDS).axes[0]
    marks = {
        line.get_ydata()[0]: line.get_markerfacecolor()
        for line in lines_of(panel, "lsa")
        if len(line.get_ydata()) == 1
    }
    filled = metric_style("lsa").colour
    assert [marks[mean] for mean in sorted(marks, reverse=True)] == [
        filled,
        filled,
        "white",
        "white",
        "white",
    ]


def test_differences_without_bounds_say_so(texts):
    found = choice(replicates=1)
    figure = differences_figure({"config_1": steps(half=None)}, found, words=WORDS)
    assert "no bounds" in legend(figure)
    assert "filled" not in legend(figure)
    assert "no smaller budget" in texts(differences_figure({"config_1": []}, found, words=WORDS))


def test_only_a_recommended_budget_is_ringed():
    for action, ringed in (
        ("random inputs", True),
        ("ranked inputs", True),
        ("whole pool", False),
        ("original", False),
    ):
        figure = differences_figure({"config_1": steps()}, choice(action), words=WORDS)
        rings = [line for line in figure.axes[0].lines if line.get_markersize() == 14]
        assert bool(rings) == ringed == ("recommended" in legend(figure)), action


def test_prices_draw_each_configuration_the_front_and_the_recommended_model(texts):
    r = context_of(configurations=(*STORED, "config_4"), noise=0.02).recommendation
    figure = price_figure(r)
    robust, clean = figure.axes
    assert (robust.get_ylabel(), clean.get_ylabel()) == ("robust accuracy", "clean accuracy")
    assert robust.get_xscale() == "log"
    (front,) = [line for line in robust.lines if line.get_drawstyle() == "steps-post"]
    best = sorted(p["accuracy"]["robust"]["mean"] for p in r["prices"]["points"] if p["on_front"])
    assert sorted(set(front.get_ydata())) == pytest.approx(best)
    assert not [line for line in clean.lines if line.get_drawstyle() == "steps-post"]
    for panel, kind in ((robust, "robust"), (clean, "clean")):
        (ring,) = [line for line in panel.lines if line.get_markersize() == 14]
        assert ring.get_ydata()[0] == pytest.approx(r["models"]["recommended"]["accuracy"][kind]["mean"])
    shown = texts(figure)
    for said in (*WORDS.values(), "best for its price", "original model", "recommended"):
        assert said in shown.replace("\n", " ")


def test_a_recommended_order_is_a_line_of_its_own(texts):
    r = recommendation("ranked inputs")
    model = r["models"]["recommended"]
    r["prices"]["points"].append(
        r["prices"]["points"][-1] | {"metric": "lsa", "n_inputs": 400, "price": 9_000.0, "highest": False}
        | {"accuracy": model["accuracy"], "on_front": False}
    )  # fmt: skip
    figure = price_figure(r)
    dashed = [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert [list(line.get_ydata()) for line in dashed if len(line.get_ydata()) == 2] == [[0.54, 0.55]]
    assert "in the order of LSA" in texts(figure)
    assert len([line for line in figure.axes[0].lines if line.get_markersize() == 14]) == 1


def test_without_prices_the_figure_says_so(texts):
    r = recommendation()
    for point in r["prices"]["points"]:
        point["price"] = None
    assert "was not counted" in texts(price_figure(r))


def test_more_than_three_configurations_wrap_and_each_names_what_its_budgets_count(texts):
    context = context_of(configurations=(*STORED, "config_4"))
    c = context.recommendation["choice"]
    for figure, rows in (
        (accuracy_curves(context.results, words=WORDS, choice=c, hardening=HARDENING), 2),
        (differences_figure(context.steps, c, words=WORDS, hardening=HARDENING), 2),
        (robust_against_clean(context.results, words=WORDS, choice=c), 1),
    ):
        assert len(figure.axes) == 4 * rows
        assert len({panel.get_subplotspec().colspan.start for panel in figure.axes}) == 2
        assert figure.get_figwidth() <= 11
        assert all(
            any(tick.label1.get_visible() for tick in panel.xaxis.get_major_ticks())
            for panel in figure.axes
            if panel.get_xlabel()
        )
    shown = texts(differences_figure(context.steps, c, words=WORDS, hardening=HARDENING))
    assert "images planned of 9,472" in shown
    assert "retraining inputs of 1,600" in shown
    assert "points against the full price" in shown
    shown = texts(accuracy_curves(context.results, words=WORDS, choice=c, hardening=HARDENING))
    assert "images planned (full price: 9,472)" in shown
    assert "whole pool or full price" in shown


def test_contrasts_draw_intervals_margin_and_what_could_have_been_shown(texts):
    found = recommendation()["contrasts"]
    figure = contrasts_figure(found, words=WORDS, confidence=0.95)
    panel = figure.axes[0]
    assert any(line.get_xdata() == pytest.approx([2.5, 5.5]) for line in lines_of(panel, "lsa"))
    shown = texts(figure)
    for said in (
        "better",
        "worse",
        "equal within the margin",
        "not resolved",
        "2.5 points",
        "simultaneous 95 %",
    ):
        assert said in shown
    faces = {metric: lines_of(panel, metric)[-1].get_markerfacecolor() for metric in ("lsa", "deep_gini")}
    assert faces == {"lsa": metric_style("lsa").colour, "deep_gini": "white"}


def test_contrasts_of_one_replicate_and_of_nothing(texts):
    shown = texts(contrasts_figure(recommendation(replicates=1)["contrasts"], words=WORDS, confidence=0.95))
    assert "no intervals" in shown
    assert "not resolved" not in shown
    empty = recommendation()["contrasts"] | {"rows": []}
    assert "nothing to compare with random" in texts(contrasts_figure(empty, words=WORDS, confidence=0.95))


def test_curves_draw_means_over_replicates(results):
    figure = accuracy_curves(results, words=WORDS, choice=choice())
    assert len(figure.axes) == 6
    means = results.query("configuration == 'config_2' and metric == 'dsa' and n_inputs > 0")
    means = means.groupby("n_inputs")["accuracy_robust"].mean()
    (line,) = lines_of(figure.axes[1], "dsa")
    assert np.asarray(line.get_ydata()) == pytest.approx(means.to_numpy())
    assert "means over 3 replicates" in legend(figure)
    assert "recommended" in legend(figure)


def test_the_line_of_the_full_price_is_what_the_answer_says_of_it():
    results, _ = made_up_study(configurations=["config_3"], metrics=("random", "dsa"))
    whole = (results["n_inputs"] == results["pool_size"]) & (results["metric"] == "dsa")
    results.loc[whole, "accuracy_robust"] -= 0.1  # of a strategy whose orders differ at the full price too
    told = recommend(results, hardening={"config_3": "rounds"})["models"]["whole_pool"]["accuracy"]["robust"]
    (line,) = [one for one in accuracy_curves(results).axes[0].lines if one.get_color() == MUTED][1:]
    assert line.get_ydata()[0] == pytest.approx(told["mean"])


def test_where_nothing_was_attacked_anew_other_kinds_are_drawn(results, texts):
    assert kinds_shown(results) == ("robust", "unseen")
    plain, _ = made_up_study(robust=False)
    assert kinds_shown(plain) == ("replayed", "clean")
    assert "replayed accuracy" in texts(accuracy_curves(plain, outcomes=kinds_shown(plain)))
    assert "None of these" in texts(accuracy_curves(plain))
    assert "no robust accuracy" in texts(robust_against_clean(plain))
    assert robust_against_clean(plain, outcome="replayed").axes[0].get_ylabel() == "replayed accuracy"


def test_the_path_goes_from_few_inputs_to_the_whole_pool(results):
    figure = robust_against_clean(results, words=WORDS)
    means = (
        results.query("configuration == 'config_1' and metric == 'lsa'")
        .groupby("n_inputs")
        .mean(numeric_only=True)
    )
    (path,) = lines_of(figure.axes[0], "lsa")
    assert np.asarray(path.get_xdata()) == pytest.approx(means["accuracy_clean"].to_numpy())
    assert np.asarray(path.get_ydata()) == pytest.approx(means["accuracy_robust"].to_numpy())
    star = next(line for line in figure.axes[0].lines if line.get_marker() == "*")
    original = results[results["n_inputs"] == 0].drop_duplicates("seed")
    assert star.get_ydata() == pytest.approx([original["accuracy_robust"].mean()])


def test_no_axis_goes_beyond_what_an_accuracy_can_be():
    perfect, _ = made_up_study(noise=0.0, loss=0.0, clean_loss=0.0, lifts=dict.fromkeys(METRICS, 0.05))
    perfect = perfect.assign(accuracy_clean=1.0, accuracy_robust=1.0, accuracy_unseen=0.0)
    for figure in (accuracy_curves(perfect), robust_against_clean(perfect)):
        for panel in figure.axes:
            assert 0 <= panel.get_ylim()[0] < panel.get_ylim()[1] <= 1
    wide = [
        step | {"differences": {"robust": {"mean": -0.99, "low": -1.5, "spread": "own"}}} for step in steps()
    ]
    panel = differences_figure({"config_1": wide}, choice(), words=WORDS).axes[0]
    assert panel.get_ylim()[0] >= -100
    rows = [
        row | {"difference": 0.9, "low": -1.0, "high": 1.0} for row in recommendation()["contrasts"]["rows"]
    ]
    figure = contrasts_figure(recommendation()["contrasts"] | {"rows": rows}, words=WORDS, confidence=0.95)
    assert figure.axes[0].get_xlim() == (-100, 100)


def test_budgets_lie_on_a_logarithmic_axis(results):
    many, _ = made_up_study(configurations=["config_1"], metrics=["dsa", "random"])
    for figure in (accuracy_curves(many), differences_figure({"config_1": steps()}, choice(), words=WORDS)):
        assert all(panel.get_xscale() == "log" for panel in figure.axes)
        assert all(panel.get_xlabel() for panel in figure.axes[-1:])
    labels = [label.get_text() for label in accuracy_curves(results).axes[0].get_xticklabels()]
    assert labels == ["1,600", "800", "400", "200", "100", "50"]
    narrow = results.assign(n_inputs=12_000 + 3 * results["n_inputs"], pool_size=12_000 + 3 * 1600)
    labels = [label.get_text() for label in accuracy_curves(narrow).axes[0].get_xticklabels()]
    assert labels == ["16.8k", "14.4k", "13.2k", "12.3k"], "labels have room by their share of the axis"


def test_forgetting_draws_the_classes_that_forgot_most(texts):
    found = recommendation()["forgetting"]
    figure = forgetting_figure(found, class_names=[f"class {c}" for c in range(10)])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()][-1] == "class 9"
    assert sorted(-bar.get_width() for bar in figure.axes[0].patches[:10]) == pytest.approx(list(range(10)))
    many = found | {"per_class": [{"label": c, "churn": c / 100, "gained": 0.0} for c in range(43)]}
    assert "20 of 43 classes" in texts(forgetting_figure(many, class_names=[]))
    assert "Nothing was retrained" in texts(forgetting_figure(None, class_names=[]))


def test_sheet_shows_the_source_image_and_the_scaled_difference(adversarial_table, texts):
    clean = np.random.default_rng(0).random((12, 4, 4, 1)).astype(np.float32) * 0.5
    table = adversarial_table()
    adversarial = clean[table["source_index"]] + np.float32(0.1)
    figure, _ = adversarial_sheet(clean, adversarial, table, n_columns=3)
    images = [np.asarray(ax.images[0].get_array()) for ax in figure.axes]
    assert images[0] == pytest.approx(clean[11, ..., 0])
    assert images[3] == pytest.approx(np.full((4, 4), 1.0), abs=1e-5)  # 0.5 + 10 * 0.1 / 2
    assert images[6] == pytest.approx(adversarial[0, ..., 0])
    assert "× 10" in texts(figure)
    assert "0 → 1" in texts(figure)


def test_sheet_of_an_attack_that_did_nothing_says_so(adversarial_table, texts):
    clean = np.zeros((12, 4, 4, 3), np.float32)
    table = adversarial_table(success=False)
    table["predicted_after"] = table["true_label"]
    names = list("abcdefghij")
    figure, inputs = adversarial_sheet(clean, clean[table["source_index"]], table, class_names=names)
    assert "none" in texts(figure)
    assert "a (no success)" in texts(figure)
    assert {one["ending"] for one in inputs} == {"failure"}


def test_sheet_of_fewer_inputs_than_columns_and_of_none(adversarial_table, texts):
    clean = np.zeros((12, 4, 4, 1), np.float32)
    figure, inputs = adversarial_sheet(clean, clean[:2], adversarial_table(n=2))
    figure_bytes(figure, kind="png")
    assert len(inputs) == 2
    figure, inputs = adversarial_sheet(clean, clean[:0], adversarial_table(n=0))
    assert "No adversarial inputs" in texts(figure)
    assert inputs == []


@pytest.mark.parametrize(
    ("succeeded", "failed", "shown"),
    [(20, 20, (4, 4, 0)), (38, 2, (6, 2, 0)), (1, 30, (1, 7, 0)), (3, 2, (3, 2, 3)), (0, 0, (0, 0, 8))],
)
def test_sheet_shows_successes_and_failures(succeeded, failed, shown, adversarial_table):
    n, place = 40, np.random.default_rng(0).permutation(40)
    table = adversarial_table(n=n, success=place < succeeded, correct_before=place < succeeded + failed)
    images = np.zeros((n, 2, 2, 1), np.float32)
    endings = [one["ending"] for one in adversarial_sheet(images, images, table)[1]]
    assert tuple(map(endings.count, ("success", "failure", "wrong before"))) == shown


def test_each_input_of_the_sheet_lies_where_it_is_said_to(adversarial_table):
    from matplotlib.image import imread

    clean = np.linspace(0.1, 0.6, 12, dtype=np.float32)[:, None, None, None] * np.ones(
        (1, 4, 4, 1), np.float32
    )
    table = adversarial_table()
    adversarial = clean[table["source_index"]] + np.float32(0.2)
    figure, inputs = adversarial_sheet(clean, adversarial, table, n_columns=4)
    picture = imread(BytesIO(figure_bytes(figure, kind="png")))
    picked = np.linspace(0, 11, 4).astype(int)
    for one, row in zip(inputs, picked, strict=True):
        for (left, top, width, height), value in zip(
            one["boxes"], (clean[11 - row].mean(), 0.5 + 5 * 0.2 / 2, adversarial[row].mean()), strict=True
        ):
            corners = [(left + x * width, top + y * height) for x in (0.05, 0.95) for y in (0.05, 0.95)]
            for x, y in corners:
                pixel = picture[int(y * picture.shape[0]), int(x * picture.shape[1]), 0]
                assert pixel == pytest.approx(value, abs=0.01)


def test_long_class_names_do_not_overlap_in_the_sheet(adversarial_table):
    names = [
        "End of no passing by vehicles over 3.5 tons",
        "Wild animals crossing",
        "automobile",
        "wwwwwwwwwwww",
    ]
    table = adversarial_table(n=8, success=np.arange(8) < 4)
    table[["predicted_before", "predicted_after"]] = np.c_[np.arange(8) % 4, (np.arange(8) + 1) % 4]
    images = np.zeros((8, 4, 4, 1), np.float32)
    figure, inputs = adversarial_sheet(images, images, table, class_names=names)
    figure.draw_without_rendering()
    drawn = [axes.title.get_window_extent() for axes in figure.axes if axes.get_title()]
    assert len(drawn) == 8
    overlaps = [(left.x1, right.x0) for left, right in itertools.pairwise(drawn) if right.x0 < left.x1]
    assert overlaps == []
    assert inputs[0]["said"] == f"{names[0]} → {names[1]}", "the names in full are kept beside the picture"


def test_sheet_needs_one_row_per_image(adversarial_table):
    with pytest.raises(InputError, match="12 rows and 3 images"):
        adversarial_sheet(np.zeros((3, 2, 2, 1)), np.zeros((3, 2, 2, 1)), adversarial_table())


@pytest.mark.parametrize("scores", [np.zeros(20), np.r_[np.full(19, 0.1), np.inf], np.full(20, np.nan)])
def test_distributions_of_degenerate_scores(scores):
    figure_bytes(score_distributions({"lsa": scores}, np.arange(20) > 9))
    figure_bytes(score_distributions({"lsa": scores}, np.zeros(20, bool)))


def test_scores_of_another_length_are_refused():
    with pytest.raises(InputError, match=r"Scores of dsa: expected shape \(3,\), got \(2,\)"):
        score_distributions({"dsa": [1, 2]}, [True, False, True])


def test_ranking_quality_counts_the_faults_in_order():
    faults = np.array([False, True, False, True])
    figure = ranking_quality({"dsa": [[1, 3, 0, 2]]}, [faults])
    (found,) = lines_of(figure.axes[0], "dsa")
    at = dict(zip(np.round(found.get_xdata(), 6), found.get_ydata(), strict=True))
    assert [at[x] for x in (0.0, 0.25, 0.5, 1.0)] == [0, 0.5, 1, 1]
    assert "DSA (0.750)" in legend(figure)


def test_ranking_quality_is_a_mean_over_replicates_that_have_faults():
    faults = [np.array([True, False]), np.array([False, True]), np.array([False, False])]
    figure = ranking_quality({"dsa": [[0, 1], [0, 1], [0, 1]]}, faults)
    (found,) = lines_of(figure.axes[0], "dsa")
    assert np.interp(0.5, found.get_xdata(), found.get_ydata()) == pytest.approx(0.5)


def test_ranking_without_faults_is_undefined_not_zero(texts):
    assert "no fault to find" in texts(ranking_quality({"dsa": [[0, 1]]}, [[False, False]]))
    with pytest.raises(InputError, match="Order of dsa"):
        ranking_quality({"dsa": [[0]]}, [[True, False]])


def test_costs_are_those_of_the_ledger(results, texts):
    ledger = made_up_costs(results)
    shown = texts(costs_figure(ledger))
    assert "45.9 s" in shown  # all attacks of three replicates
    assert "67.5 k" in shown  # gradient passes of the original models
    assert "No times" in texts(costs_figure(ledger.iloc[:0]))
    figure_bytes(costs_figure(ledger.assign(seconds=0.0, gradient_passes=0.0)))


def test_the_same_figure_is_the_same_file(results):
    assert figure_bytes(accuracy_curves(results)) == figure_bytes(accuracy_curves(results))


def test_known_metrics_have_their_own_colours_and_user_metrics_keep_theirs():
    colours = [metric_style(metric).colour for metric in REGISTRY]
    assert len(set(colours)) == len(REGISTRY)
    own = metric_style("mine.scores:edges")
    assert own == metric_style("mine.scores:edges")
    assert own.colour not in colours
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
