"""Local copies of remote objects, so that they can be memory-mapped: each version is fetched once a machine."""

from __future__ import annotations

import contextlib
import hashlib
import time
from pathlib import Path
from typing import NamedTuple

from guided_retraining.errors import DataFileError
from guided_retraining.storage.files import atomic_path
from guided_retraining.storage.locks import locked
from guided_retraining.storage.objects import cache_folder, download, version
from guided_retraining.storage.targets import as_target, name_of

POLL_SECONDS = 0.1  # between looks for a copy that another process or thread is fetching
_TRIES = 5
_ORIGIN = "url"  # beside the copies of an object: where it lies


class Origin(NamedTuple):
    """What a local copy is a copy of."""

    url: str
    version: str


def local_path(target: str | Path) -> Path:
    """A local file with a target's content: a local path itself, or a copy of the object behind a URL.

    The copy is named by the object's version: a changed object is fetched again, an unchanged one is not, whoever
    asks. Copies of earlier versions are removed; where they are memory-mapped, the maps stay valid.

    Args:
        target: path or URL.

    Raises:
        FileNotFoundError: no such object.
        DataFileError: the storage cannot be asked, or the cache cannot be written.
    """
    target = as_target(target)
    if isinstance(target, Path):
        return target
    folder = cache_folder() / _folder_name(target)
    for _ in range(_TRIES):
        path = folder / f"{version(target)}-{name_of(target)}"
        if path.exists() or _fetched(target, path):
            return path
    raise DataFileError(
        f"{target} was written {_TRIES} times while being fetched; is another run at work there?"
    )


def origin(path: Path) -> Origin | None:
    """The object that a file is a local copy of, or None for any other file.

    Args:
        path: of a file, for example of a memory map.
    """
    try:
        url = (path.parent / _ORIGIN).read_text()
    except OSError:
        return None
    return Origin(url, path.name.partition("-")[0]) if path.parent.name == _folder_name(url) else None


def _fetched(url: str, path: Path) -> bool:
    """See that the copy is there; False if the object was changed meanwhile."""
    while not path.exists():
        with locked(path.with_name(f".{path.name}.lock")) as mine:
            if not mine:
                time.sleep(POLL_SECONDS)
            elif not path.exists() and not _fetch(url, path):
                return False
    return True


def _fetch(url: str, path: Path) -> bool:
    with atomic_path(path.with_name(_ORIGIN)) as temporary:
        temporary.write_text(url)
    before = path.name.partition("-")[0]
    with contextlib.suppress(_ChangedError), atomic_path(path) as temporary:
        download(url, temporary)
        if version(url) != before:
            raise _ChangedError
    if not path.exists():
        return False
    for other in path.parent.glob("[!.]*"):
        if other.name not in (path.name, _ORIGIN):
            with contextlib.suppress(OSError):  # Windows keeps files that are open
                other.unlink()
    return True


class _ChangedError(Exception):
    """The object is not the one asked for any more."""


def _folder_name(url: str) -> str:
    return hashlib.blake2b(url.encode(), digest_size=16).hexdigest()
