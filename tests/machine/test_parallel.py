"""Work in threads: all of it, no more than asked for at a time, and an end when something goes wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from threading import Barrier, Event, Lock, current_thread, main_thread

import pytest

from guided_retraining.machine.parallel import cores, each, in_threads, merge, stop_if_asked


def test_every_item_is_worked_on_once_by_several_threads() -> None:
    together = Barrier(3, timeout=10)
    threads = set()

    def square(n: int) -> int:
        if n < 3:
            together.wait()  # passes only if three are in work at once
        threads.add(current_thread())
        return n * n

    assert sorted(in_threads(square, range(50), workers=3)) == [n * n for n in range(50)]
    assert main_thread() not in threads


def test_one_worker_is_the_callers_own_thread_and_takes_items_as_they_are_wanted() -> None:
    taken = []

    def take(n: int) -> int:
        assert current_thread() is main_thread()
        taken.append(n)
        return n

    results = in_threads(take, range(5), workers=1)
    assert [next(results), next(results)] == [0, 1]
    assert taken == [0, 1]


def test_the_first_error_is_raised_and_others_are_given_up() -> None:
    begun, lock = [], Lock()

    def work(n: int) -> int:
        with lock:
            begun.append(n)
        if n == 1:
            raise ValueError("the second")
        for _ in range(2000):
            time.sleep(0.005)
            stop_if_asked()
        return n

    start = time.monotonic()
    with pytest.raises(ValueError, match="the second"):
        list(in_threads(work, range(100), workers=2))
    assert time.monotonic() - start < 5
    assert len(begun) <= 3


def test_a_caller_who_takes_no_more_results_stops_the_work() -> None:
    begun, ended = Event(), Event()

    def work(n: int) -> int:
        if n < 2:
            return n
        begun.set()
        try:
            while True:
                time.sleep(0.005)
                stop_if_asked()
        finally:
            ended.set()

    results = in_threads(work, range(10), workers=2)
    assert {next(results), next(results)} == {0, 1}
    assert begun.wait(10)
    results.close()  # type: ignore[attr-defined]
    assert ended.is_set(), "close waits for the threads"


def test_several_iterators_become_one() -> None:
    assert sorted(merge([iter(range(5)), iter(range(5, 9)), iter(())])) == list(range(9))


def test_short_pieces_share_helpers_with_the_caller_and_may_nest() -> None:
    together = Barrier(2, timeout=10)
    seen, lock = [], Lock()

    def one(n: int) -> None:
        if n < 2:
            together.wait()  # passes only if the caller has help
        with lock:
            seen.append((n, current_thread() is main_thread()))

    each(one, range(20), workers=2)
    assert sorted(n for n, _ in seen) == list(range(20))
    assert {mine for _, mine in seen} == {True, False}

    inner = []
    each(lambda n: each(lambda m: inner.append((n, m)), range(5), workers=4), range(50), workers=4)
    assert sorted(inner) == [(n, m) for n in range(50) for m in range(5)]


@pytest.mark.parametrize("wrong", [0, 1])
def test_an_error_in_a_short_piece_reaches_the_caller_when_all_are_still(wrong: int) -> None:
    together, at_work = Barrier(2, timeout=10), []

    def one(n: int) -> None:
        at_work.append(n)
        if n < 2:
            together.wait()
        if n == wrong:
            raise ValueError(f"item {n}")
        time.sleep(0.05)
        at_work.remove(n)

    with pytest.raises(ValueError, match=f"item {wrong}"):
        each(one, range(2), workers=2)
    assert at_work == [wrong]


INTERRUPTED = """
import sys
import time
from guided_retraining.machine.parallel import in_threads, stop_if_asked
def work(n):
    sys.stdout.write(f"begun {n}" + chr(10))  # in one piece, unlike print
    sys.stdout.flush()
    while True:
        time.sleep(0.01)
        stop_if_asked()
try:
    list(in_threads(work, range(2), workers=2))
except KeyboardInterrupt:
    print("stopped")
"""


def test_ctrl_c_stops_threads_that_are_at_work() -> None:
    running = subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    assert {running.stdout.readline(), running.stdout.readline()} == {"begun 0\n", "begun 1\n"}
    os.kill(running.pid, signal.SIGINT)
    said, _ = running.communicate(timeout=10)
    assert said == "stopped\n"
    assert running.returncode == 0


def test_cores_are_those_that_a_worker_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    everything = cores()
    assert everything >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert cores() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "4096")
    assert cores() == everything
