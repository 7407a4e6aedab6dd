"""Fetch a data set's files from where they are published: verified, and never half there.

Each file is fetched to a hidden folder, its checksum compared, and only then moved to its name. A download
cut off leaves nothing under that name; the next one starts that file again and skips those that are
complete.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from guided_retraining.errors import DataFileError, ParameterError
from guided_retraining.readers.sources import SOURCES, RemoteFile

Progress = Callable[[str, int, int], None]

PARTIAL_FOLDER = ".partial"  # hidden, so that no reader takes what is in it for data
CHUNK_BYTES = 2**18
ATTEMPTS = 2  # at each address, for a transfer that broke off


def download(
    dataset: str, folder: str | Path, *, base_url: str | None = None, progress: Progress | None = None
) -> list[Path]:
    """Fetch the files of a data set into a folder; those that are there and correct are not fetched.

    Args:
        dataset: a key of ``SOURCES``, or ``digits``, which needs no files.
        folder: where to put them, usually ``data/01_raw/<data set>``; made if missing.
        base_url: a folder's address to fetch from instead of the published ones; checksums stay the
            published ones.
        progress: called with a file's name, the bytes fetched so far and its size in bytes.

    Returns:
        The files.

    Raises:
        ParameterError: there is no such data set.
        DataFileError: it can only be fetched by hand, the folder cannot be written, a file of that name but
            other content is there, or no address gave the published file; it says how to do it by hand.
    """
    if dataset == "digits":
        return []
    if dataset not in SOURCES:
        raise ParameterError(
            f"no download is known for {dataset!r}: choose one of {', '.join(SOURCES)}, or digits"
        )
    folder, source = Path(folder), SOURCES[dataset]
    if not source.files:
        raise DataFileError(f"{dataset} cannot be downloaded: {source.by_hand}, in the folder {folder}")
    mirrors = (base_url.rstrip("/") + "/",) if base_url else source.mirrors
    partial = folder / PARTIAL_FOLDER
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFileError(
            f"cannot write to {folder} ({error}): choose another folder, or allow writing"
        ) from error
    try:
        return [
            _fetch(dataset, file, folder, [mirror + file.name for mirror in mirrors], progress)
            for file in source.files
        ]
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _fetch(dataset: str, file: RemoteFile, folder: Path, urls: list[str], progress: Progress | None) -> Path:
    import pooch

    target = folder / file.name
    if target.exists():
        found = pooch.file_hash(str(target), alg="md5")
        if found != file.md5:
            raise DataFileError(
                f"{target} is there already but is not the published file (md5 {found}, published "
                f"{file.md5}): it is left as it is; to use it no download is needed, to replace it move it "
                "away first"
            )
        return target
    reasons = []
    for url in urls:
        reason = _try(url, file, folder / PARTIAL_FOLDER, progress)
        if reason is None:
            (folder / PARTIAL_FOLDER / file.name).replace(target)
            return target
        reasons.append(f"{url} ({reason})")
    raise DataFileError(
        f"{dataset}: {file.name} could not be fetched into {folder}: {'; '.join(reasons)}. Check the "
        f"network and start again, or fetch it by hand from {urls[0]} into {folder} ({file.size:,} bytes, "
        f"md5 {file.md5})"
    )


def _try(url: str, file: RemoteFile, partial: Path, progress: Progress | None) -> str | None:
    """Fetch from one address; None when it worked, else why not."""
    import pooch
    import requests  # type: ignore[import-untyped]

    pooch.get_logger().setLevel(logging.WARNING)  # it announces each file; progress is shown by the caller
    bar = _Bar(file, progress) if progress else False
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            pooch.retrieve(
                url,
                known_hash=f"md5:{file.md5}",
                fname=file.name,
                path=partial,
                downloader=pooch.HTTPDownloader(progressbar=bar, chunk_size=CHUNK_BYTES),
            )
            return None
        except requests.exceptions.HTTPError as error:
            return f"the server answered {getattr(error.response, 'status_code', error)}"
        except requests.exceptions.Timeout:
            return "no answer in time"
        except requests.exceptions.ChunkedEncodingError:
            reason = "the transfer broke off"
        except requests.exceptions.ConnectionError:
            reason = "no connection"
        except requests.exceptions.RequestException as error:
            return str(error)
        except ValueError:  # pooch's word for another checksum
            return f"what it sends is not the published file: its md5 is not {file.md5}"
        except OSError as error:
            raise DataFileError(
                f"cannot write {file.name} in {partial.parent} ({error}): free space or rights"
            ) from error
    return reason


class _Bar:
    """What pooch asks of a progress bar, told on to a function."""

    def __init__(self, file: RemoteFile, progress: Progress) -> None:
        self.file, self.progress = file, progress
        self.total, self.done = file.size, 0

    def update(self, count: int) -> None:
        self.done = min(self.done + count, self.total or self.file.size)
        self.progress(self.file.name, self.done, self.total or self.file.size)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        """Nothing is held open."""
