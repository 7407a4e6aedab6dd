"""What a row of a registry says is what the report shows: names, colours, glossary, words of configurations."""

from __future__ import annotations

from dataclasses import replace

import pytest
from matplotlib.colors import to_hex

import made_up_page
from guided_retraining.evaluation.outcomes import OUTCOMES, Outcome
from guided_retraining.evaluation.wording import attack_name, configurations_in_words
from guided_retraining.guidance import METRICS, Metric
from guided_retraining.report import accuracy_curves, render_page
from made_up_page import context_of

SIZE = Metric(
    "size", "activation size", lambda trace: trace.activations.sum(axis=1), ("activations",), "made up here",
    "How large an input's activations are.", "#123456", "8", ":",
)  # fmt: skip
CORRUPTED = Outcome("corrupted", "corrupted", "Test images with fog and noise", "Accuracy in bad weather.")


def test_a_metric_of_one_row_is_in_the_legend_and_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS, "size", SIZE)
    context = context_of(metrics=("size", "random"))
    (legend,) = accuracy_curves(context.results).legends
    drawn = dict(zip([text.get_text() for text in legend.get_texts()], legend.get_lines(), strict=True))
    line = drawn["activation size"]
    assert (to_hex(line.get_color()), line.get_marker(), line.get_linestyle()) == ("#123456", "8", ":")
    page = render_page(context)
    assert "<dt>activation size</dt><dd>How large an input&#39;s activations are.</dd>" in page
    assert "<dt>LSA</dt>" not in page, "the glossary holds the metrics of the study"


def test_a_kind_of_accuracy_of_one_row_has_its_figure_table_and_glossary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(OUTCOMES, "corrupted", CORRUPTED)
    context = context_of()
    results = context.results.assign(accuracy_corrupted=context.results["accuracy_clean"] - 0.1)
    assert "corrupted" not in render_page(context), "what was not measured is not spoken of"
    page = render_page(replace(context, results=results))
    assert "Test images with fog and noise" in page
    assert "<dt>Accuracy, corrupted</dt><dd>Accuracy in bad weather.</dd>" in page
    figure = accuracy_curves(results, outcomes=("robust", "corrupted"))
    assert "corrupted accuracy" in [axes.get_ylabel() for axes in figure.axes]


def test_the_report_says_what_configurations_do_whatever_their_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    words = configurations_in_words(
        {
            "config_1": {"start": "original", "pool": "adversarial"},
            "config_2": {"start": "fresh", "pool": "all", "training": {"epochs": 3}},
            "config_3": {"start": "fresh", "pool": "adversarial", "keep_clean": True},
        }
    )
    monkeypatch.setattr(made_up_page, "WORDS", words)
    monkeypatch.setattr(made_up_page, "MADE", {})
    page = render_page(context_of())
    for said in ("config_1 (original weights, adversarial pool only)", *words.values()):
        assert said in page
    assert "config_1 (fresh weights" not in page


def test_the_ensemble_is_not_called_by_the_name_of_a_stronger_one() -> None:
    assert attack_name("auto_attack") == "APGD-CE + APGD-DLR + Square"
