"""IDX files, plain or gzipped: MNIST, Fashion-MNIST and whatever else has their four files."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import DataFileError
from guided_retraining.readers.arrays import Size, fitted
from guided_retraining.readers.dataset import RawDataset, RawSplit, checked, numbered_classes
from guided_retraining.readers.files import reading
from guided_retraining.readers.locate import find_one

UNSIGNED_BYTE = 0x08  # the IDX type code of both kinds of file
MAX_DEFLATE_RATIO = 1032  # zlib's own figure: no gzip file can hold more than this times its size
READ_BYTES = 2**20


def read_idx(
    path: Path, *, size: Size | None = None, grey: bool = False, class_names: Sequence[str] | None = None
) -> RawDataset:
    """Read the four files ``{train,t10k}-{images-idx3,labels-idx1}-ubyte``, each plain or ``.gz``.

    Args:
        path: the folder that holds them (or whose sub-folder does).
        size: height and width in pixels to resize to; None keeps the files' own.
        grey: no effect here: IDX images have one channel.
        class_names: names by label; by default the labels themselves, 0 to the largest.

    Returns:
        Images ``(n, h, w, 1)`` uint8, with the official test set.

    Raises:
        DataFileError: a file is missing, damaged, truncated or no IDX file, or counts and labels do not fit.
    """
    splits = {}
    for split, stem in (("train", "train"), ("test", "t10k")):
        image_file, label_file = (_find(path, stem, kind) for kind in ("images-idx3", "labels-idx1"))
        images, labels = read_idx_file(image_file, 3), read_idx_file(label_file, 1)
        if len(images) != len(labels):
            raise DataFileError(
                f"{image_file} has {len(images):,} images but {label_file.name} has {len(labels):,} labels: "
                "the two do not belong together"
            )
        splits[split] = RawSplit(fitted(images[..., None], size=size, grey=grey), labels.astype(np.int64))
    train, test = splits["train"], splits["test"]
    names = tuple(class_names or numbered_classes((train, test), path))
    return checked(RawDataset(train, test, names), path)


def read_idx_file(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """One IDX file of unsigned bytes, straight into its array.

    Args:
        path: the file; gzipped if its name ends in ``.gz``.
        dimensions: how many it must have (3 for images, 1 for labels).

    Returns:
        The array, uint8.

    Raises:
        DataFileError: wrong magic number, fewer or more bytes than the header declares, or a damaged gzip.
    """
    zipped = path.suffix == ".gz"
    with reading(path), gzip.open(path) if zipped else path.open("rb") as stream:
        header = stream.read(4 + 4 * dimensions)
        if len(header) < 4 + 4 * dimensions:
            raise DataFileError(
                f"{path} ends within its header ({len(header)} bytes): fetch or copy the file again"
            )
        magic, expected = header[:4], bytes([0, 0, UNSIGNED_BYTE, dimensions])
        if magic != expected:
            raise DataFileError(
                f"{path} starts with {magic.hex()}, an IDX file of {dimensions} dimensions of unsigned "
                f"bytes with {expected.hex()}: check that images and labels are not exchanged, and that it "
                "is the original file"
            )
        shape = struct.unpack(f">{dimensions}I", header[4:])
        size, file_size = int(np.prod(shape, dtype=object)), path.stat().st_size
        if size > file_size * (MAX_DEFLATE_RATIO if zipped else 1):
            raise DataFileError(
                f"{path}: the header declares {'x'.join(map(str, shape))} bytes, more than a file of "
                f"{file_size:,} bytes can hold: truncated or damaged, fetch or copy it again"
            )
        return _fill(cast(IO[bytes], stream), np.empty(shape, np.uint8), path)


def _fill(stream: IO[bytes], array: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
    rest = memoryview(array.reshape(-1))  # type: ignore[arg-type]
    while len(rest):
        count = stream.readinto(rest[:READ_BYTES])  # type: ignore[attr-defined]
        if not count:
            raise DataFileError(
                f"{path} is truncated: {array.size - len(rest):,} of {array.size:,} bytes are there; "
                f"fetch it again"
            )
        rest = rest[count:]
    if stream.read(1):  # also makes gzip verify its checksum
        raise DataFileError(
            f"{path} goes on after the {array.size:,} bytes its header declares: not the original file"
        )
    return array


def _find(path: Path, stem: str, kind: str) -> Path:
    # The second spelling, with a dot, is that of a widespread repackaging of the same files.
    names = [f"{stem}-{kind}-ubyte", f"{stem}-{kind}-ubyte.gz", f"{stem}-{kind.replace('-', '.')}-ubyte"]
    return find_one(path, *names, f"*{stem}-{kind}-ubyte*")
