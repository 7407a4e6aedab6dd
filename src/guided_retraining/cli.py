"""The project's commands: ``kedro run`` with errors a person can act on, and ``kedro guided ...``."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import project_group
from kedro.framework.cli.project import run as kedro_run
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


@project_group.group(name="guided-retraining")
def cli() -> None:
    """Commands of this project."""


# By this name the packaged project finds it too (``python -m guided_retraining``).
run = click.Command(
    name="run",
    params=kedro_run.params,
    callback=plain_errors(kedro_run.callback),
    help="Run the pipeline. Finished work is found again: a stopped run goes on where it was.",
)
cli.add_command(run)


@cli.group()
def guided() -> None:
    """Plan a study, see how far it is, bring your own images and model."""


@guided.command()
@click.argument("datasets", nargs=-1)
@click.option("--env", "-e", default=None, help="Environment, as for kedro run.")
@plain_errors
def plan(datasets: tuple[str, ...], env: str | None) -> None:
    """Retrained models, time, memory and disk of a study, after its preprocessing."""
    from guided_retraining.commands.forecast import describe, forecast
    from guided_retraining.machine.limits import one_thread_an_operation
    from guided_retraining.models.architectures import build_model
    from guided_retraining.models.loading import load_model

    one_thread_an_operation()
    with open_project(env) as (catalog, configured):
        for name in chosen(datasets, configured):
            study = configured[name]
            if not catalog.exists(f"{name}.dataset_summary"):
                click.echo(
                    f"{name}: not preprocessed yet; kedro run --pipelines preprocessing --namespaces {name}"
                )
                continue
            summary = catalog.load(f"{name}.dataset_summary")
            shape, classes = tuple(summary["image_shape"]), len(summary["class_names"])
            if study.model.path:
                model = load_model(Path(study.model.path))
            else:
                model = build_model(str(study.model.architecture), shape, classes, seed=study.seed)
            click.echo("\n".join(describe(name, forecast(study, summary["images"], model))))


@guided.command()
@click.argument("datasets", nargs=-1)
@click.option("--env", "-e", default=None, help="Environment, as for kedro run.")
@plain_errors
def status(datasets: tuple[str, ...], env: str | None) -> None:
    """Cells done, missing and stale, and the time left, by the fingerprints that kedro run goes by."""
    from guided_retraining.commands.status import study_status

    with open_project(env) as (catalog, configured):
        for name in chosen(datasets, configured):
            found = study_status(name, configured[name], catalog)
            click.echo("\n".join(found.lines(name)) if found else f"{name}: no scores yet")


@guided.command(name="new-dataset")
@click.argument("name")
@click.option(
    "--images",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder, zip or tar of class folders, or .npz.",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=None,
    help="Your .keras or .h5 model; else one is trained.",
)
@click.option("--size", type=(int, int), default=None, help="Height and width to bring images to.")
@click.option(
    "--max-unreadable", type=click.IntRange(min=0), default=0, help="Unreadable images to pass over; listed."
)
@plain_errors
def new_dataset_command(
    name: str, images: Path, model: Path | None, size: tuple[int, int] | None, max_unreadable: int
) -> None:
    """Check your own images (and model) and write the one YAML file they need."""
    from guided_retraining.commands.new_dataset import new_dataset
    from guided_retraining.project.config_loader import DEFAULTS, current_loader

    loader = current_loader()
    parameters = {**loader["parameters"], DEFAULTS: loader.defaults()}
    folder = Path(loader.conf_source) / "base" / "parameters"
    for line in new_dataset(
        name, images, model, parameters=parameters, folder=folder, size=size, max_unreadable=max_unreadable
    ):
        click.echo(line)


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
