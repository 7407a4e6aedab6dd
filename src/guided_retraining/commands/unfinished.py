"""What an unfinished study still lacks, and about how long that takes: told to whoever asks for its results."""

from __future__ import annotations

from kedro.io import CatalogProtocol

from guided_retraining.commands.status import study_status
from guided_retraining.machine.progress import duration
from guided_retraining.parameters.study import Study
from guided_retraining.project.config_loader import run_command

__all__ = ["what_is_missing"]

# What each stage makes last, in the order of the stages; `ordering_retraining` is told by its cells.
MADE_BY = {
    "preprocessing": "study_plan",
    "training": "original_accuracy",
    "attack": "test_pool",
}


def what_is_missing(dataset: str, study: Study, catalog: CatalogProtocol) -> str:
    """One sentence: what is missing, how long it takes as far as that is known, the command that does it.

    Args:
        dataset: its name.
        study: its parameters.
        catalog: of the project.
    """
    command = f"`{run_command('--pipelines', dataset)}` does the rest, and goes on where it was"
    for stage, made in MADE_BY.items():
        if not catalog.exists(f"{dataset}.{made}"):
            plan = (
                "" if stage == "preprocessing" else f"; `kedro guided plan {dataset}` tells how long it takes"
            )
            return f"the study {dataset} is not finished: stage {stage} has not been run. {command}{plan}"
    status = study_status(dataset, study, catalog)
    if status is None:
        return f"the study {dataset} is not finished: stage metrics has not been run. {command}"
    done, missing = status.done, status.missing
    if missing:
        left = "" if status.seconds_left is None else f", about {duration(status.seconds_left)} here"
        return (
            f"the study {dataset} is not finished: {missing} of {done + missing} retrained models are missing"
            f"{left}. {command}"
        )
    return f"the study {dataset} has all its {done} retrained models, but no report yet. {command}"
