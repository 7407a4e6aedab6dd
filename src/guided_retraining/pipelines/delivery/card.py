"""The card that goes with the hardened model's file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from guided_retraining.evaluation.delivered import Delivered
from guided_retraining.machine.versions import versions
from guided_retraining.parameters.blocks import (
    AttackParameters,
    ModelParameters,
    RetrainingParameters,
    SourceParameters,
)
from guided_retraining.pipelines.delivery.uses import attack_uses


def write_card(
    checked: Delivered,
    answer: dict[str, Any],
    dataset_summary: dict[str, Any],
    source: SourceParameters,
    model: ModelParameters,
    attack: AttackParameters,
    study: RetrainingParameters,
    parameters: dict[str, Any],
) -> list[str]:
    """The card that goes with the hardened model's file.

    Args:
        checked: what was measured of the file.
        answer: what to do.
        dataset_summary: from preprocessing.
        source: where the images come from.
        model: what was hardened.
        attack: the study's attacks.
        study: which attacks are made anew.
        parameters: of the run, by data set.

    Returns:
        One text, Markdown; none where there is no file.
    """
    from guided_retraining.readers import READERS
    from guided_retraining.report.card import CardContext, render_card

    if checked["cell"] is None:
        return []
    recommendation = answer["recommendation"]
    dataset = recommendation["dataset"]
    context = CardContext(
        recommendation=recommendation,
        lines=answer["lines"],
        checked=checked,
        origin=f"the model file {Path(model.path).name}"
        if model.path
        else f"architecture {model.architecture}",
        summary=dataset_summary,
        terms=READERS[source.reader].source,
        attacks=attack_uses(attack.attacks, study.reattack),
        parameters={dataset: _as_given(parameters[dataset])},
        versions=versions(),
        created=datetime.now().astimezone().strftime("%Y-%m-%d"),
    )
    return [render_card(context)]


def _as_given(value: Any) -> Any:
    """Parameters as YAML had them; Kedro replaces those that a node declares a type for."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    if isinstance(value, dict):
        return {key: _as_given(one) for key, one in value.items()}
    return [_as_given(one) for one in value] if isinstance(value, list | tuple) else value
