"""Independent pieces of work side by side, in threads of this process.

Compiled numerical code lets go of the interpreter's lock, so threads are enough, and they share memory-mapped images,
compiled functions and the page cache. Work is divided between whole pieces (a fit, a batch), never inside one: a piece
is then computed in the same order of additions whatever the number of cores, and ends in the same bits.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import ContextVar
from functools import cache
from threading import Event, Lock, Thread
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Stopped(BaseException):
    """A piece was given up because nobody waits for it any more; never seen outside its thread."""


_stop: ContextVar[Event | None] = ContextVar("stop", default=None)


def cores() -> int:
    """The cores this process may use, at least 1.

    Affinity and a container's limits count, and ``OMP_NUM_THREADS``, which workers that share a machine are given.
    """
    from joblib import cpu_count  # type: ignore[import-untyped]

    allowed = os.environ.get("OMP_NUM_THREADS", "")
    return min(int(cpu_count()), max(1, int(allowed))) if allowed.isdecimal() else int(cpu_count())


def stop_if_asked() -> None:
    """Called now and then by a long piece of work: gives it up where its results are not wanted any more."""
    event = _stop.get()
    if event is not None and event.is_set():
        raise Stopped


def in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int
) -> Iterator[Result]:
    """``function`` of each item, as results become ready.

    Args:
        function: called in several threads at once.
        items: taken one at a time, when a thread is free.
        workers: threads; with 1 all is done in the caller's own.

    Yields:
        Results in the order in which they become ready.
    """
    source = _Locked(iter(items))
    return merge([map(function, source) for _ in range(workers)])


def each(function: Callable[[Item], object], items: Iterable[Item], *, workers: int) -> None:
    """Call a function on each item, in the caller's thread and in helpers that stay for the next call.

    For short pieces, where starting threads would show. A call inside another may find no helper free and then does
    all by itself, so nesting cannot lock up.

    Args:
        function: called in several threads at once.
        items: taken one at a time.
        workers: items at a time, with the caller's own.
    """
    source, stop = _Locked(iter(items)), Event()

    def work() -> None:
        for item in source:
            if stop.is_set():
                return
            function(item)

    helpers = [_helpers().submit(work) for _ in range(workers - 1)]
    try:
        work()
    except BaseException:
        stop.set()
        raise
    finally:
        # not before the others are done with what they have begun: they write into the caller's arrays
        begun = [helper for helper in helpers if not helper.cancel()]
        wait(begun)
    for helper in begun:
        helper.result()


@cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="batches")


def merge(sources: Sequence[Iterator[Item]]) -> Iterator[Item]:
    """The items of several iterators, each run in a thread of its own.

    The first error, or an interruption of the caller, stops all: pieces in work end where they call
    :func:`stop_if_asked`, and no others are begun.

    Args:
        sources: at least one; a single one is run in the caller's own thread.

    Yields:
        Items in the order in which they become ready.
    """
    if len(sources) == 1:
        yield from sources[0]
        return
    ready: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    stop = Event()
    threads = [Thread(target=_drain, args=(source, ready, stop), daemon=True) for source in sources]
    for thread in threads:
        thread.start()
    try:
        left = len(threads)
        while left:
            what, value = ready.get()
            if what == "item":
                yield value
            elif what == "error":
                raise value
            else:
                left -= 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _drain(source: Iterator[Any], ready: queue.SimpleQueue[tuple[str, Any]], stop: Event) -> None:
    _stop.set(stop)
    try:
        while not stop.is_set():
            try:
                item = next(source)
            except StopIteration:
                break
            ready.put(("item", item))
        ready.put(("end", None))
    except Stopped:
        pass
    except BaseException as error:  # handed to the caller, who raises it
        ready.put(("error", error))


class _Locked(Generic[Item]):
    """An iterator that several threads may draw from."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items, self._lock = items, Lock()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        with self._lock:
            return next(self._items)
