"""The hardened model's card: hubs can read it, nothing in it is empty, and names that users give stay names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from huggingface_hub import ModelCard

from guided_retraining.evaluation import answer_lines
from guided_retraining.evaluation.delivered import (
    AttackUse,
    Delivered,
    accuracies_with_intervals,
    cell_to_deliver,
)
from guided_retraining.evaluation.forgetting import forgetting
from guided_retraining.report.card import CardContext, plain, render_card
from made_up_page import context_of

STUDY = ("robust", "replicates", "configurations")  # of what is made up
N_IMAGES = {"clean": 500, "robust": 400, "unseen": 400, "replayed": 90}


def card_of(class_names: Sequence[str] = tuple("abcdefghij"), **changed: Any) -> str:
    """The card of a made-up study's recommended model."""
    page = context_of(**{key: changed.pop(key) for key in STUDY if key in changed})
    recommendation, results = page.recommendation, page.results
    cell = cell_to_deliver(recommendation, results)
    assert cell is not None
    same = results["configuration"] == cell["configuration"]
    row = results[same & (results["n_inputs"] == cell["n_inputs"])].iloc[0].dropna()
    right = np.arange(500) % 7 > 0
    checked = Delivered(
        lines=["checked"],
        cell=cell,
        accuracy=accuracies_with_intervals(row.to_dict(), N_IMAGES, 0.95),
        original=accuracies_with_intervals({"accuracy_clean": 0.97, "accuracy_robust": 0.1}, N_IMAGES, 0.95),
        deviations=changed.pop("deviations", {}),
        forgetting=forgetting(pd.DataFrame([right]), pd.DataFrame([~right]), np.arange(500) % 10),
        model={"parameters": 40_042, "input_shape": [8, 8, 1], "input_range": "0..255", "output": "softmax"},
        fingerprints={"model": "a" * 32, "made_from": "b" * 32},
    )
    given = {
        "recommendation": recommendation, "lines": answer_lines(recommendation), "checked": checked,
        "origin": "architecture digits", "terms": "UCI, CC BY 4.0",
        "summary": {
            "class_names": class_names, "image_shape": [8, 8, 1], "images": {"train": 900, "test": 500}, "notes": ["n"],
        },
        "attacks": [
            AttackUse(name="bim", norm="Linf", eps=0.1, uses=["robust accuracy"], parameters={"eps": 0.1}),
            AttackUse(name="deepfool", norm=None, eps=None, uses=["retraining inputs"], parameters={}),
        ],
        "parameters": {"digits": {"seed": 0, "training": {"epochs": 3}}},
        "versions": {"python": "3.11.0", "guided-retraining": "0.1.0"}, "created": "2026-01-01",
    }  # fmt: skip
    return render_card(CardContext(**{**given, **changed}))


def headings_without_text(card: str) -> list[str]:
    """Headings that another heading or the end of the card follows at once."""
    body = re.sub(r"```.*?```", "code", card, flags=re.DOTALL)
    parts = re.split(r"^(#+ .*)$", body, flags=re.MULTILINE)
    return [head for head, text in zip(parts[1::2], parts[2::2], strict=True) if not text.strip()]


def test_the_card_says_how_the_model_was_hardened() -> None:
    plain_way = (
        r"retrained under config\\_1 \(fresh weights, clean \+ adversarial pool\) on [\d,]+ inputs\. Made"
    )
    assert re.search(plain_way, card_of())
    made = card_of(configurations=("config_2", "config_4"))
    assert (
        "hardened by adversarial training (FGSM with a random start, eps 0.15) from fresh weights, showing "
        in made
    )
    assert "retrained under" not in made


def test_a_hub_reads_the_metadata_and_the_figures_in_it() -> None:
    card = ModelCard(card_of())
    assert card.data.library_name == "keras"
    assert card.data.pipeline_tag == "image-classification"
    assert card.data.model_name == "digits-hardened"
    results = {one.metric_name: one.metric_value for one in card.data.eval_results}
    assert set(results) >= {"accuracy, clean", "accuracy, robust (FGSM, BIM)", "accuracy, unseen (APGD-CE)"}
    assert all(0 < value < 1 for value in results.values())
    assert {one.dataset_name for one in card.data.eval_results} == {"digits"}
    assert {one.dataset_split for one in card.data.eval_results} == {"test"}


@pytest.mark.parametrize("case", [{}, {"robust": False}, {"replicates": (0, 1)}, {"attacks": []}])
def test_no_heading_is_empty_and_nothing_is_left_undefined(case: dict[str, Any]) -> None:
    card = card_of(**case)
    assert headings_without_text(card) == []
    assert not re.search(r"\b(None|nan|Undefined)\b", card)
    assert not re.search(r"[{}]{2}|{%", card)
    for line in re.findall(r"^\|.*", card, re.MULTILINE):
        assert line.endswith("|"), line


def test_every_table_has_as_many_cells_in_each_row_whatever_users_call_their_classes() -> None:
    names = [
        "a|b",
        "<script>alert(1)</script>",
        "`code`",
        "# head",
        "line\nbreak",
        "[x](y)",
        "*",
        "_u_",
        "\\",
        "ü",
    ]
    card = card_of(class_names=names)
    assert "<script>" not in card
    tables = re.findall(r"(?:^\|.*\n)+", card, re.MULTILINE)
    assert len(tables) >= 4
    for table in tables:
        widths = {len(re.split(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table
    assert ModelCard(card).data.library_name == "keras"


def test_limits_say_what_the_attacks_were_and_what_they_were_not() -> None:
    limits = card_of().partition("## Limits")[2].partition("##")[0]
    assert "BIM (Linf, eps 0.1)" in limits
    assert "DeepFool" not in limits
    assert "says nothing of larger changes" in limits
    none = card_of(attacks=[]).partition("## Limits")[2].partition("##")[0]
    assert "how hard it is to fool is not known" in none


def test_a_file_that_measures_otherwise_says_by_how_much() -> None:
    assert "to the last bit" in card_of()
    card = card_of(deviations={"accuracy_clean": -0.013, "accuracy_robust": 0.002})
    assert "differs from the study's own model by up to 1.3 %" in card
    assert "to the last bit" not in card


def test_plain_text_stays_as_it_was_once_markdown_is_read() -> None:
    assert plain("config_1 [a, b]") == "config\\_1 \\[a, b\\]"
    assert plain("two\n lines & <b>") == "two lines &amp; &lt;b&gt;"
