"""Fixtures that several test folders share: a project of its own in a temporary folder, and one smoke run of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from guided_retraining.machine.limits import one_thread_an_operation
from project_copies import ROOT, kedro, make_project

LONG_ROOMS = ("attacks", "project", "retraining", "runners")

one_thread_an_operation()  # as before a run, while TensorFlow has not computed anything
# Tests that a shell started in the background ignore Ctrl-C, and so would the processes that they interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the order that several processes take modules in: the smoke run begins at once, short ones fill the end."""
    reads_smoke = {item.path for item in items if "smoke_project" in getattr(item, "fixturenames", ())}

    def turn(item: pytest.Item) -> int:
        if item.path.name == "test_smoke_run.py":
            return 0
        if item.path in reads_smoke:
            return 2
        return 1 if item.path.parent.name in LONG_ROOMS else 3

    items.sort(key=turn)


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
