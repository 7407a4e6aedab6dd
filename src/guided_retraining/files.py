"""Files that appear whole or not at all, and fingerprints of what is in them."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from guided_retraining.errors import DataFileError
from guided_retraining.images import ImageArray, UnitImages, blocks
from guided_retraining.storage import cache_folder, upload
from guided_retraining.targets import as_target, name_of


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A temporary file that becomes ``path`` when the block ends without an error.

    Args:
        path: the file to write, whose folder is made, or a URL.

    Yields:
        A temporary name beside the file, renamed onto it at the end; for a URL a local one, uploaded at the end.

    Raises:
        DataFileError: the folder is read-only, the disk is full or the storage refuses; nothing of the new file
            is ever seen.
    """
    path = as_target(path)
    folder = path.parent if isinstance(path, Path) else cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        suffix = Path(name_of(path)).suffix
        handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=f".partial{suffix}")
    except OSError as error:
        raise DataFileError(
            f"cannot write {path}: {error}. Is the folder writable, and is there space?"
        ) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        if isinstance(path, Path):
            _publish(temporary, path)
        else:
            upload(temporary, path)
    except OSError as error:
        raise DataFileError(f"cannot write {path}: {error}. Is there space left on the disk?") from error
    finally:
        temporary.unlink(missing_ok=True)


def _publish(temporary: Path, path: Path) -> None:
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    umask = os.umask(0)
    os.umask(umask)
    temporary.chmod(0o666 & ~umask)  # mkstemp makes private files; results are meant to be read
    temporary.replace(path)


@contextmanager
def atomic_open(path: str | Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """An open file that becomes ``path`` when the block ends without an error."""
    with atomic_path(path) as temporary, temporary.open(mode) as stream:
        yield stream
        stream.flush()


def fingerprint(*parts: Any) -> str:
    """A short name for exactly this content: 128-bit BLAKE2b over arrays' bytes and other values' JSON.

    Args:
        parts: NumPy arrays, image arrays (read in blocks), or values that JSON can hold.

    >>> fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    True
    >>> fingerprint(np.zeros(3)) == fingerprint(np.zeros((3, 1)))
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, UnitImages):
            part = part.stored
        if isinstance(part, np.ndarray) or hasattr(part, "__array__"):
            _add_array(digest, part)
        else:
            digest.update(b"json" + json.dumps(part, sort_keys=True, default=_plain).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def _add_array(digest: Any, array: np.ndarray | ImageArray) -> None:
    digest.update(f"array {array.dtype} {array.shape}".encode())
    if array.shape == ():
        digest.update(np.asarray(array).tobytes())
        return
    row_bytes = int(np.prod(array.shape[1:], dtype=np.int64)) * array.dtype.itemsize
    for block in blocks(len(array), row_bytes):
        digest.update(np.ascontiguousarray(array[block]))


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return value.as_posix()
    raise TypeError(f"cannot fingerprint a {type(value).__name__}")
