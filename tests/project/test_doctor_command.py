"""``kedro guided doctor`` on this machine, and runs that a backend stops before they begin."""

from __future__ import annotations

import json
from pathlib import Path

from guided_retraining.machine.parallel import cores
from project_copies import kedro_here


def test_the_doctor_tells_of_this_machine_and_times_a_model(project: Path, tmp_path: Path) -> None:
    finished = kedro_here(project, "guided", "doctor", "--json", str(tmp_path / "doctor.json"))
    told = json.loads((tmp_path / "doctor.json").read_text())
    assert finished.returncode == (0 if told["healthy"] else 1), finished.stdout + finished.stderr
    assert told["facts"]["cores"] == cores()
    assert told["facts"]["backend"] in finished.stdout
    assert told["facts"]["packages"]["keras"] in finished.stdout
    assert told["prediction"] > told["training"] > 0
    assert f"{told['training']:,.0f} images/s in training" in finished.stdout


def test_the_doctor_tells_a_fault_and_exits_with_1(project: Path, monkeypatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflwo")
    finished = kedro_here(project, "guided", "doctor")
    assert finished.returncode == 1
    assert "FAULT  KERAS_BACKEND=tensorflwo: found an unknown backend" in finished.stdout
    assert "not measured" in finished.stdout


def test_the_doctor_asks_for_the_size_of_images(project: Path) -> None:
    finished = kedro_here(project, "guided", "doctor", "digits")
    assert finished.returncode == 1
    assert "not preprocessed yet" in finished.stderr


def test_a_run_with_a_wrong_backend_ends_before_it_begins(project: Path, monkeypatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflwo")
    finished = kedro_here(project, "run", "--env", "smoke")
    assert finished.returncode == 1
    assert "found an unknown backend" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not list((project / "data").rglob("*.npy")), "something was made before the message"


def test_a_run_without_models_does_not_mind_the_backend(project: Path, monkeypatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "tensorflwo")
    finished = kedro_here(project, "run", "--pipelines", "preprocessing", "--namespaces", "digits")
    assert finished.returncode == 0, finished.stdout + finished.stderr
