"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guided_retraining.errors import DataFileError
from guided_retraining.storage.objects import cache_folder, upload
from guided_retraining.storage.targets import Target, as_target, name_of


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
    temporary = _beside(path)
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


def check_writable(path: str | Path) -> None:
    """Refuse a file that cannot be written, before the work whose result it is to hold.

    Args:
        path: the file, whose folder is made, or a URL, which is asked only when something is written.

    Raises:
        DataFileError: its folder is read-only, or there is a folder of its name.
    """
    path = as_target(path)
    if isinstance(path, Path):
        if path.is_dir():
            raise DataFileError(f"cannot write {path}: it is a folder; give the name of a file in it")
        _beside(path).unlink()


def _beside(path: Target) -> Path:
    """An empty temporary file in the folder of a file, which is made, or in the cache for a URL."""
    folder = path.parent if isinstance(path, Path) else cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        suffix = Path(name_of(path)).suffix
        handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=f".partial{suffix}")
    except OSError as error:
        why = "there is a file where its folder should be" if folder.is_file() else error
        raise DataFileError(
            f"cannot write {path}: {why}. Is the folder writable, and is there space?"
        ) from error
    os.close(handle)
    return Path(name)


def _publish(temporary: Path, path: Path) -> None:
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    umask = os.umask(0)
    os.umask(umask)
    temporary.chmod(0o666 & ~umask)  # mkstemp makes private files; results are meant to be read
    temporary.replace(path)
