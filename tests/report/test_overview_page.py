"""The page over data sets, its tables and its diagrams."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any

import pandas as pd
import pytest

from guided_retraining.evaluation.overview import Overview, compare_studies
from guided_retraining.evaluation.overview_lines import overview_lines, overview_notes
from guided_retraining.evaluation.wording import metric_name
from guided_retraining.report import overview_tables, paper_files, ranks_figure, render_overview
from made_up_overview import finished_studies

NAMES = ("digits", "mnist", "gtsrb", "intel", "cifar10")


def overview_of(n: int, **study: Any) -> Overview:
    found: Overview = json.loads(json.dumps(compare_studies(finished_studies(NAMES[:n], **study))))
    return found


def page_of(overview: Overview) -> str:
    figures = {
        "strategies": ranks_figure(overview["strategy_ranks"][overview["outcome"]], str),
        "metrics": ranks_figure(overview["metric_ranks"], metric_name),
    }
    lines = overview_lines(overview, {})
    return render_overview(overview, lines=lines, notes=overview_notes(overview), figures=figures)


@pytest.fixture(scope="module")
def five() -> Overview:
    return overview_of(5)


def test_five_data_sets_have_diagrams_and_fewer_a_sentence(five: Overview) -> None:
    page = page_of(five)
    assert page.count("<img") == 2
    assert "Friedman" in page
    around = re.sub(r'"data:[^"]*"', '""', page)  # a picture names its own language by an address
    for figure in ("http:", "https:", "<script"):
        assert figure not in around
    few = page_of(overview_of(2))
    assert "<img" not in few
    assert "fewer than 5 are too few to tell ranks from chance" in few
    for one in (page, few):
        for study in five["studies"][:2]:
            assert study["answer"].split(":")[1][:40] in one
            assert f"{study['images']['train']:,}" in one


def test_tables_have_a_column_for_each_data_set_and_the_mean_rank(five: Overview) -> None:
    tables = overview_tables(five)
    shown = tables["strategies_robust"].shown
    assert list(shown) == ["strategy", "mean rank", *NAMES]
    assert shown["strategy"].iloc[0].startswith("config_1 (fresh weights")
    assert shown["mean rank"].iloc[0] == "1.00"
    assert "%" in shown["digits"].iloc[0]
    assert tables["strategies_price"].shown["digits"].iloc[0] == "19,000; 800 ms"
    assert "none" in tables["metrics_price"].shown["digits"].tolist()
    assert tables["datasets"].shown["train images"].tolist() == ["1,000", "1,001", "1,002", "1,003", "1,004"]


def test_what_a_data_set_lacks_is_not_available_and_not_ranked() -> None:
    overview = overview_of(2)
    overview["strategies"] = [
        r for r in overview["strategies"] if (r["dataset"], r["configuration"]) != ("mnist", "config_2")
    ]
    del overview["strategy_ranks"]["robust"]["mean_ranks"]["config_2"]
    shown = (
        overview_tables(overview)["strategies_robust"]
        .shown.set_index("strategy")
        .filter(like="config_2", axis=0)
    )
    assert shown[["mean rank", "mnist"]].to_numpy().tolist() == [["n/a", "n/a"]]


def test_files_bear_the_same_names_whatever_there_is_to_tell(five: Overview) -> None:
    files = paper_files(overview_tables(five))
    assert files.keys() == paper_files(overview_tables(overview_of(1, robust=False))).keys()
    numbers = pd.read_csv(StringIO(files["strategies_robust.csv"]))
    assert {"dataset", "configuration", "words", "mean", "low", "high", "n_replicates", "rank"} <= set(
        numbers
    )
    assert numbers.groupby("dataset")["rank"].sum().eq(6).all()
    tests = pd.read_csv(StringIO(files["tests.csv"]))
    tested = tests[tests["p_value"].notna()]
    assert set(zip(tested["ranked"], tested["outcome"], strict=True)) == {
        ("strategies", "robust"),
        ("metrics", "robust"),
    }
    assert r"\toprule" in files["metrics.tex"]
    assert "| metric" in files["metrics.md"]
    assert pd.read_csv(StringIO(files["datasets.csv"]))["answer"].str.startswith(tuple(NAMES)).all()


def test_the_diagram_names_all_and_joins_what_is_not_told_apart(five: Overview, texts: Any) -> None:
    ranks = five["metric_ranks"]
    assert ranks is not None
    drawn = texts(ranks_figure(ranks, metric_name))
    for key, mean in ranks["mean_ranks"].items():
        assert metric_name(key) in drawn
        assert f"{mean:.2f}" in drawn
    assert "CD = 2.1" in drawn

    def bars(different: list[tuple[str, str, float]]) -> list[list[float]]:
        figure = ranks_figure({**ranks, "different": different}, metric_name)
        thick = [line for line in figure.axes[0].lines if line.get_linewidth() == 2]
        return sorted(sorted(set(map(float, line.get_xdata()))) for line in thick if line.get_ydata()[0] < 0)

    means = list(ranks["mean_ranks"].values())
    assert bars([]) == [sorted(set(means))], "one bar over all"
    best, *_, worst = ranks["mean_ranks"]
    joined = bars([(best, worst, 0.01)])
    assert not any(means[0] in bar and means[-1] in bar for bar in joined)


def test_nothing_tested_is_a_figure_that_says_so(texts: Any) -> None:
    assert "No test: there are 2 data sets" in texts(
        ranks_figure(overview_of(2)["metric_ranks"], metric_name)
    )
    assert "nothing was compared" in texts(ranks_figure(None, metric_name))
