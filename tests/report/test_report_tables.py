"""Tables: the numbers of the findings, as people read them and as files for a paper."""

import io

import numpy as np
import pandas as pd
import pytest

from guided_retraining.evaluation import replicate_interval
from guided_retraining.report import (
    PaperTable,
    contrasts_table,
    costs_table,
    main_numbers,
    paper_files,
    paper_tables,
    results_table,
    steps_table,
    strategies_table,
)
from guided_retraining.report.tables import contrasts_numbers, results_numbers, steps_numbers
from made_up_findings import recommendation, steps
from made_up_page import context_of
from made_up_study import STORED, WORDS, made_up_costs, made_up_study

CELL = ["configuration", "metric", "n_inputs"]
WITHIN = "\N{NO-BREAK SPACE}\N{CHECK MARK}"
MINUS = "\N{MINUS SIGN}"
LABEL = "config_1 (fresh weights, clean + adversarial pool)"


def test_results_table_cells_are_means_and_half_widths():
    results, _ = made_up_study()
    table = results_table(results, words=WORDS)
    label = "config_2 (original weights, clean + adversarial pool)"
    row = table[(table["configuration"] == label) & (table["inputs"] == "400")].iloc[0]
    cell = results.query("configuration == 'config_2' and n_inputs == 400 and metric == 'dsa'")[
        "accuracy_robust"
    ]
    half = 4.302653 * cell.std() / np.sqrt(3)
    assert row["DSA"] == f"{100 * cell.mean():.1f} ± {100 * half:.1f}"
    assert row["share of all"] == "25.0 %"
    one, _ = made_up_study(replicates=(0,))
    assert "±" not in " ".join(results_table(one)["DSA"])


def test_results_numbers_are_the_intervals_of_the_statistics():
    results, _ = made_up_study(noise=0.05, replicates=(0, 1))
    results.loc[results["metric"] == "lsa", "accuracy_unseen"] = np.nan
    numbers = results_numbers(results, ["accuracy_robust", "accuracy_unseen"]).set_index([*CELL, "column"])
    assert ("config_1", "lsa", 50, "accuracy_unseen") not in numbers.index
    for key in (("config_2", "dsa", 400, "accuracy_robust"), ("config_3", "random", 0, "accuracy_unseen")):
        cell = results[(results[CELL] == list(key[:3])).all(axis=1)][key[3]]
        interval = replicate_interval(cell)
        found = numbers.loc[key, ["mean", "low", "high", "n_replicates"]].tolist()
        assert found == pytest.approx([interval[name] for name in ("mean", "low", "high", "n_replicates")])


def test_steps_table_says_what_may_be_lost_and_what_is_within_the_margin():
    table = steps_table({"config_1": steps(metrics=("lsa", "random"))}, WORDS)
    assert list(table.iloc[0]) == [LABEL, "800", "50.0 %", f"1.0{WITHIN}", f"1.0{WITHIN}"]
    assert list(table.iloc[1])[3:] == [f"1.4{WITHIN}", f"1.8{WITHIN}"]
    assert list(table.iloc[2])[3:] == ["2.6", "4.2"]


def test_a_budget_below_one_that_failed_is_not_marked():
    found = steps(metrics=("lsa",))
    found[1]["reached"] = False
    assert steps_table({"config_1": found}, WORDS).iloc[1]["LSA"] == "1.4"


def test_steps_without_bounds_show_means():
    table = steps_table({"config_1": steps(metrics=("lsa",), half=None)}, WORDS)
    assert table["LSA"].tolist() == ["0.0", f"{MINUS}0.4", f"{MINUS}1.6", f"{MINUS}3.6", f"{MINUS}6.4"]
    numbers = steps_numbers({"config_1": steps(metrics=("lsa",))})
    assert len(numbers) == 10
    assert numbers.iloc[0][["outcome", "low"]].tolist() == ["robust", pytest.approx(-0.01)]


def test_contrasts_table_has_verdicts_and_what_is_possible():
    found = recommendation()["contrasts"]
    table = contrasts_table(found, WORDS).set_index("metric")
    assert table.loc["LSA", "against random"] == "+4.0 points"
    assert table.loc["LSA", "simultaneous interval"] == "+2.5 to +5.5"
    assert table.loc["DeepGini", ["verdict", "difference possible"]].tolist() == [
        "not resolved",
        "4.0 points",
    ]
    assert table.loc["DSA", "verdict"] == "equal within the margin"
    assert set(contrasts_numbers(found)["detectable"]) == {0.025}
    one = contrasts_table(recommendation(replicates=1)["contrasts"], WORDS)
    assert list(one) == ["configuration", "metric", "against random"], "no verdict without an interval"


