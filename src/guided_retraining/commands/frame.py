"""What commands share: the open project, the data sets asked for, and errors that a person can act on."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from kedro.io import DataCatalog

from guided_retraining.errors import ParameterError
from guided_retraining.parameters.names import suggest
from guided_retraining.parameters.study import Study
from guided_retraining.project.messages import user_message

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


@contextmanager
def open_project(env: str | None) -> Iterator[tuple[DataCatalog, dict[str, Study]]]:
    """The catalog and the typed parameters of the project in this folder, from which relative paths start.

    A session of Kedro's would build the pipelines of all data sets first, to check the parameters once more.
    """
    from guided_retraining.project.config_loader import project_folder, project_loader, studies

    loader = project_loader(env)
    with contextlib.chdir(project_folder()):
        yield DataCatalog.from_config(loader["catalog"]), studies(loader)


def chosen(wanted: tuple[str, ...], configured: dict[str, Study]) -> list[str]:
    """The data sets asked for, or all.

    Raises:
        ParameterError: one that is not configured.
    """
    for name in wanted:
        if name not in configured:
            raise ParameterError(f"no such data set '{name}'.{suggest(name, list(configured))}")
    return list(wanted or configured)
