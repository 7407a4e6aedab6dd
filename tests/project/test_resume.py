"""A run that is killed loses nothing that was finished, and ends like one that was not."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from project_copies import ask_for_fewer_cells, copy_project, kedro_here, smoke_results

TO_RESULTS = ("--pipelines", "digits", "--to-outputs", "digits.results")
STAGE = ("--pipelines", "ordering_retraining", "--namespaces", "digits")
FEW = 2 * (2 * 2 + 2)  # replicates x (two metrics at two budgets, the whole pool, the original model)


def _cells(project: Path) -> dict[str, int]:
    return {
        path.name: path.stat().st_mtime_ns
        for path in (project / "data/07_model_output/digits/cells").glob("[!.]*.json")
    }


def _start(project: Path, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kedro", "run", "--env", "smoke", *STAGE],
        cwd=project, text=True, start_new_session=True, **options,
    )  # fmt: skip


def _wait_for_cells(running: subprocess.Popen[str], project: Path, number: int) -> None:
    deadline = time.monotonic() + 200
    while len(_cells(project)) < number and time.monotonic() < deadline:
        assert running.poll() is None, "the run ended before it could be stopped"
        time.sleep(0.05)


def _assert_same_results(project: Path, smoke_project: Path) -> None:
    found = smoke_results(project)
    assert len(found) > 10
    pd.testing.assert_frame_equal(found, smoke_results(smoke_project, like=found))


@pytest.fixture
def emptied(smoke_project: Path, tmp_path: Path) -> Path:
    """A project with everything but cells."""
    project = copy_project(smoke_project, tmp_path / "project")
    shutil.rmtree(project / "data/07_model_output/digits/cells")
    return project


@pytest.fixture
def unfinished(emptied: Path) -> Path:
    """A project with everything but cells, and few to be computed."""
    return ask_for_fewer_cells(emptied)


def test_a_killed_run_goes_on_at_the_cell_and_ends_the_same(smoke_project: Path, unfinished: Path) -> None:
    running = _start(unfinished, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _wait_for_cells(running, unfinished, 4)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    kept = _cells(unfinished)
    assert 4 <= len(kept) < FEW

    again = kedro_here(unfinished, "run", "--env", "smoke", *STAGE)
    assert again.returncode == 0, again.stdout + again.stderr
    after = _cells(unfinished)
    assert {name: after[name] for name in kept} == kept, "a finished cell was computed again"
    assert len(after) == FEW
    assert set(after) < set(_cells(smoke_project))
    _assert_same_results(unfinished, smoke_project)


@pytest.mark.slow
def test_twenty_kills_lose_nothing_and_repeat_nothing(smoke_project: Path, emptied: Path) -> None:
    rng, kept, killed = random.Random(0), {}, 0
    total = len(_cells(smoke_project))
    while killed < 20:
        running = _start(emptied, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if rng.random() < 0.7 and len(kept) < total - 1:  # while cells are written, else at any moment
            _wait_for_cells(running, emptied, len(kept) + 1)
        time.sleep(rng.uniform(0, 2))
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        killed += 1
        now = _cells(emptied)
        assert {name: now[name] for name in kept} == kept, "a finished cell was computed again"
        kept = now
    last = kedro_here(emptied, "run", "--env", "smoke", *STAGE)
    assert last.returncode == 0, last.stdout + last.stderr
    after = _cells(emptied)
    assert {name: after[name] for name in kept} == kept
    assert set(after) == set(_cells(smoke_project))
    assert not list((emptied / "data/07_model_output/digits/cells").glob("*.damaged"))
    _assert_same_results(emptied, smoke_project)


@pytest.mark.slow
def test_two_runs_on_one_folder_share_the_work(smoke_project: Path, emptied: Path) -> None:
    runs = [
        _start(emptied, stdout=subprocess.PIPE, stderr=subprocess.STDOUT),
        _start(emptied, stdout=subprocess.PIPE, stderr=subprocess.STDOUT),
    ]
    said = [run.communicate(timeout=500)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert set(_cells(emptied)) == set(_cells(smoke_project))
    _assert_same_results(emptied, smoke_project)


def test_ctrl_c_ends_with_a_message_and_keeps_what_is_finished(emptied: Path) -> None:
    running = _start(emptied, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # far from its end
    _wait_for_cells(running, emptied, 2)
    kept = _cells(emptied)
    os.kill(running.pid, signal.SIGINT)
    said, _ = running.communicate(timeout=100)
    assert running.returncode == 130
    assert "Stopped. What was finished is kept" in said
    assert "Traceback" not in said
    now = _cells(emptied)
    assert {name: now[name] for name in kept} == kept
    assert not list((emptied / "data").rglob("*.partial*"))


FILL = """
import resource, sys
from guided_retraining.errors import DataFileError
from guided_retraining.storage.store import Store
store = Store(sys.argv[1])
store.put("first", {"accuracy": 0.5})
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))  # no file grows further: as on a disk that fills up
try:
    store.put("second", {"accuracies": [0.123456789] * 5000})
