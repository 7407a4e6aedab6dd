"""The project's commands: ``kedro run`` with errors a person can act on, and ``kedro guided ...``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import project_group
from kedro.framework.cli.project import run as kedro_run

from guided_retraining.commands.frame import chosen, open_project, plain_errors
from guided_retraining.commands.options import Within, about_a_model
from guided_retraining.errors import DataFileError


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
    """Try a model, plan a study, see how far it is, bring your own images and model, keep a gate."""


@guided.command()
@click.argument("datasets", nargs=-1)
@click.option("--env", "-e", default=None, help="Environment, as for kedro run.")
@plain_errors
def plan(datasets: tuple[str, ...], env: str | None) -> None:
    """Retrained models, time, memory and disk of a study, after its preprocessing."""
    from guided_retraining.commands.forecast import describe, forecast, model_of
    from guided_retraining.machine.limits import one_thread_an_operation

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
            click.echo(
                "\n".join(describe(name, forecast(study, summary["images"], model_of(study, summary))))
            )


@guided.command()
@click.argument("dataset", required=False)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="The result for programs.")
@click.option("--env", "-e", default=None, help="Environment, as for kedro run.")
@plain_errors
def doctor(dataset: str | None, json_file: Path | None, env: str | None) -> None:
    """What this machine computes on, how fast, and why a GPU is not used; exit 1 if something is wrong."""
    from guided_retraining.commands.doctor import examine

    with open_project(env) as (catalog, configured):
        if dataset is not None:
            chosen((dataset,), configured)
        found = examine(dataset, configured, catalog)
    if json_file is not None:
        json_file.write_text(found.for_programs())
    click.echo(found.text())
    raise click.exceptions.Exit(0 if found.healthy else 1)


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


@guided.command()
@click.argument("dataset")
@click.option(
    "--within", type=Within(), default=None, help="Time of the clock, such as 30m; else to its end."
)
@click.option("--margin", type=float, default=None, help="A difference that counts as none, such as 0.02.")
@click.option(
    "--replicates-up-to", type=click.IntRange(min=1, max=12), default=12, show_default=True,
    help="Looks are at 3, 4, 6, 8 and 12 replicates.",
)  # fmt: skip
@plain_errors
def study(
    dataset: str,
    within: float | None,
    margin: float | None,
    replicates_up_to: int,
    env: str | None,
    runner: str | None,
    runner_params: dict[str, Any],
) -> None:
    """A study that grows until it is settled or the time is over; the same command goes on."""
    from guided_retraining.commands.study import study_of

    study_of(
        dataset, env, seconds=within, up_to=replicates_up_to, margin=margin, runner=runner,
        runner_params=runner_params, say=click.echo,
    )  # fmt: skip


study.params += [option for option in kedro_run.params if option.name in ("env", "runner", "runner_params")]


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


@guided.command()
@click.option("--images", required=True, type=click.Path(path_type=Path), help="Class folders, or .npz.")
@click.option("--model", required=True, type=click.Path(path_type=Path), help="A .keras or .h5 file.")
@click.option("--eps", type=float, default=0.03, help="Largest change of a pixel value in [0, 1].")
@click.option("--n-images", type=click.IntRange(min=1), default=500, help="Drawn from the images, at most.")
@click.option("--page", type=click.Path(path_type=Path), help="By default assessment_<model>.html, here.")
@about_a_model
@plain_errors
def assess(**options: Any) -> None:
    """How hard is this model to fool now? One page and three lines, without a study."""
    from guided_retraining.commands.assess import assess_files

    for line in assess_files(**options):
        click.echo(line)


@guided.command()
@click.argument("dataset", required=False)
@click.option("--model", type=click.Path(path_type=Path), help="A file instead of a study's hardened model.")
@click.option("--images", type=click.Path(path_type=Path), help="Else the study's test images.")
@click.option("--min-robust", type=float, help="Bar of accuracy under the worst attack, in (0, 1).")
@click.option("--min-clean", type=float, help="Bar of accuracy on the images as they are, in (0, 1).")
@click.option("--eps", type=float, help="Largest change of a pixel; by default the study's, or 0.03.")
@click.option("--n-images", type=click.IntRange(min=1), default=1000, help="Drawn from the images, at most.")
@click.option("--confidence", type=float, default=0.95, help="Of the intervals.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="The result for programs.")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="The result as JUnit XML.")
@click.option("--env", "-e", default=None, help="Environment, as for kedro run.")
@about_a_model
@plain_errors
def check(json_file: Path | None, junit_file: Path | None, **options: Any) -> None:
    """Exit 0 if a model is shown to be above its bars, 1 if not, 2 if it could not be judged.

    DATASET names a study, whose hardened model is judged; or give --model and --images.
    """
    from guided_retraining.commands.check import NOT_JUDGED, gate

    files = json_file, junit_file
    result = gate(**options, files=files)
    click.echo(result.line)
    code = result.code
    try:
        result.write(*files)
    except DataFileError as error:
        click.echo(f"Error: {error}", err=True)
        code = NOT_JUDGED  # not 1, which says that the model failed
    raise click.exceptions.Exit(code)


@guided.command()
@click.argument("dataset")
@click.option("--format", type=click.Choice(["onnx", "saved_model"]), default="onnx")
@click.option("--to", type=click.Path(path_type=Path), help="By default <DATASET>_hardened.onnx, here.")
@click.option("--env", "-e", default=None, help="Environment, as for kedro run.")
@plain_errors
def export(**options: Any) -> None:
    """A study's hardened model for other runtimes, once it says there what it says here."""
    from guided_retraining.commands.export import export as exported

    click.echo(exported(**options))
