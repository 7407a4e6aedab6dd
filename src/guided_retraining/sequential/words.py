"""What a growing study says: its plan, each block, what is settled and open, and the truth beside the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from guided_retraining.evaluation.advice import replicates_text
from guided_retraining.evaluation.findings import Question
from guided_retraining.evaluation.looks import LOOKS, next_look
from guided_retraining.evaluation.wording import metric_name, points, signed_points
from guided_retraining.machine.progress import duration
from guided_retraining.report.questions import question_words
from guided_retraining.sequential.blocks import Block
from guided_retraining.sequential.design import Budget, Design

__all__ = ["budget_words", "design_words", "notes_of", "plan_lines", "settled_and_open", "truth_lines"]


def design_words(design: Design, before: Design | None = None) -> str:
    """A design in words.

    Args:
        design: which.
        before: the one before it, to say what is new.

    >>> design_words(Design(1, {"config_2": (0.25,)}))
    '1 replicate; config_2 at 25 % and the whole pool'
    """
    replicates = replicates_text(design.n_replicates)
    smaller = {name: budgets for name, budgets in design.budgets.items() if budgets}
    at = [
        f"{name} at {', '.join(budget_words(budget) for budget in budgets)} and the whole pool"
        for name, budgets in smaller.items()
    ]
    rest = len(design.budgets) - len(smaller)
    if rest:
        plural = "configuration" if rest == 1 else "configurations"
        at.append(f"{rest} {'other ' if smaller else ''}{plural} at the whole pool alone")
    if before is not None and before.n_replicates == design.n_replicates:
        replicates = f"the same {replicates}"
    settled = sorted({metric for row in design.decided.values() for metric in row})
    without = f"; without {', '.join(metric_name(metric) for metric in settled)}" if settled else ""
    return f"{replicates}; {'; '.join(at)}{without}"


def plan_lines(
    name: str, rows: Sequence[tuple[Design, float]], left: float | None, before: Design | None
) -> list[str]:
    """What will be done in the time there is, and what will not.

    Args:
        name: of the data set.
        rows: designs to come with the seconds that each is expected to take.
        left: seconds that there are; None for no limit.
        before: the last design that was done.
    """
    total, lines, fits = 0.0, [], True
    for design, seconds in rows:
        total += seconds
        if fits and left is not None and total > left:
            fits = False
            lines.append(f"  not within the {duration(left)} that there are:")
        look = "" if design.look is None else f"; look {_place(design.look)}"
        lines.append(f"  after {duration(total)}: {design_words(design, before)}{look}")
        before = design
    head = f"{name}: at most {len(rows)} more designs, about {duration(total)} in all if nothing is settled earlier"
    return [f"{head}:", *lines] if rows else []


def _known(question: Question) -> str:
    """A question with what is known of it."""
    bounds = ""
    if question["low"] is not None and question["high"] is not None:
        bounds = f", {signed_points(question['low'], unit=False)} to {signed_points(question['high'])}"
    return f"{question_words(question, {})}: {signed_points(question['difference'])}{bounds}"


def settled_and_open(name: str, block: Block) -> list[str]:
    """After a block: the answer's first line, and how many questions are settled.

    Args:
        name: of the data set.
        block: that was done.
    """
    if block["questions"] is None:
        n = block["design"]["n_replicates"]
        return [f"{name}: {n} replicates; the answer waits for the next look, at {next_look(n)}"]
    open_ones = [one for one in block["questions"] if one["open"]]
    head = f"{name}: so far: {block['lines'][0]}"
    if block["look"] is None:
        return [head, f"  describes {replicates_text(block['design']['n_replicates'])} and shows nothing yet"]
    lines = [head, f"  settled {len(block['questions']) - len(open_ones)}, open {len(open_ones)}"]
    return lines + [f"  open: {_known(one)}" for one in open_ones]


def _place(look: int) -> str:
    return f"{LOOKS.index(look) + 1} of {len(LOOKS)}"


def truth_lines(name: str, blocks: Sequence[Block], stopped: str, *, settled: bool) -> list[str]:
    """At the end: plan and truth of each block side by side, and how to go on.

    Args:
        name: of the data set.
        blocks: done by this command.
        stopped: why it went no further; empty where there was nothing more to do.
        settled: whether nothing is open.
    """
    lines = [f"{name}: planned and taken:"] if blocks else []
    for block in blocks:
        taken = sum(block["seconds"].values())
        said = block["forecast_seconds"]
        lines.append(
            f"  {design_words(Design.read(block['design']))}: {duration(said)} planned, {duration(taken)} taken"
        )
    if stopped:
        return [*lines, f"{name}: stopped: {stopped}; the same command goes on from there"]
    end = "the answer is settled" if settled else "not settled with as many replicates as were asked for"
    return [*lines, f"{name}: {end}"]


def decided_words(blocks: Sequence[Block], margin: float) -> list[str]:
    """Orderings that take no part any more: what was shown, and with how many replicates.

    Args:
        blocks: in order.
        margin: within which a difference counts as none.
    """
    said: dict[str, str] = {}
    verdicts = {"worse": "worse than random", "equal": f"equal to random within {points(margin)}"}
    for block in blocks:
        for question in block["questions"] or [] if block["look"] else []:
            if question["about"] == "ordering" and question["verdict"] in verdicts:
                name = metric_name(question["metric"])
                said.setdefault(
                    name,
                    f"{name} is {verdicts[question['verdict']]} on validation data, as {block['look']} replicates "
                    "settled; its figures are of those.",
                )
    return list(said.values())


def budget_words(budget: Budget) -> str:
    """A budget as a share of the pool, or as a number of inputs.

    Args:
        budget: of a grid.
    """
    return f"{100 * budget:.3g} %" if isinstance(budget, float) else f"{budget:,}"


def notes_of(
    blocks: Sequence[Block], look: int | None, levels: Mapping[int, float], margin: float
) -> list[str]:
    """Sentences for the report of a design: how often was looked, at which level, what takes no part any more.

    Args:
        blocks: done before it.
        look: the number of replicates where something is decided now; None else.
        levels: error rate of each look.
        margin: within which a difference counts as none.
    """
    if look is None:
        return ["A first description of a study that goes on: with so few replicates nothing is shown."]
    return [
        f"Look {_place(look)} at a study that grows: error rates and intervals are those of this look, "
        f"{100 * levels[look]:.2g} %, so that all looks together keep to {100 * sum(levels.values()):.2g} %.",
        *decided_words(blocks, margin),
    ]
