"""Objects behind a URL (object stores, SFTP, anything fsspec knows): read, put whole or not at all, listed, told apart.

Credentials, endpoints and options are those of fsspec's own configuration and of the libraries below it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from guided_retraining.errors import DataFileError
from guided_retraining.storage.targets import Target, as_target

CACHE_VARIABLE = "GUIDED_RETRAINING_CACHE"

# An upload to these is seen once it is complete. Anywhere else it goes under a temporary name and is renamed.
_WHOLE_UPLOADS = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}

# What tells versions of an object apart: a store's mark of the content, else the time of the last change.
_CONTENT_MARKS = ("ETag", "etag", "md5Hash", "generation")
_TIMES = ("LastModified", "last_modified", "mtime", "modify", "modified", "updated", "created")

Result = TypeVar("Result")


def cache_folder() -> Path:
    """Where copies of objects and files on their way up lie; ``GUIDED_RETRAINING_CACHE`` puts it elsewhere."""
    from platformdirs import user_cache_path

    chosen = os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else user_cache_path("guided-retraining", appauthor=False)


def exists(target: str | Path) -> bool:
    """Whether a file or an object of that name is there.

    Args:
        target: path or URL.

    Raises:
        DataFileError: the storage cannot be asked; a storage out of reach is not an empty one.
    """
    target = as_target(target)
    if isinstance(target, Path):
        return target.exists()
    try:
        _info(target)
    except FileNotFoundError:
        return False
    return True


def version(target: str | Path) -> list[int] | str:
    """What changes when a file or object is written again: size and time of change, or the store's own mark.

    Args:
        target: path or URL.

    Raises:
        FileNotFoundError: nothing there.
        DataFileError: the storage cannot be asked.
    """
    target = as_target(target)
    if isinstance(target, Path):
        status = target.stat()
        return [status.st_size, status.st_mtime_ns]
    info = _info(target)
    marks = [str(info[name]) for name in (*_CONTENT_MARKS, *_TIMES) if info.get(name) is not None]
    # The rest of an `info` differs between a listing and a look at the object, so fsspec's own `ukey` would too.
    mark = marks[0] if marks else repr(sorted(info.items(), key=str))
    return hashlib.blake2b(f"{info.get('size')} {mark}".encode(), digest_size=8).hexdigest()


def read(url: str) -> bytes | None:
    """An object's content, or None where there is none."""
    try:
        return bytes(_ask(url, "read", lambda fs, path: fs.cat_file(path)))
    except FileNotFoundError:
        return None


def download(url: str, path: Path) -> None:
    """Copy an object into a local file."""
    try:
        _ask(url, "fetch", lambda fs, remote: fs.get_file(remote, str(path)))
    except FileNotFoundError:
        raise DataFileError(f"{url} was removed while it was being fetched; run the command again") from None


def upload(path: Path, url: str) -> None:
    """Make a local file's content an object, whole or not at all."""
    try:
        _ask(url, "write", lambda fs, remote: _put(fs, path, remote))
    except FileNotFoundError as error:
        raise DataFileError(f"cannot write {url}: {error}. Make the bucket or container first") from error


def rename(target: Target, name: str) -> None:
    """Give a file or an object another name beside it."""
    if isinstance(target, Path):
        target.replace(target.with_name(name))
        return
    _ask(target, "rename", lambda fs, path: fs.mv(path, f"{fs._parent(path)}/{name}"))


def remove(target: Target) -> None:
    """See that there is no file or object of that name."""
    if isinstance(target, Path):
        target.unlink(missing_ok=True)
        return
    with contextlib.suppress(FileNotFoundError):
        _ask(target, "remove", lambda fs, path: fs.rm_file(path))


def names(folder: Target) -> list[str]:
    """Names right below a folder or URL, but no hidden ones; none where it is not there."""
    if isinstance(folder, Path):
        return [path.name for path in folder.glob("[!.]*")]

    def listing(fs: Any, path: str) -> list[str]:
        fs.invalidate_cache()
        found = [str(entry).rstrip("/").rpartition("/")[2] for entry in fs.ls(path, detail=False)]
        return [name for name in found if not name.startswith(".")]

    try:
        return _ask(folder, "list", listing)
    except FileNotFoundError:
        return []


def _info(url: str) -> dict[str, Any]:
    def info(fs: Any, path: str) -> dict[str, Any]:
        fs.invalidate_cache()  # other processes write too: a remembered listing may be old
        return dict(fs.info(path))

    return _ask(url, "look for", info)


def _put(fs: Any, path: Path, remote: str) -> None:
    protocols = {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)
    if protocols & _WHOLE_UPLOADS:
        fs.put_file(str(path), remote)
        return
    folder = fs._parent(remote)
    _make(fs, folder)
    temporary = f"{folder.rstrip('/')}/.{uuid.uuid4().hex}.partial"
    try:
        fs.put_file(str(path), temporary)
        fs.mv(temporary, remote)
    except BaseException:
        with contextlib.suppress(Exception):
            fs.rm_file(temporary)
        raise


def _make(fs: Any, folder: str) -> None:
    try:
        fs.makedirs(folder, exist_ok=True)
    except Exception:
        fs.invalidate_cache()
        if not fs.isdir(folder):  # else another process made it at the same time
            raise


def _ask(url: str, what: str, operation: Callable[[Any, str], Result]) -> Result:
    """Do something with a URL's file system; a lost connection is made anew once.

    Raises:
        FileNotFoundError: no such object.
        DataFileError: anything else, with the URL.
    """
    fs = None
    for attempt in (1, 2):
        try:
            fs, path = _file_system(url)
            return operation(fs, path)
        except (FileNotFoundError, DataFileError):
            raise
        except Exception as error:  # each storage has errors of its own
            if attempt == 1 and fs is not None and not isinstance(error, PermissionError):
                type(fs).clear_instance_cache()  # an idle SFTP or FTP session ends while a model is fitted
                continue
            raise DataFileError(
                f"cannot {what} {url} ({type(error).__name__}: {error}). Is its file system installed (s3fs for "
                "s3://, gcsfs for gs://, adlfs for abfs://, paramiko for sftp://), reachable, and are its "
                "credentials set where fsspec looks for them?"
            ) from error
    raise AssertionError("a second failure is raised")


def _file_system(url: str) -> tuple[Any, str]:
    from fsspec.core import has_magic, url_to_fs

    fs, path = url_to_fs(url)
    if has_magic(path):
        raise DataFileError(
            f"{url}: the characters * ? [ ] stand for patterns; give the storage another name"
        )
    return fs, path


__all__ = [
    "CACHE_VARIABLE", "Target", "cache_folder", "download", "exists", "names", "read", "remove", "rename", "upload",
    "version",
]  # fmt: skip
