"""A lock that ends with its process, however that ends: the operating system's own, on a small file.

The package ``filelock`` promises less (4.3.1, tried): on POSIX it leaves a file for each lock behind, and where a file
system knows no locks it fails or writes marks that outlive a killed process.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from guided_retraining.errors import DataFileError

_HELD_BY_ANOTHER = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_NO_LOCKS_HERE = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Whether a lock is this thread's for the length of a ``with`` block; it is not waited for.

    Args:
        path: an empty file, made and removed here. Where the file system knows no locks all get it.

    Raises:
        DataFileError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise DataFileError(f"cannot write {path}: {error}. Is the folder writable?") from error
    try:
        mine = _taken(handle) and _same_file(handle, path)
        try:
            yield mine
        finally:
            if mine:
                with contextlib.suppress(OSError):  # it only stays where open files cannot go
                    path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
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
