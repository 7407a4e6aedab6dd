"""The designs that a study will probably go through, before it is known what they will show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from guided_retraining.evaluation.findings import Question
from guided_retraining.sequential.blocks import Block, block_of, last_answered
from guided_retraining.sequential.design import Design, FullDesign
from guided_retraining.sequential.next_design import next_design

__all__ = ["projected"]

NOT_SETTLED = Question(
    about="retraining", configuration="", metric=None, n_inputs=None, difference=None, low=None, high=None,
    verdict="unresolved", open=True,
)  # fmt: skip


def projected(full: FullDesign, blocks: Sequence[Block], up_to: int) -> list[Design]:
    """The designs still to come if nothing is settled before the last look and the best strategy stays the best.

    Args:
        full: the full design.
        blocks: what was done.
        up_to: replicates, at most.
    """
    done, found = list(blocks), []
    while (design := next_design(full, done, up_to)) is not None:
        found.append(design)
        last: Mapping[str, Any] = done[-1] if done else {"strategy": full.first, "metric": None}
        said = last_answered(done)
        known = [] if said is None else said["questions"] or []
        questions = [*known, NOT_SETTLED] if design.is_answered else None
        done.append(block_of(design, last, done[-1]["margin"] if done else 0.0, questions=questions))
    return found