def test_costs_table_divides_by_the_count_and_names_things():
    table = costs_table(made_up_costs(made_up_study()[0]), WORDS).set_index("item")
    assert list(table.loc["Carlini-Wagner L2"]) == [
        "attacks on the originals",
        "42 s",
        "1,500",
        "28 ms",
        "225,000",
    ]
    assert set(table.loc[LABEL, "stage"]) == {"retraining", "attacks on the retrained"}
    assert table.loc["read and split", "gradient passes"] == "none"


def test_strategies_are_compared_at_their_full_price():
    context = context_of(configurations=(*STORED, "config_4"))
    table = strategies_table(context.recommendation).set_index("configuration")
    made = f"config_4 ({WORDS['config_4']})"
    assert list(table.index) == [
        "original model",
        *(f"{key} ({WORDS[key]})" for key in (*STORED, "config_4")),
    ]
    assert list(table) == [
        "gradient passes", "time to train", "clean", "robust", "unseen attack", "robust against retraining, points",
    ]  # fmt: skip
    assert table.loc["original model", ["gradient passes", "time to train"]].tolist() == ["none", "none"]
    assert table.loc[made, ["gradient passes", "time to train"]].tolist() == ["18,944", "4.74 s"]
    assert table.loc[LABEL].iloc[0] == "19,000"
    assert table.loc[LABEL].iloc[-1] == "this one"
    assert table.loc[made].iloc[-1].startswith("+")
    paper = paper_tables(context)["strategies"]
    assert f"against {LABEL}" in paper.caption
    numbers = paper.numbers.set_index(["configuration", "n_inputs", "quantity"])
    assert numbers.loc[("config_4", 4736, "accuracy_clean"), ["strategy", "price"]].tolist() == [
        "adversarial_training", 9472,
    ]  # fmt: skip
    assert set(numbers.xs("accuracy_robust_difference", level="quantity").index.get_level_values(0)) == {
        "config_2", "config_3", "config_4",
    }  # fmt: skip


def test_strategies_without_prices_or_comparison():
    r = recommendation()
    assert "robust against retraining, points" not in strategies_table(r)
    for point in r["prices"]["points"]:
        point |= {"price": None, "fit_seconds": None}
    assert strategies_table(r)["gradient passes"].tolist() == ["n/a", "n/a"]
    assert "last column" not in paper_tables(context_of(configurations=("config_1",)))["strategies"].caption


def test_files_of_a_table_hold_the_same_numbers():
    r = recommendation("ranked inputs")
    context = context_of()
    files = paper_files(paper_tables(context))
    assert sorted({name.rsplit(".")[1] for name in files}) == ["csv", "md", "tex"]
    read = pd.read_csv(io.StringIO(files["main.csv"]))
    numbers = main_numbers(context.recommendation)
    assert read["mean"].to_numpy(float) == pytest.approx(numbers["mean"].to_numpy(float), nan_ok=True)
    shown = paper_tables(context)["main"].shown
    for name in ("main.md", "main.tex"):
        for text in shown.iloc[1]:
            assert text.replace("%", "\\%") in files[name] or text in files[name]
    assert r["choice"]["margin"] == 0.02
    assert "2.0 points" in files["budgets.md"]


def test_the_names_of_the_files_are_those_of_every_study():
    full, plain = (paper_files(paper_tables(context_of(robust=robust))) for robust in (True, False))
    assert set(full) == set(plain), "else a file of an earlier run would be taken for this one's"
    assert "nothing to tell" in plain["accuracy_robust.md"]
    assert plain["accuracy_robust.tex"].startswith("%")


def test_latex_has_no_letter_that_its_fonts_lack():
    table = PaperTable(
        "", "50 % & more_of {it}", pd.DataFrame({"a_b": ["−1.0 ± 2 %"], "L∞": [f"3{WITHIN}"]}), pd.DataFrame()
    )
    text = paper_files({"t": table})["t.tex"]
    assert text.isascii()
    assert r"$-$1.0 $\pm$ 2 \% & 3~$\checkmark$" in text
    assert r"\caption{50 \% \& more\_of \{it\}}" in text
    assert r"\label{tab:t}" in text
