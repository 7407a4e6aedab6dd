"""The page and its tables: complete, escaped, self-contained, and readable when parts are missing."""

import json
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from made_up_results import made_up_costs, made_up_results
from test_report_figures import adversarial_table

from guided_retraining.evaluation.first_edition import recommend
from guided_retraining.report import (
    PageContext,
    accuracy_curves,
    attack_table,
    attack_warnings,
    costs_table,
    gain_over_baseline,
    ranking_table,
    render_page,
    results_table,
    statistics_table,
)
from guided_retraining.report.html import to_html

VOID = {"meta", "img", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """Collects what the tests ask of a page, and fails on tags that do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.images, self.links, self.tags, self.text = [], [], [], [], set(), ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.tags.add(tag)
        if tag == "img":
            self.images.append(found)
        self.links += [found[name] for name in ("href", "src") if name in found]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("h1", "h2", "h3"):
            self.headings.append(data)
        if "style" not in self.open:
            self.text += data


def page_of(results, **more):
    recommendation = json.loads(json.dumps(recommend(results, costs=more.get("costs")), allow_nan=False))
    return Page(render_page(PageContext(recommendation=recommendation, results=results, **more)))


def test_complete_page():
    results = made_up_results(advantages={"dsa": 0.04})
    found = page_of(
        results,
        figures={
            "curves": accuracy_curves(results),
            "gain": gain_over_baseline(results),
            "extra": b"\x89PNG",
        },
        train_table=adversarial_table(),
        test_table=adversarial_table("bim"),
        costs=made_up_costs(),
        tables={"Quality of the rankings": pd.DataFrame({"metric": ["DSA"], "APFD": [0.75]})},
        original={"accuracy_clean": 0.97},
        parameters={"training": {"epochs": 5}, "attacks": [{"name": "fgsm"}], "budgets": [1, 2]},
        versions={"keras": "3"},
    )
    assert found.headings[0] == "Guided retraining of digits"
    assert found.headings[1:] == [
        "How sure", "The curves", "Attacks", "Guidance metrics", "Costs", "Further figures", "What was run",
        "Data and original model", "Versions and machine", "Parameters", "Glossary",
    ]  # fmt: skip
    assert found.text.index("retrain on") < found.text.index("How sure")
    assert all(image["alt"] for image in found.images)
    assert len(found.images) == 3
    for said in ("attacks[0].name", "fgsm", "training.epochs", "1, 2", "Quality of the rankings", "0, 1, 2"):
        assert said in found.text


def test_page_needs_no_network_and_no_scripts():
    results = made_up_results()
    found = page_of(results, figures={"curves": accuracy_curves(results)})
    assert "script" not in found.tags
    assert "link" not in found.tags
    assert all(link.startswith(("#", "data:")) for link in found.links)


@pytest.mark.parametrize(
    "made",
    [{"seeds": [0]}, {"seeds": [0, 1]}, {"metrics": ["random"]}, {"metrics": ["dsa"]}, {"noise": 0.0}],
)
def test_page_with_little_to_say(made):
    found = page_of(made_up_results(**made))
    assert found.headings[1:] == ["How sure", "The curves", "What was run", "Glossary"]
    assert "nan" not in found.text.lower().replace("guidance", "")
    assert "None" not in found.text


def test_one_seed_is_said_on_the_page():
    text = page_of(made_up_results(seeds=[0])).text
    assert "With one seed nothing can be said" in text
    assert "no interval and no test" in text


def test_page_of_a_run_that_did_not_help():
    results = made_up_results(noise=0.002)
    results.loc[results["n_inputs"] > 0, ["validation_accuracy_combined", "accuracy_combined"]] -= 0.9
    assert "keep the original model" in page_of(results).text


def test_names_from_outside_are_escaped():
    bad = "<script>alert('x')</script>"
    results = made_up_results(metrics=[bad, "random"]).assign(dataset=bad)
    table = adversarial_table(attack=bad)
    found = page_of(
        results,
        test_table=table,
        original={bad: bad},
        parameters={bad: bad},
        versions={bad: [bad]},
        tables={bad: pd.DataFrame({bad: [bad]})},
        figures={bad: b"<svg></svg>"},
        created=bad,
    )
    assert "script" not in found.tags
    assert bad in found.text


def test_html_table_is_escaped_and_has_headers():
    text = str(to_html(pd.DataFrame({"a<b": ["x&y"], "n": [3]}), caption="c>d"))
    assert "<caption>c&gt;d</caption>" in text
    assert '<th scope="col">a&lt;b</th><th scope="col" class="number">n</th>' in text
    assert '<td>x&amp;y</td><td class="number">3</td>' in text


def test_results_table_cells():
    results = made_up_results()
    table = results_table(results)
    row = table[(table["configuration"] == "config_2") & (table["inputs"] == "600")].iloc[0]
    cell = results.query("configuration == 'config_2' and n_inputs == 600 and metric == 'dsa'")[
        "accuracy_combined"
    ]
    half = 4.302653 * cell.std() / np.sqrt(3)
    assert row["DSA"] == f"{100 * cell.mean():.1f} ± {100 * half:.1f}"
    assert row["share of pool"] == "40 %"
    assert "±" not in " ".join(results_table(made_up_results(seeds=[0]))["DSA"])


def test_statistics_table_shows_effect_sizes_only_where_they_mean_something():
    assert "effect size" not in statistics_table(made_up_results())
    table = statistics_table(made_up_results(seeds=range(5), advantages={"dsa": 0.05}))
    assert table[table["metric"] == "DSA"]["effect size"].str.startswith("+").all()
    assert list(table["metric"][:5]) == ["neuron coverage", "LSA", "DSA", "DeepGini", "softmax entropy"]
    assert statistics_table(made_up_results(metrics=["dsa"])).empty


def test_attack_table_counts_success_among_the_inputs_that_were_right_before():
    table = adversarial_table(n=10)
    table.loc[:4, "success"] = False
    table.loc[:4, "predicted_after"] = table.loc[:4, "true_label"]
    table.loc[:1, "correct_before"] = False
    table.loc[5:, "l2"] = 0.6
    row = attack_table(table).iloc[0]
    assert (row["n"], row["correct_before"]) == (10, 8)
    assert row["success_rate"] == pytest.approx(5 / 8)
    assert row["accuracy_after"] == pytest.approx(0.5)
    assert row["l2"] == pytest.approx(0.6)
    assert attack_warnings(table) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"linf": 0.0, "success": False}, "FGSM changed no image at all"),
        ({"success": False}, "fooled the model on no input"),
        ({}, "fooled the model on every input"),
        ({"correct_before": False, "success": False}, "its success is undefined"),
    ],
)
def test_attack_warnings(change, said):
    warnings = attack_warnings(adversarial_table(n=30).assign(**change))
    assert len(warnings) == 1
    assert said in warnings[0]


def test_costs_table_divides_by_the_count():
    table = costs_table(made_up_costs())
    row = table[table["item"] == "carlini_wagner"].iloc[0]
    assert (row["time"], row["count"], row["time for one"]) == ("14 s", "500", "28 ms")


def test_ranking_table():
    faults = np.zeros(100, bool)
    faults[[0, 3, 50, 99]] = True
    row = ranking_table({"dsa": np.arange(100)}, faults).iloc[0]
    assert list(row[1:]) == [f"{1 - (1 + 4 + 51 + 100) / 400 + 1 / 200:.3f}", "25.0 %", "50.0 %", "50.0 %"]
    assert list(ranking_table({"dsa": np.arange(100)}, faults & False).iloc[0])[1:] == ["undefined"] * 4
