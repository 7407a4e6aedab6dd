"""Several processes on one store: nothing twice, nothing lost, no waiting while there is work."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from guided_retraining.errors import DataFileError
from guided_retraining.storage.claims import claim, share
from guided_retraining.storage.store import Store

spawn = multiprocessing.get_context("spawn")
KEYS = [f"{i:032x}" for i in range(30)]


def _fill(folder: str, keys: list[str], seconds: float, log: str) -> None:
    def compute(position: int) -> dict[str, str]:
        with open(log, "a") as stream:  # noqa: PTH123
            stream.write(f"start {keys[position]} {os.getpid()}\n")
        time.sleep(seconds)
        return {"key": keys[position]}

    found = dict(share(Store(folder), keys, compute))
    assert [found[position]["key"] for position in range(len(keys))] == keys


def _started(log: Path) -> list[list[str]]:
    return [line.split()[1:] for line in log.read_text().splitlines()] if log.exists() else []


def test_processes_share_the_work_and_compute_nothing_twice(tmp_path: Path) -> None:
    log = tmp_path / "log"
    processes = [
        spawn.Process(target=_fill, args=(str(tmp_path / "store"), keys, 0.05, str(log)))
        for keys in (KEYS, KEYS, KEYS[10:])
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    started = _started(log)
    assert sorted(key for key, _ in started) == KEYS
    assert len(Store(tmp_path / "store")) == len(KEYS)
    assert not list((tmp_path / "store").glob("*.claim")), "claims are cleared away"


def test_the_piece_of_a_killed_process_is_taken_over_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    folder = tmp_path / "store"
    slow = spawn.Process(target=_fill, args=(str(folder), KEYS[:1], 600.0, str(log)))
    slow.start()
    deadline = time.monotonic() + 30
    while not _started(log) and time.monotonic() < deadline:
        time.sleep(0.02)
    with claim(folder, KEYS[0]) as mine:
        assert not mine
    assert slow.pid is not None
    os.kill(slow.pid, signal.SIGKILL)
    slow.join()
    with claim(folder, KEYS[0]) as mine:
        assert mine, "a claim ends with its process"
    assert dict(share(Store(folder), KEYS[:1], lambda position: {"by": "another"})) == {0: {"by": "another"}}


def test_pieces_that_others_compute_are_left_for_last(tmp_path: Path) -> None:
    store = Store(tmp_path)
    order: list[int] = []

    def compute(position: int) -> dict[str, int]:
        order.append(position)
        return {"n": position}

    pieces = share(store, KEYS[:3], compute)
    with claim(tmp_path, KEYS[0]) as mine:
        assert mine
        assert [next(pieces)[0], next(pieces)[0]] == [1, 2]
    assert dict(pieces) == {0: {"n": 0}}
    assert order == [1, 2, 0]


def test_a_piece_finished_between_look_and_claim_is_not_computed_again(tmp_path: Path, monkeypatch) -> None:
    store, looks = Store(tmp_path), []

    def get(key: str) -> dict | None:
        looks.append(key)
        if len(looks) == 1:
            Store.put(store, key, {"by": "another"})
            return None
        return Store.get(store, key)

    monkeypatch.setattr(store, "get", get)
    assert dict(share(store, KEYS[:1], lambda position: pytest.fail("computed twice"))) == {
        0: {"by": "another"}
    }


def test_a_failed_computation_gives_its_claim_back(tmp_path: Path) -> None:
    def fail(position: int) -> dict:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        dict(share(Store(tmp_path), KEYS[:1], fail))
    with claim(tmp_path, KEYS[0]) as mine:
        assert mine


def test_without_locks_the_work_is_done_all_the_same(tmp_path: Path, monkeypatch) -> None:
    if os.name != "posix":
        pytest.skip("locks are made differently here")
    import fcntl

    def none_here(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(fcntl, "flock", none_here)
    assert dict(share(Store(tmp_path), KEYS[:2], lambda position: {"n": position})) == {
        0: {"n": 0},
        1: {"n": 1},
    }


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFileError, match=r"cannot write .*file"), claim(tmp_path / "file", "key"):
        pass
