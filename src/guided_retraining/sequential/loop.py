"""One design after another, until nothing is open or the time is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from guided_retraining.evaluation.questions import settled
from guided_retraining.machine.deadline import Deadline
from guided_retraining.machine.progress import duration
from guided_retraining.report.reload import with_reload, without_reload
from guided_retraining.sequential.blocks import Block, StudyLog, last_design, read_log
from guided_retraining.sequential.design import Design
from guided_retraining.sequential.forecast import Pace, pace_of
from guided_retraining.sequential.growing import GrowingStudy
from guided_retraining.sequential.next_design import next_design
from guided_retraining.sequential.projection import projected
from guided_retraining.sequential.view import StudyView
from guided_retraining.sequential.words import design_words, plan_lines, settled_and_open, truth_lines

__all__ = ["grow"]


def grow(growing: GrowingStudy, deadline: Deadline, up_to: int, first: Callable[[], Pace]) -> bool:
    """Run one design after another until nothing is open or the time is over.

    Args:
        growing: the study.
        deadline: of the clock.
        up_to: replicates, at most.
        first: measures this machine; asked for where no block was done yet.

    Returns:
        Whether the answer is settled.
    """
    name, say = growing.name, growing.say
    key = f"{name}.study_log"
    kept = growing.catalog.load(key) if growing.catalog.exists(key) else None
    log, put_aside = read_log(kept, growing.own)
    blocks = log["blocks"]
    if put_aside:
        say(f"{name}: parameters have changed, so its looks begin anew; finished models are found again")
    start = first() if not blocks else Pace(0.0, 0.0, 0.0)
    _each(say, _plan(growing, blocks, pace_of(blocks, start), deadline, up_to))
    done_before = len(blocks)
    try:
        stopped = _blocks(growing, log, deadline, up_to, start)
    finally:
        growing.page(without_reload)
    last = last_design(blocks)
    looked = last is not None and last.look is not None
    is_settled = looked and settled(blocks[-1]["questions"] or [])
    if last is not None and looked and not deadline.reached:
        _deliver(growing, last, blocks, deadline)
    _each(say, truth_lines(name, blocks[done_before:], stopped, settled=is_settled))
    return is_settled


def _blocks(growing: GrowingStudy, log: StudyLog, deadline: Deadline, up_to: int, start: Pace) -> str:
    """Block after block; why it went no further, empty where there was nothing more to do."""
    name, say, blocks = growing.name, growing.say, log["blocks"]
    view = StudyView(name, growing.full, deadline.left)
    while (design := next_design(growing.full, blocks, up_to)) is not None:
        last = last_design(blocks)
        seconds = growing.forecast(design, last, pace_of(blocks, start))
        left = deadline.left()
        said = f"{design_words(design, last)}, about {duration(seconds)}"
        if left is not None and seconds > left and blocks:
            return f"next: {said}, and {duration(left)} are left"
        say(f"{name}: {said}")
        try:
            with deadline.watched(), view.of(design, blocks, seconds):
                block = growing.perform(design, blocks, seconds)
        except KeyboardInterrupt:
            if not deadline.reached:
                raise
            return "the time was over before the block was; its finished models are kept"
        blocks.append(block)
        growing.catalog.save(f"{name}.study_log", log)
        growing.page(with_reload)
        _each(say, settled_and_open(name, block))
    return ""


def _deliver(growing: GrowingStudy, design: Design, blocks: Sequence[Block], deadline: Deadline) -> None:
    """The hardened model of the answer that holds now, as far as the time allows."""
    try:
        with deadline.watched():
            growing.run(("delivery",), growing.parameters(design, blocks[:-1]))
    except KeyboardInterrupt:
        if not deadline.reached:
            raise
        growing.say(
            f"{growing.name}: the time was over before the hardened model was checked; the same command goes on"
        )


def _each(say: Callable[[str], None], lines: Sequence[str]) -> None:
    for line in lines:
        say(line)


def _plan(
    growing: GrowingStudy, blocks: Sequence[Block], pace: Pace, deadline: Deadline, up_to: int
) -> list[str]:
    last = before = last_design(blocks)
    rows = []
    for design in projected(growing.full, blocks, up_to):
        rows.append((design, growing.forecast(design, last, pace)))
        last = design
    return plan_lines(growing.name, rows, deadline.left(), before)
