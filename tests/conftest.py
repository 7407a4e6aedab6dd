"""Fixtures that several test folders share: a project of its own in a temporary folder, and one smoke run of it."""

from __future__ import annotations

from collections.abc import Iterator
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
def remote(tmp_path: Path, monkeypatch) -> Iterator[str]:
    """A URL of a storage that is empty, with an empty cache of copies."""
    from fsspec.implementations.memory import MemoryFileSystem

    monkeypatch.setenv("GUIDED_RETRAINING_CACHE", str(tmp_path / "cache"))
    for contents in (MemoryFileSystem.store, MemoryFileSystem.pseudo_dirs):
        contents.clear()
    yield "memory://study"
    for contents in (MemoryFileSystem.store, MemoryFileSystem.pseudo_dirs):
        contents.clear()


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
