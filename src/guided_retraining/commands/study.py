"""A study in the time there is: ``kedro run`` over and over with a growing design, and what is settled after each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guided_retraining.commands.running import Deadline, run_stages
from guided_retraining.evaluation.looks import LOOKS, level_at
from guided_retraining.evaluation.questions import settled
from guided_retraining.machine.progress import duration
from guided_retraining.parameters.study import Study, parse_study
from guided_retraining.project.config_loader import deep_merge, project_loader
from guided_retraining.sequential.blocks import Block, read_log
from guided_retraining.sequential.design import Design, FullDesign, full_design, parameters_of
from guided_retraining.sequential.forecast import Pace, first_pace, pace_of, work_of
from guided_retraining.sequential.next_design import next_design
from guided_retraining.sequential.projection import is_answered, projected
from guided_retraining.sequential.words import (
    design_words,
    notes_of,
    plan_lines,
    settled_and_open,
    truth_lines,
)

__all__ = ["GrowingStudy", "grow", "study_of"]

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
        rule = self.study(None).answer
        look = design.n_replicates if design.n_replicates in LOOKS else None
        levels = {n: level_at(n, rule.alpha) for n in LOOKS}
        said = {
            "alpha": rule.alpha if look is None else levels[look],
            "notes": notes_of(blocks, look, levels, rule.margin),
        }
        return {**parameters_of(design, self.full), "answer": said}

    def study(self, design: Design | None) -> Study:
        """The typed parameters, of a design or as they are."""
        above = {} if design is None else self.parameters(design)
        return parse_study(self.name, deep_merge(self.block, above))

    def work(self, design: Design) -> float:
        """Gradient passes of a design's cells."""
        return work_of(self.study(design), self.n_images)

    def forecast(self, design: Design, last: Design | None, pace: Pace) -> float:
        """Seconds that a design will take after the one before it."""
        added = design.n_replicates - (last.n_replicates if last else 0)
        return pace.seconds(added, self.added_work(design, last), answered=is_answered(design))

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

    def perform(self, design: Design, blocks: Sequence[Block], forecast: float) -> Block:
        """Run a design.

        Args:
            design: which.
            blocks: those before it, whose cells are found finished.
            forecast: seconds that were said.
        """
        before = blocks[-1] if blocks else None
        last = None if before is None else Design.read(before["design"])
        parameters = self.parameters(design, blocks)
        seconds = {}
        if last is None or design.n_replicates > last.n_replicates:
            seconds["prepare"] = self.run(PREPARE, parameters)
        seconds["retrain"] = self.run(("ordering_retraining",), parameters)
        found = None
        if is_answered(design):
            seconds["report"] = self.run(("reporting",), parameters)
            found = self.catalog.load(f"{self.name}.answer")
        choice = before if found is None else found["recommendation"]["choice"]
        assert choice is not None  # the first design is answered
        return Block(
            design=design.plain(),
            look=design.n_replicates if design.n_replicates in LOOKS else None,
            work=self.added_work(design, last),
            forecast_seconds=forecast,
            seconds=seconds,
            lines=[] if found is None else found["lines"],
            strategy=choice["strategy"],
            metric=choice["metric"],
            margin=self.study(None).answer.margin,
            questions=None if found is None else found["questions"],
        )


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
    log, put_aside = read_log(kept, growing.study(None))
    blocks = log["blocks"]
    if put_aside:
        say(f"{name}: parameters have changed, so its looks begin anew; finished models are found again")
    start = first() if not blocks else Pace(0.0, 0.0, 0.0)
    _each(say, _plan(growing, blocks, pace_of(blocks, start), deadline, up_to))
    done_before, stopped = len(blocks), ""
    while (design := next_design(growing.full, blocks, up_to)) is not None:
        last = Design.read(blocks[-1]["design"]) if blocks else None
        seconds = growing.forecast(design, last, pace_of(blocks, start))
        left = deadline.left()
        said = f"{design_words(design, last)}, about {duration(seconds)}"
        if left is not None and seconds > left and blocks:
            stopped = f"next: {said}, and {duration(left)} are left"
            break
        say(f"{name}: {said}")
        try:
            with deadline.watched():
                block = growing.perform(design, blocks, seconds)
        except KeyboardInterrupt:
            if not deadline.reached:
                raise
            stopped = "the time was over before the block was; its finished models are kept"
            break
        blocks.append(block)
        growing.catalog.save(key, log)
        _each(say, settled_and_open(name, block))
    is_settled = bool(blocks) and blocks[-1]["look"] is not None and settled(blocks[-1]["questions"] or [])
    if blocks and blocks[-1]["look"] is not None and not deadline.reached:
        _deliver(growing, Design.read(blocks[-1]["design"]), blocks, deadline)
    _each(say, truth_lines(name, blocks[done_before:], stopped, settled=is_settled))
    return is_settled


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
    last = before = Design.read(blocks[-1]["design"]) if blocks else None
    rows = []
    for design in projected(growing.full, blocks, up_to):
        rows.append((design, growing.forecast(design, last, pace)))
        last = design
    return plan_lines(growing.name, rows, deadline.left(), before)


def study_of(
    name: str,
    env: str | None,
    *,
    seconds: float | None,
    up_to: int,
    margin: float | None,
    runner: str | None,
    runner_params: Mapping[str, Any],
    say: Callable[[str], None],
) -> bool:
    """A growing study of a configured data set, from preprocessing to the hardened model.

    Args:
        name: of the data set.
        env: the environment.
        seconds: of the clock, at most; None for no end.
        up_to: replicates, at most.
        margin: within which a difference counts as none; None for the data set's own.
        runner: import path of a Kedro runner.
        runner_params: its arguments.
        say: shows a line.

    Returns:
        Whether the answer is settled.
    """
    from guided_retraining.commands.frame import chosen, open_project
    from guided_retraining.machine.limits import one_thread_an_operation

    deadline = Deadline(seconds)
    one_thread_an_operation()
    with open_project(env) as (catalog, configured):
        chosen((name,), configured)
        block = deep_merge(
            project_loader(env)["parameters"][name], {} if margin is None else {"answer": {"margin": margin}}
        )
        study = parse_study(name, block)

        def run(stages: tuple[str, ...], parameters: Mapping[str, Any]) -> float:
            laid_over = deep_merge(dict(parameters), {} if margin is None else {"answer": {"margin": margin}})
            return run_stages(name, stages, laid_over, env=env, runner=runner, runner_params=runner_params)

        run(("preprocessing",), {})
        summary = catalog.load(f"{name}.dataset_summary")
        growing = GrowingStudy(
            name=name, block=block, catalog=catalog, full=full_design(study, up_to), n_images=summary["images"],
            run=run, say=say,
        )  # fmt: skip
        is_settled = grow(growing, deadline, up_to, lambda: _measured(study, summary))
        return is_settled


def _measured(study: Study, summary: Mapping[str, Any]) -> Pace:
    """This machine's pace, from a few seconds of training a model of the study's."""
    from guided_retraining.commands.forecast import calibrate
    from guided_retraining.machine.backend import side_by_side
    from guided_retraining.models.architectures import build_model
    from guided_retraining.models.loading import load_model

    shape, classes = tuple(summary["image_shape"]), len(summary["class_names"])
    if study.model.path:
        model = load_model(Path(study.model.path))
    else:
        model = build_model(str(study.model.architecture), shape, classes, seed=study.seed)
    speed = calibrate(model, study.training, study.ordering_retraining.fits_at_once or side_by_side())
    return first_pace(study, summary["images"], speed.training)
