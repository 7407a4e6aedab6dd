"""NumPy archives of images and labels, read straight into memory allocated once; nothing is unpickled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import DataFileError
from guided_retraining.readers.archives import MAX_RATIO, RATIO_FREE_BYTES, ZipFiles
from guided_retraining.readers.arrays import Size, fitted
from guided_retraining.readers.dataset import RawDataset, RawSplit, checked, listing, numbered_classes
from guided_retraining.readers.files import reading
from guided_retraining.readers.locate import find_one

# The layouts met in practice: Keras's own data sets, MedMNIST's, and a plain pair.
LAYOUTS = (
    {"train": ("x_train", "y_train"), "test": ("x_test", "y_test")},
    {"train": ("train_images", "train_labels"), "test": ("test_images", "test_labels")},
    {"train": ("images", "labels"), "test": ("test_images", "test_labels")},
)


def read_npz(
    path: Path, *, size: Size | None = None, grey: bool = False, class_names: Sequence[str] | None = None
) -> RawDataset:
    """Read ``x_train, y_train[, x_test, y_test]``, ``train_images, train_labels[, ...]``, ``images, labels``.

    Args:
        path: the ``.npz`` file, or a folder with one.
        size: height and width in pixels to resize to; None keeps the arrays' own.
        grey: one channel of ITU-R 601 luma instead of RGB.
        class_names: names by label; by default the labels, 0 to the largest.

    Returns:
        Images as stored, uint8 or float32, with the test set if the file has one. ``groups`` (or
        ``train_groups``), if there, become the training split's groups; ``val_images`` and ``val_labels``
        are not read.

    Raises:
        DataFileError: arrays are missing, pickled, or of another shape, dtype or range than images and
            labels.
    """
    file = find_one(path, "*.npz")
    arrays = ZipFiles(file)
    there = {name.removesuffix(".npy"): name for name in arrays.names}
    for layout in LAYOUTS:
        if all(key in there for key in layout["train"]):
            break
    else:
        wanted = " or ".join(" and ".join(one["train"]) for one in LAYOUTS)
        raise DataFileError(
            f"{file} holds {listing(sorted(there)) or 'nothing'}: expected the arrays {wanted}"
        )
    splits: dict[str, RawSplit | None] = {"test": None}
    for split, (image_key, label_key) in layout.items():
        if image_key not in there:
            continue
        if label_key not in there:
            raise DataFileError(f"{file} holds {image_key} but no {label_key}: images need labels")
        images = _images(_array(arrays, there[image_key]), f"{file}: {image_key}")
        labels = _labels(_array(arrays, there[label_key]), f"{file}: {label_key}")
        group_key = next((key for key in ("train_groups", "groups") if key in there), None)
        groups = (
            _labels(_array(arrays, there[group_key]), f"{file}: {group_key}")
            if group_key and split == "train"
            else None
        )
        if groups is not None and len(groups) != len(labels):
            raise DataFileError(
                f"{file}: {len(groups):,} {group_key} but {len(labels):,} {label_key}: expected one each"
            )
        splits[split] = RawSplit(fitted(images, size=size, grey=grey), labels, groups)
    train, test = splits["train"], splits["test"]
    assert train is not None  # both of its keys are there
    names = tuple(class_names or numbered_classes((train, test), file))
    return checked(RawDataset(train, test, names), file)


def _array(files: ZipFiles, name: str) -> NDArray[Any]:
    """One array; its header must agree with its size before memory is allocated for it."""
    with reading(files.path, name), files.open(name) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read_header(stream)
        if dtype.hasobject:
            raise DataFileError(
                f"{files.path}: {name} holds pickled objects, which are never read: save plain numbers"
            )
        declared = int(np.prod(shape, dtype=object)) * dtype.itemsize
        there = files.size(name) - stream.tell()
        if declared != there or (
            declared > RATIO_FREE_BYTES and declared > MAX_RATIO * files.path.stat().st_size
        ):
            raise DataFileError(
                f"{files.path}: {name} declares {declared:,} bytes and has {there:,}: a damaged file"
            )
    with reading(files.path, name), files.open(name) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)


def _images(images: NDArray[Any], what: str) -> NDArray[Any]:
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        turn = (
            " (channels come last: transpose the array)"
            if images.ndim == 4 and images.shape[1] in (1, 3)
            else ""
        )
        raise DataFileError(
            f"{what} has shape {images.shape}: expected (n, h, w), (n, h, w, 1) or (n, h, w, 3){turn}"
        )
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind != "f":
        raise DataFileError(f"{what} has dtype {images.dtype}: expected uint8 in 0..255 or floats in [0, 1]")
    images = images.astype(np.float32, copy=False)
    low, high = (float(images.min()), float(images.max())) if images.size else (0.0, 0.0)
    if not (low >= 0 and high <= 1):  # also true of NaN
        raise DataFileError(
            f"{what} has values from {low:g} to {high:g}: expected floats in [0, 1], or uint8 in 0..255"
        )
    return images


def _labels(labels: NDArray[Any], what: str) -> NDArray[np.int64]:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        hint = " (one-hot labels: save their argmax)" if labels.ndim == 2 else ""
        raise DataFileError(
            f"{what} has shape {labels.shape} and dtype {labels.dtype}: expected (n,) whole numbers{hint}"
        )
    return labels.astype(np.int64)
