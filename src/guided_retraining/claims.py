"""Processes and threads that fill one store together: nothing is computed twice, and none waits while there is work.

A claim is an operating-system lock on a small file beside the pieces. It ends with its process, however that ends, so
nothing is ever stale and there is no time to wait out after a crash. Where a file system knows no locks, two processes
may compute the same piece; both put the same bytes, whole, so the result is right and only time is lost.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from guided_retraining.errors import DataFileError
from guided_retraining.parallel import merge, stop_if_asked
from guided_retraining.store import Store

POLL_SECONDS = 0.2  # between looks for a piece that another process is computing

_HELD_BY_ANOTHER = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_NO_LOCKS_HERE = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


@contextlib.contextmanager
def claim(folder: Path, key: str) -> Iterator[bool]:
    """Whether the piece of that key is this process's to compute, for the length of a ``with`` block.

    Args:
        folder: of the store.
        key: of the piece.

    Raises:
        DataFileError: the folder cannot be written.
    """
    path = Path(folder) / f".{key}.claim"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise DataFileError(f"cannot write {path}: {error}. Is the folder writable?") from error
    try:
        mine = _locked(handle) and _same_file(handle, path)
        try:
            yield mine
        finally:
            if mine:
                with contextlib.suppress(
                    OSError
                ):  # the file is empty; it only stays where open files cannot go
                    path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD_BY_ANOTHER:
            return False
        if error.errno in _NO_LOCKS_HERE:
            return True
        raise
    return True


def _same_file(handle: int, path: Path) -> bool:
    """Whether the locked file is still the one of that name: its last holder removes it before letting go."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def share(
    store: Store, keys: Sequence[str], compute: Callable[[int], Mapping[str, Any]], *, workers: int = 1
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each key's piece: found in the store, computed here, or awaited from the process that is computing it.

    Any number of processes may do this with overlapping keys. Each computes pieces that no other has claimed, and
    waits only once all that are left are being computed elsewhere; those of a process that dies are taken over.

    Args:
        store: where finished pieces are.
        keys: of the pieces wanted, in the order in which to compute them.
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
        self._left, self._lock = deque(enumerate(keys)), Lock()

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
