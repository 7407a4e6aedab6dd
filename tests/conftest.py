"""Fixtures that several test folders share: a project of its own in a temporary folder, and one smoke run of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real raw files of the public data sets; skips where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no folder ../shared/data with real raw files beside the project")
    return folder


def make_project(folder: Path) -> Path:
    """A copy of the project's configuration with empty data folders, on the installed package."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "conf", folder / "conf", dirs_exist_ok=True)
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copy(ROOT / ".telemetry", folder)
    (folder / "src").mkdir()  # Kedro asks for it; the package itself is installed
    (folder / "data").mkdir()
    return folder


def kedro(project: Path, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """``kedro ...`` in a project, as a user types it."""
    return subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A fresh project."""
    return make_project(tmp_path / "project")


@pytest.fixture(scope="session")
def smoke_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which ``kedro run --env smoke`` has finished; its output is in ``smoke.log``. Not to be changed."""
    folder = make_project(tmp_path_factory.mktemp("smoke") / "project")
    finished = kedro(folder, "run", "--env", "smoke")
    (folder / "smoke.log").write_text(finished.stdout + finished.stderr)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return folder
