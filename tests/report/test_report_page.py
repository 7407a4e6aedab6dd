"""The page: complete, escaped, self-contained, and readable when parts are missing."""

from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from guided_retraining.report import (
    FIGURES,
    PageContext,
    accuracy_curves,
    attack_table,
    attack_warnings,
    figure_bytes,
    render_page,
)
from guided_retraining.report.explorable import chart_library
from guided_retraining.report.html import to_html
from made_up_page import context_of
from made_up_study import made_up_study

VOID = {"meta", "img", "br", "link", "hr", "input"}


class Page(HTMLParser):
    """Collects what the tests ask of a page, and fails on tags that do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.images, self.links, self.scripts, self.text = [], [], [], [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
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
        if "script" in self.open:
            self.scripts.append(data)
        elif "style" not in self.open:
            self.text += data


@pytest.fixture(scope="module")
def complete():
    context = context_of()
    drawn = figure_bytes(accuracy_curves(context.results))
    return replace(
        context,
        figures=dict.fromkeys(FIGURES, drawn) | {"sheet": b"\x89PNG"},
        original={"accuracy_clean": 0.97},
        parameters={"training": {"epochs": 5}, "attacks": [{"name": "fgsm"}], "budgets": [1, 2]},
        versions={"keras": "3"},
    )


def test_complete_page(complete, adversarial_table):
    page = Page(
        render_page(replace(complete, train_table=adversarial_table(), test_table=adversarial_table("bim")))
    )
    assert page.headings == [
        "Guided retraining of digits", "What hardening gives for its price", "How few inputs are enough",
        "Does ranking help", "Robust and clean accuracy", "What was forgotten", "Attacks",
        "The rankings before retraining", "Costs", "What was run", "Data and original model", "Versions and machine",
        "Parameters", "Glossary",
    ]  # fmt: skip
    first, _, rest = page.text.partition("How few inputs are enough")
    assert complete.recommendation["dataset"] in first
    assert "retraining inputs" in first, "the table of models comes with the answer"
    assert "Chosen on validation data" in rest
    assert len(page.images) == len(FIGURES)
    shown = replace(complete, test_table=adversarial_table("bim"))
    assert [image["alt"].replace("\N{NO-BREAK SPACE}", " ") for image in page.images] == [
        row.alternative(shown) for row in FIGURES.values()
    ]
    for said in ("attacks[0].name", "fgsm", "training.epochs", "1, 2", "replicates 0, 1, 2"):
        assert said in page.text


def test_page_needs_no_network(complete):
    text = render_page(complete)
    page = Page(text)
    assert "<link" not in text
    assert len(text.encode()) < 3_000_000
    assert text.count(str(chart_library())) == 1
    assert all(link.startswith(("#", "data:")) for link in page.links)
    anchors = {link[1:] for link in page.links if link.startswith("#")}
    assert all(f'id="{anchor}"' in text for anchor in anchors)


def test_page_of_results_and_findings_alone():
    context = context_of(robust=False, replicates=(0,), costs=False)
    page = Page(render_page(PageContext(recommendation=context.recommendation, results=context.results)))
    assert "Attacks" not in page.headings
    assert "Costs" not in page.headings
    assert "Robust and clean accuracy" in page.headings, "the tables of all numbers"


def test_names_from_outside_are_escaped(complete, adversarial_table):
    bad = "<script>alert('x')</script>"
    results, _ = made_up_study(metrics=[bad, "random"])
    changed = replace(
        complete,
        results=results.assign(dataset=bad),
        recommendation={
            **complete.recommendation,
            "dataset": bad,
            "notes": [bad],
            "words": {"config_1": bad},
        },
        test_table=adversarial_table(attack=bad),
        class_names=[bad] * 10,
        original={bad: bad},
        parameters={bad: bad},
        versions={bad: [bad]},
        created=bad,
    )
    text = render_page(changed)
    page = Page(text)
    assert bad in page.text
    assert bad not in text
    assert not any("<script" in data for data in page.scripts if data.startswith(("{", "[")))


def test_a_page_without_figures_to_explore_has_no_scripts(complete):
    text = render_page(replace(complete, figures={}))
    assert "<script" not in text
    assert 'class="explore"' not in text


def test_html_table_is_escaped_and_has_headers():
    text = str(to_html(pd.DataFrame({"a<b": ["x&y"], "n": [3]}), caption="c>d"))
    assert "<caption>c&gt;d</caption>" in text
    assert '<th scope="col">a&lt;b</th><th scope="col" class="number">n</th>' in text
    assert '<td>x&amp;y</td><td class="number">3</td>' in text


def test_rows_of_one_configuration_stand_below_its_name():
    table = pd.DataFrame({"configuration": ["a<1", "a<1", "b"], "inputs": [1, 2, 3], "DSA": [4, 5, 6]})
    text = str(to_html(table, caption="", numeric_from=2))
    assert text.count('<th colspan="2" scope="rowgroup">a&lt;1</th>') == 1
    assert '<th scope="col">inputs</th><th scope="col" class="number">DSA</th>' in text
    assert text.count("<tr>") == 1 + 2 + 3


def test_attack_table_counts_success_among_the_inputs_that_were_right_before(adversarial_table):
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
    assert row["passes_per_image"] == 10
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
def test_attack_warnings(change, said, adversarial_table):
    warnings = attack_warnings(adversarial_table(n=30, **change))
    assert len(warnings) == 1
    assert said in warnings[0]
