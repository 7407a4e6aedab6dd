"""Find a distributor's files below ``data/01_raw/<data set>/``: packed or unpacked, whole or a subset."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from guided_retraining.errors import DataFileError
from guided_retraining.readers.dataset import listing
from guided_retraining.readers.files import is_visible


def visible_files(path: Path) -> list[Path]:
    """Visible files in a folder and directly below its sub-folders, sorted; the path itself if it is a file.

    Raises:
        DataFileError: there is nothing at that path.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataFileError(f"there is no folder {path}: put the data set's files there, or download them")
    here = [p for p in path.iterdir() if is_visible(p.name)]
    below = [q for p in here if p.is_dir() for q in p.iterdir() if q.is_file() and is_visible(q.name)]
    return sorted([p for p in here if p.is_file()] + below)


def find_one(path: Path, *patterns: str) -> Path:
    """The one file whose name matches; the first pattern that matches anything decides.

    Args:
        path: the data set's folder; its sub-folders are searched one deep.
        patterns: file name patterns, the distributor's exact name first.

    Raises:
        DataFileError: none matches, or several do and none has the exact name.
    """
    found = find_if_there(path, *patterns)
    if found is None:
        there = listing([p.name for p in visible_files(path)]) or "nothing"
        raise DataFileError(
            f"{path}: no file named {' or '.join(patterns)} (there is: {there}); put it there"
        )
    return found


def find_if_there(path: Path, *patterns: str) -> Path | None:
    """As ``find_one``, but None where no file matches."""
    files = visible_files(path)
    for pattern in patterns:
        found = [p for p in files if fnmatch(p.name, pattern)]
        if len(found) > 1:
            names = listing([p.name for p in found])
            raise DataFileError(f"{path}: {len(found)} files match {pattern} ({names}): keep one of them")
        if found:
            return found[0]
    return None
