"""What was done of a growing study, block by block, as it is kept beside its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from guided_retraining.evaluation.findings import Question
from guided_retraining.parameters.study import Study
from guided_retraining.sequential.design import Design

__all__ = ["Block", "StudyLog", "block_of", "last_answered", "last_design", "made_for", "read_log"]


class Block(TypedDict):
    """One run of a design.

    Attributes:
        design: as ``Design.plain``.
        look: the number of replicates, where something was decided.
        work: gradient passes that the block added, as planned.
        forecast_seconds: said before it began.
        seconds: of the clock, by part: ``prepare`` (models, attacks, scores), ``retrain``, ``report``.
        lines: the answer after it; empty where none was made.
        strategy: the configuration that the answer is about.
        metric: that it recommends; None where it recommends none.
        margin: within which a difference counts as none.
        questions: what is settled and open; None where the answer was not made anew.
    """

    design: dict[str, Any]
    look: int | None
    work: float
    forecast_seconds: float
    seconds: dict[str, float]
    lines: list[str]
    strategy: str
    metric: str | None
    margin: float
    questions: list[Question] | None


class StudyLog(TypedDict):
    """The blocks of one study, and the parameters that they were made with."""

    made_for: dict[str, Any]
    blocks: list[Block]


def block_of(design: Design, answered: Mapping[str, Any], margin: float, **done: Any) -> Block:
    """A block, with what was not done left empty.

    Args:
        design: that ran.
        answered: ``strategy`` and ``metric``: the choice made after it, or the block before it.
        margin: within which a difference counts as none.
        done: other entries of the block.
    """
    block = Block(
        design=design.plain(),
        look=design.look,
        work=0.0,
        forecast_seconds=0.0,
        seconds={},
        lines=[],
        strategy=answered["strategy"],
        metric=answered["metric"],
        margin=margin,
        questions=None,
    )
    return Block(**{**block, **done})  # type: ignore[typeddict-item]


def last_design(blocks: Sequence[Block]) -> Design | None:
    """The design of the last block; None before the first.

    Args:
        blocks: in order.
    """
    return Design.read(blocks[-1]["design"]) if blocks else None


def last_answered(blocks: Sequence[Block]) -> Block | None:
    """The last block after which the answer was made anew; None before the first.

    Args:
        blocks: in order.
    """
    return next((block for block in reversed(blocks) if block["questions"] is not None), None)


def made_for(study: Study) -> dict[str, Any]:
    """The parameters that a log is about: all but the number of replicates, which grows.

    Args:
        study: its parameters.
    """
    return study.model_dump(mode="json", exclude={"replicates"})


def read_log(kept: Mapping[str, Any] | None, study: Study) -> tuple[StudyLog, bool]:
    """The log of a study, or an empty one.

    Args:
        kept: what lies in the catalog.
        study: its parameters now.

    Returns:
        The log, and whether one of other parameters was put aside: its looks said nothing about this study.
    """
    asked = made_for(study)
    if kept is None:
        return StudyLog(made_for=asked, blocks=[]), False
    if kept["made_for"] != asked:
        return StudyLog(made_for=asked, blocks=[]), bool(kept["blocks"])
    blocks: Sequence[Block] = kept["blocks"]
    return StudyLog(made_for=asked, blocks=list(blocks)), False
