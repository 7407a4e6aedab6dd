"""The project's commands: ``kedro run`` with errors a person can act on, and ``kedro guided ...``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click
from kedro.framework.cli.project import project_group
from kedro.framework.cli.project import run as kedro_run
from kedro.io import DatasetError
from kedro.validation.exceptions import ParameterValidationError

from guided_retraining.errors import GuidedRetrainingError

INTERRUPTED = 130  # the exit code shells give a command stopped by Ctrl-C


def plain_errors(command: Any) -> Callable[..., Any]:
    """A command that ends with a message instead of a stack trace where the user can mend the cause."""

    @functools.wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except KeyboardInterrupt:
            click.secho(
                "\nStopped. What was finished is kept: the same command goes on from there.", err=True
            )
            raise click.exceptions.Exit(INTERRUPTED) from None
        except Exception as error:
            message = user_message(error)
            if message is None:
                raise
            raise click.ClickException(message) from error

    return guarded


def user_message(error: BaseException) -> str | None:
    """What to tell the user of an error, or None for one that is a fault of ours.

    Args:
        error: what was raised; Kedro wraps errors of data sets in its own, so causes are looked at too.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, GuidedRetrainingError):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, ParameterValidationError | DatasetError):
        return str(error)
    if isinstance(error, ValueError) and "pipeline" in str(error).lower():
        return str(error)  # Kedro's own words for an unknown pipeline, namespace or node
    return None


@project_group.group(name="guided-retraining")
def cli() -> None:
    """Commands of this project."""


cli.add_command(
    click.Command(
        name="run",
        params=kedro_run.params,
        callback=plain_errors(kedro_run.callback),
        help="Run the pipeline. Finished work is found again: a stopped run goes on where it was.",
    )
)
