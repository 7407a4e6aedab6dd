"""The card of the hardened model: what it is, what was measured of it, what it is not, and how to make it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from guided_retraining.evaluation.advice import what_was_done
from guided_retraining.evaluation.answer import interval_text
from guided_retraining.evaluation.delivered import AttackUse, Delivered
from guided_retraining.evaluation.findings import Interval, Recommendation
from guided_retraining.evaluation.wording import attack_name, number, percent

__all__ = ["CardContext", "render_card"]

KINDS = ("clean", "robust", "unseen", "replayed")  # columns of the card's table, where they were measured


@dataclass(frozen=True, kw_only=True)
class CardContext:
    """What the card is made from.

    Attributes:
        recommendation: from ``recommend``.
        lines: the answer in three lines.
        checked: what was measured of the file.
        origin: what was hardened, in words.
        summary: of the data set: ``class_names``, ``image_shape``, ``images`` of each split, ``notes``.
        terms: where the images come from, and under which terms.
        attacks: of the study.
        parameters: of the run, under the data set's name.
        versions: of Python, libraries and this project, and the machine.
        created: when, as text.
    """

    recommendation: Recommendation
    lines: Sequence[str]
    checked: Delivered
    origin: str
    summary: Mapping[str, Any]
    terms: str
    attacks: Sequence[AttackUse]
    parameters: Mapping[str, Any]
    versions: Mapping[str, str]
    created: str


def render_card(context: CardContext) -> str:
    """Make the model card: Markdown with the YAML front matter that model hubs read.

    Args:
        context: of a model that was delivered.

    Returns:
        The card as text, to be written as UTF-8.
    """
    c, checked = context, context.checked
    environment = Environment(  # Markdown: what a user named is made plain by the filter, not by HTML's escapes
        loader=PackageLoader("guided_retraining.report", ""), autoescape=False, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"plain": plain, "percent": percent, "number": number, "attack": attack_name}
    kinds = {kind: _heading(kind, c.recommendation) for kind in KINDS if kind in checked["accuracy"]}
    study = c.recommendation["models"]["recommended"]["accuracy"]
    rows = {
        "**this file**": checked["accuracy"],
        "the same replicate's model before hardening": checked["original"],
        f"the study, mean of {c.recommendation['choice']['n_replicates']} such models": study,
    }
    assert checked["cell"] is not None  # asked for by the caller: there is no card without a file
    card: str = environment.get_template("card.md.j2").render(
        c=c,
        checked=checked,
        metadata=yaml.safe_dump(_metadata(c, kinds), sort_keys=False, allow_unicode=True, width=1000),
        dataset=c.recommendation["dataset"],
        done=what_was_done(c.recommendation),
        headings=list(kinds.values()),
        rows={name: [interval_text(row.get(kind)) for kind in kinds] for name, row in rows.items()},
        confidence=percent(c.recommendation["confidence"], 0),
        withstood=[one for one in c.attacks if "robust accuracy" in one["uses"]],
        parameters=yaml.safe_dump(dict(c.parameters), sort_keys=False, allow_unicode=True),
    )
    return card


def plain(text: object) -> str:
    """A text that a user gave, so that Markdown and HTML see nothing but letters in it.

    Args:
        text: anything; what it looks like as text.

    Returns:
        One line.

    >>> plain("a|b <i>*c*</i>")
    'a\\\\|b &lt;i&gt;\\\\*c\\\\*&lt;/i&gt;'
    """
    flat = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{letter}" if letter in "\\`*_|[]#" else letter for letter in flat)


def _heading(kind: str, recommendation: Recommendation) -> str:
    attacks = recommendation["attacks"].get(kind)
    return f"{kind} ({', '.join(attack_name(one) for one in attacks)})" if attacks else kind


def _metadata(c: CardContext, kinds: Mapping[str, str]) -> dict[str, Any]:
    """The front matter; keys are the hubs'."""
    dataset = c.recommendation["dataset"]
    measured: Mapping[str, Interval] = c.checked["accuracy"]
    metrics = [
        {"type": "accuracy", "name": f"accuracy, {heading}", "value": measured[kind]["mean"]}
        for kind, heading in kinds.items()
    ]
    result = {
        "task": {"type": "image-classification"},
        "dataset": {"name": dataset, "type": dataset, "split": "test"},
        "metrics": metrics,
    }
    return {
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "license": "unknown",
        "tags": ["adversarial-robustness", "guided-retraining"],
        "model-index": [{"name": f"{dataset}-hardened", "results": [result]}],
    }
