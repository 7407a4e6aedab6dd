"""Decode many images on all cores, a chunk of files at a time.

Processes, not threads: a small image is decoded in less time than two threads need to agree on the
interpreter lock, and threads were measured slower than one. joblib starts processes without running the
caller's script again.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import DataFileError
from guided_retraining.machine.parallel import cores
from guided_retraining.readers.archives import open_files
from guided_retraining.readers.arrays import Size
from guided_retraining.readers.files import Files
from guided_retraining.readers.image import Unreadable, decode

CHUNK = 64  # images a process takes at a time
WORTH_SECONDS = 2.0  # processes take about a second to start: less work than this is done here
IDLE_SECONDS = 10  # joblib keeps processes for a next call, by default for minutes, with their memory
BATCH = 8  # chunks for each process that are read ahead from an archive that can only be read in order


@dataclass
class Chunk:
    """What came of some files.

    Args:
        names: the readable ones.
        pixels: ``(h, w, c)`` uint8 for each.
        unreadable: name and reason of each of the others.
        all_grey: none had colours.
    """

    names: list[str] = field(default_factory=list)
    pixels: list[NDArray[np.uint8]] = field(default_factory=list)
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    all_grey: bool = True


def decoded_chunks(
    files: Files, names: Sequence[str], *, size: Size | None, grey: bool, workers: int | None = None
) -> Generator[Chunk, None, None]:
    """Decode files in chunks, in any order.

    Args:
        files: where they lie.
        names: which to decode.
        size: height and width in pixels; None keeps each image's own.
        grey: one channel.
        workers: processes; by default one for each core if the work is worth starting them.

    Returns:
        The chunks.
    """
    contents = ((name, None) for name in names) if files.random_access else _loaded(files, names)
    left = len(names)
    while left and (workers is None or workers == 1):
        items = list(islice(contents, CHUNK))
        start = perf_counter()
        yield decode_chunk(files, items, size, grey)
        left -= len(items)
        if workers is None and (perf_counter() - start) / len(items) * left > WORTH_SECONDS:
            workers = cores()
    if not left:
        return
    from joblib import Parallel, delayed  # type: ignore[import-untyped]

    job = delayed(decode_elsewhere)
    try:
        with Parallel(workers, return_as="generator", idle_worker_timeout=IDLE_SECONDS) as parallel:
            while batch := list(_chunks(contents, left if files.random_access else BATCH * (workers or 1))):
                path = files.path if files.random_access else None
                yield from parallel(job(path, items, size, grey) for items in batch)
    except BrokenExecutor as error:  # killed: a codec that crashed on damaged bytes, or no memory left
        raise DataFileError(
            f"{files.path}: a process that decoded images was killed: see that memory suffices, or look for a "
            "damaged image that crashes its decoder"
        ) from error


def decode_elsewhere(
    path: Path | None, items: list[tuple[str, bytes | None]], size: Size | None, grey: bool
) -> Chunk:
    """Decode in another process, which opens the folder or archive once for all its chunks."""
    return decode_chunk(None if path is None else _opened(path), items, size, grey)


def decode_chunk(
    files: Files | None, items: list[tuple[str, bytes | None]], size: Size | None, grey: bool
) -> Chunk:
    """Decode files one after the other; those without content are read here."""
    chunk = Chunk()
    for name, content in items:
        try:
            data = files.read(name) if content is None and files is not None else content or b""
            pixels, is_grey = decode(data, size=size, grey=grey)
        except (Unreadable, DataFileError) as error:
            chunk.unreadable.append((name, str(error)))
            continue
        chunk.names.append(name)
        chunk.pixels.append(pixels)
        chunk.all_grey &= is_grey
    return chunk


@lru_cache(maxsize=2)
def _opened(path: Path) -> Files:
    return open_files(path)


def _loaded(files: Files, names: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
    for name, load in files.stream(names):
        yield name, load()


def _chunks(
    contents: Iterator[tuple[str, bytes | None]], count: int
) -> Iterator[list[tuple[str, bytes | None]]]:
    for _ in range(count):
        if not (items := list(islice(contents, CHUNK))):
            return
        yield items
