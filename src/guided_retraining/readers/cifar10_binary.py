"""The binary version of CIFAR-10: records of one label byte and 3,072 pixel bytes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import DataFileError
from guided_retraining.readers.archives import open_files
from guided_retraining.readers.arrays import Size, fitted
from guided_retraining.readers.dataset import RawDataset, RawSplit, checked, listing
from guided_retraining.readers.files import Files, Loader
from guided_retraining.readers.locate import find_if_there, find_one

CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE = 32
RECORD_BYTES = 1 + 3 * SIDE * SIDE  # https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version"
BATCH = re.compile(r"(?:^|/)(data_batch_\d+|test_batch)\.bin$")
OFFICIAL_TRAIN_BATCHES = 5
PICKLED = re.compile(r"(^|/)(cifar-10-python[^/]*|data_batch_\d)$")
RECORDS_AT_A_TIME = 2_000


def read_cifar10_binary(path: Path, *, size: Size | None = None, grey: bool = False) -> RawDataset:
    """Read ``cifar-10-binary.tar.gz``, or the ``data_batch_*.bin`` and ``test_batch.bin`` it unpacks to.

    Args:
        path: the folder that holds the archive or the batches, or the archive itself.
        size: height and width in pixels to resize to; None keeps 32x32.
        grey: one channel of ITU-R 601 luma instead of RGB.

    Returns:
        Images ``(n, 32, 32, 3)`` uint8 (1 channel if grey), with the official test set; the counts are what
        the file sizes say.

    Raises:
        DataFileError: the files are missing, damaged, of another size than whole records, or the pickled
            version.
    """
    files = _open(path)
    batches = {match[1]: name for name in files.names if (match := BATCH.search(name))}
    train = sorted(batch for batch in batches if batch != "test_batch")
    train.sort(key=len)  # data_batch_10 after data_batch_9
    if not train or "test_batch" not in batches:
        raise DataFileError(
            f"{files.path}: expected data_batch_1.bin to data_batch_5.bin and test_batch.bin, found "
            f"{listing(sorted(batches)) or 'none of them'}: fetch cifar-10-binary.tar.gz again"
        )
    loaded = dict(_load(files, batches, train))
    notes = () if len(train) == OFFICIAL_TRAIN_BATCHES else (f"{len(train)} of 5 training batches are there",)
    train_split, test_split = (
        RawSplit(fitted(images, size=size, grey=grey), labels)
        for images, labels in (loaded["train"], loaded["test"])
    )
    return checked(RawDataset(train_split, test_split, CLASS_NAMES, notes), files.path)


def _open(path: Path) -> Files:
    if path.is_dir():
        unpacked = open_files(path)
        if any(BATCH.search(name) for name in unpacked.names):
            return unpacked
        packed = find_if_there(
            path, "cifar-10-binary.tar.gz", "cifar-10-binary*.tar*", "cifar-10-binary*.tgz"
        )
        if packed is None and any(PICKLED.search(name) for name in unpacked.names):
            raise DataFileError(
                f"{path} holds the Python version of CIFAR-10, which is pickled and could run code when "
                "it is read: put cifar-10-binary.tar.gz there instead"
            )
        path = packed or find_one(path, "cifar-10-binary.tar.gz")
    return open_files(path)


def _load(
    files: Files, batches: dict[str, str], train: list[str]
) -> list[tuple[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]]:
    """Both splits; an archive is gone through once, each batch put where it belongs."""
    counts = {batch: _count(files, name) for batch, name in batches.items()}
    out = {}
    for split, members in (("train", train), ("test", ["test_batch"])):
        n = sum(counts[batch] for batch in members)
        out[split] = np.empty((n, SIDE, SIDE, 3), np.uint8), np.empty(n, np.int64)
    starts = dict(zip(train, np.cumsum([0, *(counts[batch] for batch in train)]).tolist(), strict=False))
    of_name = {name: batch for batch, name in batches.items()}
    for name, load in files.stream(list(of_name)):
        batch = of_name[name]
        images, labels = out["test" if batch == "test_batch" else "train"]
        start = starts.get(batch, 0)
        _unpack(
            load, f"{files.path}: {name}", images[start:][: counts[batch]], labels[start:][: counts[batch]]
        )
    return list(out.items())


def _count(files: Files, name: str) -> int:
    count, rest = divmod(files.size(name), RECORD_BYTES)
    if rest or not count:
        raise DataFileError(
            f"{files.path}: {name} has {files.size(name):,} bytes, not a whole number of records of "
            f"{RECORD_BYTES:,}: truncated, or not the binary version of CIFAR-10"
        )
    return count


def _unpack(load: Loader, what: str, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    data = load()
    if len(data) != len(labels) * RECORD_BYTES:
        raise DataFileError(
            f"{what} has {len(data):,} bytes, {len(labels) * RECORD_BYTES:,} were expected: read it again"
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD_BYTES)
    labels[:] = records[:, 0]
    if (wrong := np.flatnonzero(labels >= len(CLASS_NAMES))).size:
        raise DataFileError(
            f"{what}: record {wrong[0]} has label {labels[wrong[0]]}, expected 0 to 9: a damaged file"
        )
    for start in range(0, len(records), RECORDS_AT_A_TIME):
        block = slice(start, start + RECORDS_AT_A_TIME)
        images[block] = records[block, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
