"""Fixtures that several test folders share: a project of its own in a temporary folder, and one smoke run of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from project_copies import ROOT, kedro, make_project


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real raw files of the public data sets; skips where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no folder ../shared/data with real raw files beside the project")
    return folder


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
