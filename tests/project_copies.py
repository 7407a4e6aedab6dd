"""Projects of their own in temporary folders, and ``kedro`` in them as a user types it."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import shutil
import subprocess
import sys
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

import pandas as pd
import yaml
from click.testing import CliRunner
from kedro.framework.startup import bootstrap_project

from guided_retraining.cli import cli
from guided_retraining.project.config_loader import LayeredConfigLoader

ROOT = Path(__file__).resolve().parents[1]
CONFIGURATIONS = ("config_1", "config_2", "config_3", "adversarial_training", "rounds")  # of digits
MEASURED = ["fit_seconds", "fit_cpu_seconds", "reattack_seconds", "peak_memory_mb", "energy_wh"]


def make_project(folder: Path) -> Path:
    """A copy of the project's configuration with empty data folders, on the installed package."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "conf", folder / "conf", dirs_exist_ok=True)
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copy(ROOT / ".telemetry", folder)
    (folder / "src").mkdir()  # Kedro asks for it; the package itself is installed
    (folder / "data").mkdir()
    return folder


def copy_project(project: Path, folder: Path) -> Path:
    """A project with the data of another one, to be changed."""
    copy = make_project(folder)
    shutil.copytree(project / "data", copy / "data", dirs_exist_ok=True)
    return copy


def ask_for_fewer_cells(project: Path, *configurations: str) -> Path:
    """Let a project's smoke study be a part of the whole one: two metrics, and ``config_2`` if nothing else is said."""
    folder = project / "conf/smoke/parameters"
    folder.mkdir()
    chosen = configurations or ("config_2",)
    left_out = [name for name in CONFIGURATIONS if name not in chosen]
    block = {
        "metrics": dict.fromkeys(["neuron_coverage", "lsa", "dsa", "softmax_entropy"]),
        "ordering_retraining": {"configurations": dict.fromkeys(left_out)},
    }
    (folder / "digits.yml").write_text(yaml.safe_dump({"digits": block}))
    return project


def smoke_results(project: Path, name: str = "results", *, like: pd.DataFrame | None = None) -> pd.DataFrame:
    """A table of a smoke study without what is measured anew each time.

    Args:
        project: in which it ran.
        name: of the table below ``07_model_output/digits``.
        like: a table of fewer cells, to get those of its configurations and metrics alone.
    """
    table = pd.read_parquet(project / f"data/smoke/07_model_output/digits/{name}.parquet")
    if like is not None:
        for column in ("configuration", "metric"):
            table = table[table[column].isin(like[column])]
    # Columns of what only other ways of hardening have are empty, or not there in a study without those.
    table = table.drop(columns=MEASURED, errors="ignore").dropna(axis="columns", how="all")
    return table.reset_index(drop=True)


def kedro(
    project: Path, *arguments: str, timeout: float = 600, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """``kedro ...`` in a project, as a user types it: a process, which takes seconds to load its libraries."""
    return subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **(environment or {})},
    )


def kedro_here(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """``kedro ...`` in a project, in this process: for tests of what a command does, not of its process."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    path = list(sys.path)
    LayeredConfigLoader.latest = None
    with (
        contextlib.chdir(project),
        mock.patch.dict(os.environ),
        mock.patch("logging.shutdown"),  # ART, when first loaded, would close the streams of the tests
        warnings.catch_warnings(action="default"),  # to the log, as in a run; for tests they are errors
    ):
        metadata = bootstrap_project(project)
        logging.getLogger().addHandler(handler)
        try:
            result = CliRunner().invoke(cli, list(arguments), prog_name="kedro", obj=metadata)
        finally:
            logging.getLogger().removeHandler(handler)
            sys.path[:] = path
            LayeredConfigLoader.latest = None
    said = log.getvalue() + result.stderr
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        said += "".join(traceback.format_exception(result.exception))
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, said)
