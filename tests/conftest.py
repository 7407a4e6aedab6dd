"""Fixtures that several test folders share: a project of its own in a temporary folder, and one smoke run of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from guided_retraining.machine.limits import one_thread_an_operation
from project_copies import ROOT, kedro, make_project

one_thread_an_operation()  # as before a run, while TensorFlow has not computed anything


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
    """A project in which ``kedro run --env smoke`` has finished; its output is in ``smoke.log``. Not to be changed.

    Made once for all test processes.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / "smoke" / "project"
    log = folder / "smoke.log"
    with FileLock(shared / "smoke.lock"):
        if not log.exists():
            finished = kedro(make_project(folder), "run", "--env", "smoke")
            log.write_text(f"exit code {finished.returncode}\n{finished.stdout}{finished.stderr}")
    assert log.read_text().startswith("exit code 0\n"), log.read_text()
    return folder
