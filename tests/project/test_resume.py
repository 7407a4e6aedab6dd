"""A run that is killed loses nothing that was finished, and ends like one that was not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

from conftest import kedro, make_project

TIMES = ["fit_seconds", "fit_cpu_seconds", "peak_memory_mb", "energy_wh"]


def _copy(smoke_project: Path, folder: Path) -> Path:
    copy = make_project(folder)
    shutil.rmtree(copy / "data")
    shutil.copytree(smoke_project / "data", copy / "data")
    return copy


def _cells(project: Path) -> dict[str, int]:
    return {
        path.name: path.stat().st_mtime_ns
        for path in (project / "data/07_model_output/digits/cells").glob("*.json")
    }


def test_a_killed_run_goes_on_at_the_cell_and_ends_the_same(smoke_project: Path, tmp_path: Path) -> None:
    project = _copy(smoke_project, tmp_path / "project")
    cells = project / "data/07_model_output/digits/cells"
    shutil.rmtree(cells)
    running = subprocess.Popen(
        [sys.executable, "-m", "kedro", "run", "--env", "smoke", "--pipelines", "ordering_retraining"],
        cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 200
    while len(list(cells.glob("*.json"))) < 8 and time.monotonic() < deadline:
        assert running.poll() is None, "the run ended before it could be killed"
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    kept = _cells(project)
    assert len(kept) >= 8

    again = kedro(project, "run", "--env", "smoke", "--pipelines", "ordering_retraining")
    assert again.returncode == 0, again.stdout + again.stderr
    after = _cells(project)
    assert {name: after[name] for name in kept} == kept, "a finished cell was computed again"
    assert set(after) == set(_cells(smoke_project))
    name = "data/07_model_output/digits/results.parquet"
    first, second = (
        pd.read_parquet(folder / name).drop(columns=TIMES) for folder in (smoke_project, project)
    )
    pd.testing.assert_frame_equal(first, second)


def test_a_second_run_fits_nothing_and_a_changed_parameter_only_what_depends_on_it(
    smoke_project: Path, tmp_path: Path
) -> None:
    project = _copy(smoke_project, tmp_path / "project")
    before = _cells(project)
    models = sorted((project / "data/06_models/digits").rglob("*.npz"))
    stamps = [path.stat().st_mtime_ns for path in models]
    again = kedro(project, "run", "--env", "smoke")
    assert again.returncode == 0, again.stdout + again.stderr
    assert _cells(project) == before
    assert [path.stat().st_mtime_ns for path in models] == stamps, "training or an attack ran again"

    changed = kedro(
        project, "run", "--env", "smoke", "--pipelines", "ordering_retraining",
        "--params", "digits.ordering_retraining.configurations.config_2.training.epochs=2",
    )  # fmt: skip
    assert changed.returncode == 0, changed.stdout + changed.stderr
    results = pd.read_parquet(project / "data/07_model_output/digits/results.parquet")
    epochs = results[results["n_inputs"] > 0].groupby("configuration")["epochs"].unique().map(list).to_dict()
    assert epochs == {"config_1": [3], "config_2": [2], "config_3": [3]}
    new = set(_cells(project)) - set(before)
    distinct = results[(results["configuration"] == "config_2") & (results["n_inputs"] > 0)]
    whole = distinct["n_inputs"] == distinct["pool_size"]
    assert len(new) <= (~whole).sum() + distinct["seed"].nunique()
    assert len(new) > 0
