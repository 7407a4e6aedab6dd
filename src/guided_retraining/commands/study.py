"""A study in the time there is: ``kedro run`` over and over with a growing design."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from guided_retraining.commands.frame import chosen, open_project
from guided_retraining.machine.deadline import Deadline
from guided_retraining.parameters.layers import deep_merge
from guided_retraining.parameters.study import Study, parse_study
from guided_retraining.project.config_loader import project_folder, project_loader
from guided_retraining.sequential.design import full_design
from guided_retraining.sequential.forecast import Pace, first_pace, plan_of
from guided_retraining.sequential.growing import GrowingStudy
from guided_retraining.sequential.loop import grow

__all__ = ["run_stages", "study_of"]


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
    from guided_retraining.machine.limits import one_thread_an_operation

    deadline = Deadline(seconds)
    one_thread_an_operation()
    with open_project(env) as (catalog, configured):
        chosen((name,), configured)
        own: dict[str, Any] = {} if margin is None else {"answer": {"margin": margin}}
        block = deep_merge(project_loader(env)["parameters"][name], own)
        study = parse_study(name, block)

        def run(stages: tuple[str, ...], parameters: Mapping[str, Any]) -> float:
            laid_over = deep_merge(dict(parameters), own)
            return run_stages(name, stages, laid_over, env=env, runner=runner, runner_params=runner_params)

        run(("preprocessing",), {})
        summary = catalog.load(f"{name}.dataset_summary")
        growing = GrowingStudy(
            name=name, block=block, catalog=catalog, full=full_design(study, up_to), n_images=summary["images"],
            run=run, say=say,
        )  # fmt: skip
        return grow(growing, deadline, up_to, lambda: _measured(study, summary))


def _measured(study: Study, summary: Mapping[str, Any]) -> Pace:
    """This machine's pace, from a few seconds of training a model of the study's."""
    from guided_retraining.commands.forecast import at_once, calibrate, model_of

    speed = calibrate(model_of(study, summary), study.training, at_once(study))
    return first_pace(study, plan_of(study, summary["images"]), speed.training)


def run_stages(
    dataset: str,
    stages: Sequence[str],
    parameters: Mapping[str, Any],
    *,
    env: str | None,
    runner: str | None = None,
    runner_params: Mapping[str, Any] | None = None,
) -> float:
    """Run some stages of a data set as ``kedro run`` does.

    Args:
        dataset: its name.
        stages: names of pipelines.
        parameters: laid over the data set's block.
        env: the environment.
        runner: its import path; Kedro's sequential one by default.
        runner_params: its arguments.

    Returns:
        Seconds of the clock.
    """
    from kedro.framework.project import PACKAGE_NAME, pipelines
    from kedro.framework.session import KedroSession
    from kedro.utils import load_obj

    begun = time.monotonic()
    pipelines.configure(f"{PACKAGE_NAME}.pipeline_registry")  # they are built from the parameters
    made = load_obj(runner or "SequentialRunner", "kedro.runner")(**(runner_params or {}))
    with KedroSession.create(
        project_folder(), env=env, runtime_params={dataset: dict(parameters)}
    ) as session:
        session.run(  # type: ignore[call-arg]
            pipeline_names=list(stages), namespaces=[dataset], runner=made
        )
    return time.monotonic() - begun
