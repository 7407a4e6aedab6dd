"""A study that can be run in any of its smaller designs, and what each takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from guided_retraining.evaluation.looks import LOOKS, level_at
from guided_retraining.parameters.layers import deep_merge
from guided_retraining.parameters.study import Study, parse_study
from guided_retraining.sequential.blocks import Block, block_of, last_design
from guided_retraining.sequential.design import Design, FullDesign, parameters_of
from guided_retraining.sequential.forecast import Pace, plan_of, work_of
from guided_retraining.sequential.words import notes_of

__all__ = ["GrowingStudy"]

PREPARE = ("training", "attack", "metrics")


@dataclass(frozen=True)
class GrowingStudy:
    """A study and what it is run with.

    Attributes:
        name: of the data set.
        block: its parameters before they are typed.
        catalog: of the project.
        full: the full design.
        n_images: clean images of each split.
        run: stages and parameters -> seconds.
        say: shows a line.
    """

    name: str
    block: dict[str, Any]
    catalog: Any
    full: FullDesign
    n_images: Mapping[str, int]
    run: Callable[[tuple[str, ...], Mapping[str, Any]], float]
    say: Callable[[str], None]

    def parameters(self, design: Design, blocks: Sequence[Block] = ()) -> dict[str, Any]:
        """Of a run of a design, laid over the data set's own: at a look, with the look's share of alpha."""
        rule, look = self.own.answer, design.look
        levels = {n: level_at(n, rule.alpha) for n in LOOKS}
        said = {
            "alpha": rule.alpha if look is None else levels[look],
            "notes": notes_of(blocks, look, levels, rule.margin),
        }
        return {**parameters_of(design, self.full), "answer": said}

    @cached_property
    def own(self) -> Study:
        """The typed parameters as they are."""
        return parse_study(self.name, self.block)

    def work(self, design: Design) -> float:
        """Gradient passes of a design's cells."""
        study = parse_study(self.name, deep_merge(self.block, self.parameters(design)))
        return work_of(study, plan_of(study, self.n_images))

    def forecast(self, design: Design, last: Design | None, pace: Pace) -> float:
        """Seconds that a design will take after the one before it."""
        added = design.n_replicates - (last.n_replicates if last else 0)
        return pace.seconds(added, self.added_work(design, last), answered=design.is_answered)

    def added_work(self, design: Design, last: Design | None) -> float:
        """Gradient passes of the cells that a design has and the one before it had not."""
        if last is None:
            return self.work(design)
        both = {
            name: tuple(budget for budget in budgets if budget in last.budgets.get(name, ()))
            for name, budgets in design.budgets.items()
            if name in last.budgets
        }
        shared = Design(last.n_replicates, both, last.decided) if both else None
        return self.work(design) - (0.0 if shared is None else self.work(shared))

    def page(self, change: Callable[[str], str]) -> None:
        """Change the report where it lies."""
        key = f"{self.name}.report"
        if self.catalog.exists(key):
            self.catalog.save(key, change(self.catalog.load(key)))

    def perform(self, design: Design, blocks: Sequence[Block], forecast: float) -> Block:
        """Run a design.

        Args:
            design: which.
            blocks: those before it, whose cells are found finished.
            forecast: seconds that were said.
        """
        last = last_design(blocks)
        parameters = self.parameters(design, blocks)
        seconds = {}
        if last is None or design.n_replicates > last.n_replicates:
            seconds["prepare"] = self.run(PREPARE, parameters)
        seconds["retrain"] = self.run(("ordering_retraining",), parameters)
        found = None
        if design.is_answered:
            seconds["report"] = self.run(("reporting",), parameters)
            found = self.catalog.load(f"{self.name}.answer")
        answered: Mapping[str, Any] = blocks[-1] if found is None else found["recommendation"]["choice"]
        return block_of(
            design,
            answered,
            self.own.answer.margin,
            work=self.added_work(design, last),
            forecast_seconds=forecast,
            seconds=seconds,
            lines=[] if found is None else found["lines"],
            questions=None if found is None else found["questions"],
        )