except DataFileError as error:
    print(error)
print(sorted(store.keys()), store.get("first"))
"""


def test_a_record_cut_by_a_full_disk_is_told_and_leaves_no_half_file(tmp_path: Path) -> None:
    cells = tmp_path / "cells"
    said = subprocess.run(
        [sys.executable, "-c", FILL, str(cells)], capture_output=True, text=True, check=True
    ).stdout
    assert f"cannot write {cells / 'second.json'}" in said
    assert "space left on the disk" in said
    assert "['first'] {'accuracy': 0.5}" in said
    assert [path.name for path in cells.iterdir()] == ["first.json"]


def test_a_folder_that_cannot_be_written_is_named(unfinished: Path) -> None:
    folder = unfinished / "data/07_model_output/digits/cells"
    if os.geteuid() == 0:  # to whom no folder is read-only: something else stands in its place
        folder.write_text("")
    else:
        folder.mkdir()
        folder.chmod(0o555)
    stopped = kedro_here(unfinished, "run", "--env", "smoke", *STAGE)
    said = stopped.stdout + stopped.stderr
    assert stopped.returncode == 1
    assert "cannot write" in said.replace("\n", " ")
    assert "Is the folder writable" in said.replace("\n", " ")
    assert "Traceback" not in said


def test_a_second_run_fits_nothing_and_a_changed_parameter_only_what_depends_on_it(
    smoke_project: Path, tmp_path: Path
) -> None:
    project = copy_project(smoke_project, tmp_path / "project")
    before = _cells(project)
    models = sorted((project / "data/06_models/digits").rglob("*.npz"))
    stamps = [path.stat().st_mtime_ns for path in models]
    again = kedro_here(project, "run", "--env", "smoke", *TO_RESULTS)
    assert again.returncode == 0, again.stdout + again.stderr
    assert _cells(project) == before
    assert [path.stat().st_mtime_ns for path in models] == stamps, "training or an attack ran again"

    ask_for_fewer_cells(project, "config_2", "config_3")
    changed = kedro_here(
        project, "run", "--env", "smoke", *STAGE,
        "--params", "digits.ordering_retraining.configurations.config_2.training.epochs=2",
    )  # fmt: skip
    assert changed.returncode == 0, changed.stdout + changed.stderr
    results = pd.read_parquet(project / "data/smoke/07_model_output/digits/results.parquet")
    epochs = results[results["n_inputs"] > 0].groupby("configuration")["epochs"].unique().map(list).to_dict()
    assert epochs == {"config_2": [2], "config_3": [3]}
    new = set(_cells(project)) - set(before)
    assert len(new) == FEW - 2, "all but the original models"


def test_another_replicate_computes_only_itself_and_one_less_nothing(
    smoke_project: Path, tmp_path: Path
) -> None:
    project = copy_project(smoke_project, tmp_path / "project")
    before = _cells(project)
    models = {path.name for path in (project / "data/06_models/digits").rglob("*.npz")}
    less = kedro_here(project, "run", "--env", "smoke", *TO_RESULTS, "--params", "digits.replicates=[1]")
    assert less.returncode == 0, less.stdout + less.stderr
    assert _cells(project) == before
    assert {path.name for path in (project / "data/06_models/digits").rglob("*.npz")} == models
    results = pd.read_parquet(project / "data/smoke/07_model_output/digits/results.parquet")
    assert set(results["seed"]) == {1}

    parameters = project / "conf/smoke/parameters.yml"
    parameters.write_text(parameters.read_text().replace("replicates: [0, 1]", "replicates: [0, 1, 7]"))
    ask_for_fewer_cells(project)
    more = kedro_here(project, "run", "--env", "smoke", *TO_RESULTS)
    assert more.returncode == 0, more.stdout + more.stderr
    after = _cells(project)
    assert {name: after[name] for name in before} == before, "a finished cell was computed again"
    results = pd.read_parquet(project / "data/smoke/07_model_output/digits/results.parquet")
    assert set(results["seed"]) == {0, 1, 7}
    own = results[results["seed"] == 7]
    assert 0 < len(after) - len(before) <= len(own)
    trained = {path.name for path in (project / "data/06_models/digits").rglob("*.npz")} - models
    assert len(trained) == 1 + 3 * 3, "one original model, three attacks on three splits"
