"""Intel's natural scenes: six classes of photographs, most of them 150x150."""

from __future__ import annotations

import re
from pathlib import Path

from guided_retraining.errors import DataFileError
from guided_retraining.readers.archives import open_files
from guided_retraining.readers.arrays import Size
from guided_retraining.readers.dataset import RawDataset
from guided_retraining.readers.files import Files
from guided_retraining.readers.image_splits import Listed, decode_dataset
from guided_retraining.readers.locate import find_one

CLASS_NAMES = ("buildings", "forest", "glacier", "mountain", "sea", "street")
IMAGE = re.compile(r"(?:^|/)seg_(train|test)/(?:seg_\1/)?(\w+)/[^/]+\.jpe?g$", re.IGNORECASE)


def read_intel(
    path: Path, *, size: Size | None = None, grey: bool = False, max_unreadable: int = 0
) -> RawDataset:
    """Read Intel's zip (``seg_train/seg_train/<class>/*.jpg``, ``seg_test/...``), or its folders unpacked.

    Args:
        path: the folder with ``intel-image-classification*.zip`` (or ``archive.zip``, as some browsers save
            it).
        size: height and width in pixels; a few images are not 150x150, so one must be given.
        grey: one channel of ITU-R 601 luma instead of RGB.
        max_unreadable: how many images may be unreadable.

    Returns:
        RGB images, uint8, with the test set; ``seg_pred``, which has no labels, is left out.

    Raises:
        DataFileError: the files are missing or damaged, or a class folder is not one of the six.
    """
    files = _open(path)
    found: dict[str, tuple[list[str], list[int]]] = {"train": ([], []), "test": ([], [])}
    for name in files.names:
        if match := IMAGE.search(name):
            if match[2] not in CLASS_NAMES:
                raise DataFileError(
                    f"{files.path}: {name} is in class {match[2]}, expected {', '.join(CLASS_NAMES)}"
                )
            names, labels = found[match[1].lower()]
            names.append(name)
            labels.append(CLASS_NAMES.index(match[2]))
    for split, (names, _) in found.items():
        if not names:
            raise DataFileError(
                f"{files.path}: no seg_{split}/seg_{split}/<class>/*.jpg: not the Intel data set's layout"
            )
    return decode_dataset(
        Listed(files, *found["train"]),
        Listed(files, *found["test"]),
        CLASS_NAMES,
        size=size,
        grey=grey,
        max_unreadable=max_unreadable,
    )


def _open(path: Path) -> Files:
    if path.is_dir():
        unpacked = open_files(path)
        if any(IMAGE.search(name) for name in unpacked.names):
            return unpacked
    name = "intel-image-classification"
    return open_files(find_one(path, f"{name}.zip", f"{name}*.zip", "archive.zip"))
