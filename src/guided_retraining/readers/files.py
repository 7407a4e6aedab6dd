"""Files below a folder, and what all places that hold files have in common."""

from __future__ import annotations

import os
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO

from guided_retraining.errors import DataFileError

MAX_MEMBER_BYTES = 2**30  # one encoded image, or one batch of a binary format, is far below this

Loader = Callable[[], bytes]


class Files(ABC):
    """Regular, visible files below one root, by relative POSIX name.

    Attributes:
        path: the folder or archive.
        names: sorted names of the files.
        folders: sorted names of the folders, empty ones included.
        random_access: any file can be read at once, by any process; if not, ``stream`` alone is quick.
    """

    path: Path
    names: list[str]
    folders: list[str]
    random_access = True

    @abstractmethod
    def open(self, name: str) -> IO[bytes]:
        """One file, to be read from its start."""

    @abstractmethod
    def size(self, name: str) -> int:
        """Bytes of one file, unpacked."""

    def read(self, name: str) -> bytes:
        """One whole file, at most ``MAX_MEMBER_BYTES`` of it.

        Raises:
            DataFileError: the file is damaged, encrypted or too large.
        """
        with reading(self.path, name), self.open(name) as stream:
            check_size(self.path, name, self.size(name))
            return stream.read()

    def stream(self, wanted: Collection[str]) -> Iterator[tuple[str, Loader]]:
        """Each wanted file with a function that loads it, in the order that is quickest to read."""
        for name in wanted:
            yield name, lambda name=name: self.read(name)  # type: ignore[misc]


def _refuse(error: OSError) -> None:
    raise DataFileError(f"{error.filename} cannot be listed ({error.strerror}): allow reading it") from error


class FolderFiles(Files):
    """The files below a folder; links to folders are followed, loops of links are not."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def names(self) -> list[str]:  # type: ignore[override]
        return self._walked[0]

    @cached_property
    def folders(self) -> list[str]:  # type: ignore[override]
        return self._walked[1]

    @cached_property
    def _walked(self) -> tuple[list[str], list[str]]:
        all_names: list[str] = []
        all_folders: list[str] = []
        seen: set[str] = set()
        for parent, folders, names in os.walk(self.path, followlinks=True, onerror=_refuse):
            if (real := os.path.realpath(parent)) in seen:
                folders.clear()
                continue
            seen.add(real)
            folders[:] = [folder for folder in folders if is_visible(folder)]
            relative = Path(parent).relative_to(self.path).as_posix()
            prefix = "" if relative == "." else f"{relative}/"
            all_folders += [prefix + folder for folder in folders]
            all_names += [prefix + name for name in names if is_visible(name)]
        return sorted(all_names), sorted(all_folders)

    def open(self, name: str) -> IO[bytes]:
        return (self.path / name).open("rb")

    def size(self, name: str) -> int:
        return (self.path / name).stat().st_size


@contextmanager
def reading(path: Path, name: str = "") -> Iterator[None]:
    """Turn what the archive and compression modules raise into a DataFileError that names the file."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        if isinstance(error, DataFileError):
            raise
        what = f"{path}: {name}" if name else str(path)
        raise DataFileError(f"{what} cannot be read ({error}): fetch or copy the file again") from error


def check_size(path: Path, name: str, size: int) -> None:
    if size > MAX_MEMBER_BYTES:
        raise DataFileError(
            f"{path}: {name} has {size:,} bytes unpacked, more than {MAX_MEMBER_BYTES:,}: not an image, "
            f"leave it out"
        )


def is_visible(name: str) -> bool:
    """Whether no part of a name is hidden or an operating system's own record (``__MACOSX``, ``Thumbs.db``).

    >>> is_visible("a/b.png"), is_visible("a/.b.png"), is_visible("__MACOSX/a/b.png")
    (True, False, False)
    """
    return not any(
        (part.startswith(".") and part not in {".", ".."}) or part in {"__MACOSX", "Thumbs.db", "desktop.ini"}
        for part in name.split("/")
    )
