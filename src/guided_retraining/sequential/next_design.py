"""From what was found so far to the next design: one replicate to the full depth, then replicate by replicate."""

from __future__ import annotations

from collections.abc import Sequence

from guided_retraining.evaluation.findings import Question
from guided_retraining.evaluation.questions import settled
from guided_retraining.sequential.blocks import Block, last_answered, last_design
from guided_retraining.sequential.design import Budget, Design, FullDesign, by_bisection

__all__ = ["next_design"]


def next_design(full: FullDesign, blocks: Sequence[Block], up_to: int) -> Design | None:
    """The design that tells most next.

    The first replicate begins with one strategy at the whole pool and a quarter of it, goes on with the whole pool of
    all strategies, then with smaller budgets of the best one by bisection. Every further block is a whole replicate,
    with the budgets that can still change the answer. Where something may be decided (``LOOKS``), orderings whose
    question is settled take no part any more, but for random and the one that is recommended.

    Args:
        full: the full design.
        blocks: what was done, in order.
        up_to: replicates, at most.

    Returns:
        None where nothing is open that could change the answer, or there are as many replicates as were asked for.
    """
    design, answered = last_design(blocks), last_answered(blocks)
    if design is None or answered is None:
        start = by_bisection(full.grids[full.first])
        return Design(1, {full.first: () if start is None else (start,)})
    if set(design.budgets) != set(full.grids):
        return Design(1, {name: design.budgets.get(name, ()) for name in full.grids})
    best, questions = answered["strategy"], answered["questions"] or []
    n = design.n_replicates
    if n == 1:
        there = design.budgets[best]
        finer = by_bisection(full.grids[best], there)
        if finer is not None:
            return Design(1, {**design.budgets, best: tuple(sorted([*there, finer]))})
    if n >= up_to or (design.look is not None and settled(questions)):
        return None
    asked = Design.read(answered["design"]).budgets[best]
    budgets = dict.fromkeys(full.grids, ()) | {
        best: _asked(full.grids[best], asked, questions, answered["margin"])
    }
    return Design(n + 1, budgets, _decided(answered))


def _asked(
    grid: tuple[Budget, ...], there: tuple[Budget, ...], questions: Sequence[Question], margin: float
) -> tuple[Budget, ...]:
    """Where each ordering's chain may end, and the next finer budget; a coarser one where none would do."""
    chains: dict[str, list[Question]] = {}
    for question in questions:
        if question["about"] == "budget" and question["metric"] is not None:
            chains.setdefault(question["metric"], []).append(question)  # the largest budget first
    places = [grid.index(budget) for budget in there]
    if not grid:
        return ()
    if not places or not chains:  # a strategy that has just become the best
        start = by_bisection(grid)
        return () if start is None else (start,)
    wanted: set[int] = set()
    for chain in chains.values():
        down = sorted(places, reverse=True)[: len(chain)]
        end = max(down) + 1  # of the whole pool, if no smaller budget would do
        for place, question in zip(down, chain, strict=False):
            if not _would_do(question, margin):
                break
            end = place
        wanted |= {end, end - 1}
        worse = {place for place, one in zip(down, chain, strict=False) if one["verdict"] == "worse"}
        wanted -= {end - 1} & worse
    return tuple(grid[place] for place in sorted(wanted) if 0 <= place < len(grid))


def _would_do(question: Question, margin: float) -> bool:
    if question["verdict"] != "unresolved":
        return question["verdict"] == "equal"
    return question["difference"] is not None and question["difference"] > -margin


def _decided(answered: Block) -> dict[str, dict[str, int]]:
    """Orderings of the best strategy that are settled, and after how many replicates."""
    best = answered["strategy"]
    before = Design.read(answered["design"])
    if before.look is None:
        return before.decided
    now = {
        str(question["metric"]): before.n_replicates
        for question in answered["questions"] or []
        if question["about"] == "ordering"
        and question["verdict"] in ("worse", "equal")
        and question["metric"] != answered["metric"]
    }
    return {best: {**now, **before.decided.get(best, {})}}
