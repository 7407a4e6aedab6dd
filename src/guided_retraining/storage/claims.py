"""Processes and threads that fill one store together: nothing is computed twice, and none waits while there is work.

A claim is an operating-system lock on a small file beside the pieces. It ends with its process, however that ends, so
nothing is ever stale and there is no time to wait out after a crash.

Object stores, and some file systems, know no locks. There two processes may compute the same piece; both put the same
result, whole, so only time is lost. To lose little, each process takes the pieces behind a URL in an order of its own,
and looks for each in the store right before it computes it.
"""

from __future__ import annotations

import contextlib
import os
import platform
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from guided_retraining.machine.parallel import merge, stop_if_asked
from guided_retraining.storage.locks import locked
from guided_retraining.storage.store import Store
from guided_retraining.storage.targets import Target

POLL_SECONDS = 0.2  # between looks for a piece that another process is computing

_claimed_here: set[tuple[str, str]] = set()  # stores behind a URL, and keys
_guard = Lock()


@contextlib.contextmanager
def claim(folder: Target, key: str) -> Iterator[bool]:
    """Whether the piece of that key is this thread's to compute, for the length of a ``with`` block.

    Args:
        folder: of the store; behind a URL the claim holds among the threads of this process only.
        key: of the piece.

    Raises:
        DataFileError: the folder cannot be written.
    """
    if isinstance(folder, Path):
        with locked(folder / f".{key}.claim") as mine:
            yield mine
        return
    piece = (folder, key)
    with _guard:
        mine = piece not in _claimed_here
        _claimed_here.add(piece)
    try:
        yield mine
    finally:
        if mine:
            with _guard:
                _claimed_here.discard(piece)


def share(
    store: Store, keys: Sequence[str], compute: Callable[[int], Mapping[str, Any]], *, workers: int = 1
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each key's piece: found in the store, computed here, or awaited from the process that is computing it.

    Any number of processes may do this with overlapping keys. Each computes pieces that no other has claimed, and
    waits only once all that are left are being computed elsewhere; those of a process that dies are taken over.

    Args:
        store: where finished pieces are.
        keys: of the pieces wanted, in the order in which to compute them; behind a URL each process has its own.
        compute: gives the piece at a position of ``keys``; it is put into the store here.
        workers: pieces computed here at the same time, by as many threads.

    Yields:
        Position in ``keys`` and piece, in the order in which they become available.
    """
    work = _SharedWork(store, keys, compute)
    return merge([work.pieces() for _ in range(max(1, min(workers, len(keys))))])


class _SharedWork:
    """What is left of a list of pieces; several threads may take from it."""

    def __init__(
        self, store: Store, keys: Sequence[str], compute: Callable[[int], Mapping[str, Any]]
    ) -> None:
        self.store, self.compute = store, compute
        work = list(enumerate(keys))
        if not isinstance(store.folder, Path):
            random.Random(f"{platform.node()} {os.getpid()}").shuffle(work)
        self._left, self._lock = deque(work), Lock()

    def pieces(self) -> Iterator[tuple[int, dict[str, Any]]]:
        passed = 0  # pieces in a row that others are computing
        while True:
            with self._lock:
                if not self._left:
                    return
                position, key = self._left.popleft()
            piece = self._piece(position, key)
            if piece is not None:
                passed = 0
                yield position, piece
                continue
            with self._lock:
                self._left.append((position, key))
                left = len(self._left)
            passed += 1
            if passed >= left:
                passed = 0
                time.sleep(POLL_SECONDS)
                stop_if_asked()

    def _piece(self, position: int, key: str) -> dict[str, Any] | None:
        """The piece, or None while another process or thread is computing it."""
        piece = self.store.get(key)
        if piece is None:
            with claim(self.store.folder, key) as mine:
                # Between the look and the claim its last holder may have finished it.
                piece = self.store.get(key) if mine else None
                if mine and piece is None:
                    self.store.put(key, self.compute(position))
                    piece = self.store.get(key)
        return piece
