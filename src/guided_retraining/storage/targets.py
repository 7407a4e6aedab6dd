"""Where a file lies: a path on this machine, or a URL whose protocol fsspec knows.

``s3://``, ``gs://``, ``abfs://``, ``sftp://``, ``memory://`` and the like are URLs; ``file://`` is local.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import TypeAlias

from guided_retraining.errors import DataFileError

Target: TypeAlias = Path | str  # a local path, or a URL as text

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://.")
_PASSWORD = re.compile(r"([^/]+://[^/@:]*:)[^/@]+@")
_LOCAL_PROTOCOLS = ("file", "local")


def as_target(filepath: str | Path) -> Target:
    """A file's path or URL, told apart.

    Args:
        filepath: as a catalog or a caller names it.

    Raises:
        DataFileError: a URL with a password.

    >>> as_target("s3://bucket/study/")
    's3://bucket/study'
    >>> as_target("data/study").as_posix(), as_target("file:///data/study").as_posix()
    ('data/study', '/data/study')
    """
    if isinstance(filepath, Path):
        return filepath
    protocol = _URL.match(filepath)
    if protocol is None:
        return Path(filepath)
    hidden = _PASSWORD.sub(r"\1...@", filepath)
    if hidden != filepath:
        raise DataFileError(
            f"{hidden}: a password in a URL would get into logs and manifests; set "
            f"FSSPEC_{protocol[1].upper()}_PASSWORD in the environment, or the file system's own configuration"
        )
    if protocol[1] in _LOCAL_PROTOCOLS:
        from fsspec.implementations.local import LocalFileSystem

        return Path(LocalFileSystem._strip_protocol(filepath))
    return filepath.rstrip("/")


def name_of(target: Target) -> str:
    """The last part of a target's name."""
    return target.name if isinstance(target, Path) else posixpath.basename(target)


def folder_of(target: Target) -> Target:
    """What a target lies in."""
    return target.parent if isinstance(target, Path) else target.rpartition("/")[0]


def join(folder: Target, name: str) -> Target:
    """What a name means that is relative to a folder; a URL or an absolute path is meant as it is.

    >>> join("s3://bucket/study/pools", "../images.npy")
    's3://bucket/study/images.npy'
    """
    if isinstance(folder, Path) or _URL.match(name):
        return as_target(name) if _URL.match(name) else Path(folder) / name
    protocol, place = folder.split("://", 1)
    return f"{protocol}://{posixpath.normpath(posixpath.join(place, name))}"


def relative(target: Target, folder: Target) -> str | None:
    """A target's name relative to a folder, or None where there is none (another protocol, a local file to a URL).

    >>> relative("s3://bucket/study/images.npy", "s3://bucket/study/pools")
    '../images.npy'
    """
    if isinstance(target, Path) and isinstance(folder, Path):
        return Path(os.path.relpath(target.resolve(), folder.resolve())).as_posix()
    if isinstance(target, Path) or isinstance(folder, Path):
        return None
    (protocol, place), (other, start) = target.split("://", 1), folder.split("://", 1)
    return posixpath.relpath(place, start) if protocol == other else None


def with_suffix(target: Target, suffix: str) -> Target:
    """The target of that other suffix, beside it.

    >>> with_suffix("s3://bucket/figure.png", ".svg")
    's3://bucket/figure.svg'
    """
    return target.with_suffix(suffix) if isinstance(target, Path) else posixpath.splitext(target)[0] + suffix
