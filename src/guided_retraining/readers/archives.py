"""Zip and tar archives, read in place and never extracted.

Members are only ever read into memory under a size limit, so nothing can be written outside a folder; an
archive with names that try to is refused all the same, because it was made to do harm.
"""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import IO

from guided_retraining.errors import DataFileError
from guided_retraining.readers.files import Files, FolderFiles, Loader, check_size, is_visible, reading

MAX_RATIO = 200  # whole archive, unpacked to packed; photographs reach 1 to 2, flat drawings about 50
RATIO_FREE_BYTES = 256 * 2**20  # an archive that unpacks to less is harmless at any ratio
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def open_files(path: Path) -> Files:
    """The files of a folder, a zip or a tar.

    Args:
        path: the folder or archive.

    Raises:
        DataFileError: there is nothing at that path, or it is neither.
    """
    if path.is_dir():
        return FolderFiles(path)
    if not path.exists():
        raise DataFileError(f"there is no {path}: expected a folder, a zip or a tar there")
    if path.suffix == ".zip":
        return ZipFiles(path)
    if path.name.endswith(ARCHIVE_SUFFIXES):
        return TarFiles(path)
    raise DataFileError(f"{path} is neither a folder nor an archive ({', '.join(ARCHIVE_SUFFIXES)})")


class ZipFiles(Files):
    """The members of a zip; any number of threads may read at once (zipfile locks its one handle)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with reading(path):
            self._zip = zipfile.ZipFile(path)
        members = self._zip.infolist()
        self._members = {m.filename: m for m in members if not m.is_dir() and is_visible(m.filename)}
        check_names(path, [m.filename for m in members])
        check_ratio(path, sum(m.file_size for m in members), path.stat().st_size)
        self.names = sorted(self._members)
        self.folders = parents(m.filename for m in members if is_visible(m.filename))

    def open(self, name: str) -> IO[bytes]:
        return self._zip.open(self._members[name])

    def size(self, name: str) -> int:
        return self._members[name].file_size


class TarFiles(Files):
    """The members of a tar, plain or compressed; links and devices are left out.

    A compressed tar can only be read from its start: ``stream`` goes through it once.
    """

    random_access = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sizes: dict[str, int] = {}
        every, folders, total = [], [], 0
        packed = path.stat().st_size
        with reading(path), tarfile.open(path) as tar:
            for member in tar:
                every.append(member.name)
                total += member.size
                check_ratio(path, total, packed)  # while reading: a bomb is met before it is unpacked
                name = member.name.removeprefix("./")
                if member.isfile() and is_visible(name):
                    self._sizes[name] = member.size
                if is_visible(name):
                    folders.append(f"{name}/" if member.isdir() else name)
        check_names(path, every)
        self.names = sorted(self._sizes)
        self.folders = parents(folders)

    def open(self, name: str) -> IO[bytes]:
        tar = tarfile.open(self.path)  # noqa: SIM115 - closed with the stream below
        for member in tar:
            if member.name.removeprefix("./") == name and (stream := tar.extractfile(member)):
                return stream
        raise DataFileError(f"{self.path} has no {name} any more: was it replaced while it was read?")

    def size(self, name: str) -> int:
        return self._sizes[name]

    def stream(self, wanted: Collection[str]) -> Iterator[tuple[str, Loader]]:
        left = set(wanted)
        with reading(self.path), tarfile.open(self.path) as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                if name in left and (handle := tar.extractfile(member)):
                    left.remove(name)
                    check_size(self.path, name, member.size)
                    data = handle.read()
                    yield name, lambda data=data: data  # type: ignore[misc]


def parents(names: Iterable[str]) -> list[str]:
    """All folders that the names of an archive speak of; a name that ends in ``/`` is one itself."""
    found: set[str] = set()
    for name in names:
        parts = name.split("/")[:-1]
        found.update("/".join(parts[: i + 1]) for i in range(len(parts)))
    return sorted(found - {"", "."})


def check_names(path: Path, names: list[str]) -> None:
    """Refuse names that leave the archive's folder, and names that occur twice."""
    seen: set[str] = set()
    for name in names:
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0]:
            raise DataFileError(
                f"{path}: the member {name!r} would be written outside the folder: do not use this file"
            )
        if not name.endswith("/") and name in seen:
            raise DataFileError(
                f"{path}: the member {name!r} occurs twice: pack the archive again without duplicates"
            )
        seen.add(name)


def check_ratio(path: Path, unpacked: int, packed: int) -> None:
    """Refuse a decompression bomb."""
    if unpacked > RATIO_FREE_BYTES and unpacked > MAX_RATIO * packed:
        raise DataFileError(
            f"{path} has {packed:,} bytes and would unpack to more than {unpacked:,}: more than {MAX_RATIO} "
            "times is taken for a decompression bomb; unpack it by hand if you trust it"
        )
