"""The project as ``kedro package`` makes it, a wheel and a tar of ``conf``, runs from a folder with nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from project_copies import ROOT


def command(arguments: list[str], folder: Path, **environment: str) -> str:
    """What a command prints; it has to succeed."""
    finished = subprocess.run(
        arguments, cwd=folder, capture_output=True, text=True, check=False, timeout=600,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200", **environment},
    )  # fmt: skip
    output = finished.stdout + finished.stderr
    assert finished.returncode == 0, output
    return output


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``wheel/``, the wheel's content, and ``conf.tar.gz``."""
    folder = tmp_path_factory.mktemp("packaged")
    source = folder / "source"
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    # Without isolation nothing is fetched: the build's requirements are installed with the tests'.
    command([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)], source)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "wheel")
    command(["tar", "--exclude=local/*.yml", "-czf", str(folder / "conf.tar.gz"), "conf"], ROOT)
    return folder


def run(packaged: Path, folder: Path, *arguments: str) -> str:
    """``python -m guided_retraining`` in a folder that holds the unpacked ``conf`` and no more."""
    command(["tar", "-xzf", str(packaged / "conf.tar.gz")], folder)
    return command(
        [sys.executable, "-m", "guided_retraining", "--conf-source", "conf", "--env", "smoke", *arguments],
        folder,
        PYTHONPATH=str(packaged / "wheel"),
    )


def test_the_packaged_project_runs(packaged: Path, tmp_path: Path) -> None:
    run(packaged, tmp_path, "--pipelines", "preprocessing", "--namespaces", "digits")
    assert list(tmp_path.rglob("digits/train_images.npy"))


@pytest.mark.slow
def test_the_packaged_project_runs_to_its_report(packaged: Path, tmp_path: Path) -> None:
    output = run(packaged, tmp_path)
    assert "retrain" in output
    assert list(tmp_path.rglob("digits/report.html"))


def test_the_wheel_holds_all_that_is_read_at_run_time(packaged: Path) -> None:
    ours = packaged / "wheel/guided_retraining"
    wanted = {
        path.relative_to(ROOT / "src/guided_retraining")
        for path in (ROOT / "src/guided_retraining").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted == {path.relative_to(ours) for path in ours.rglob("*") if path.is_file()}
