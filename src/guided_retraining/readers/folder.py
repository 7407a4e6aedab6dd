"""Anybody's own images: a folder, zip or tar with one sub-folder for each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from guided_retraining.errors import DataFileError, ParameterError
from guided_retraining.readers.archives import ARCHIVE_SUFFIXES, open_files
from guided_retraining.readers.arrays import Size
from guided_retraining.readers.dataset import RawDataset, RawSplit, check_labels, listing
from guided_retraining.readers.files import Files
from guided_retraining.readers.folder_layout import folder_layout
from guided_retraining.readers.image import is_image_name
from guided_retraining.readers.image_splits import Listed, decode_dataset, decode_drawn
from guided_retraining.readers.locate import visible_files


def read_folder(
    path: Path,
    *,
    size: Size | None = None,
    grey: bool = False,
    class_names: Sequence[str] | None = None,
    max_unreadable: int = 0,
) -> RawDataset:
    """Read ``<class>/*.<image>``, or ``train/<class>/...`` and ``test/<class>/...``, in any raster format.

    Folders of splits are known by a word of their names, as in ``seg_train`` or ``Test_Set``, and may lie one within
    another (``seg_train/seg_train/<class>/...``).

    Args:
        path: the folder, or a zip or tar of it, or a folder that holds just that one archive.
        size: height and width in pixels; None keeps the images' own, the same for all.
        grey: one channel of ITU-R 601 luma instead of RGB.
        class_names: the class folders in the order of their labels; by default sorted by name, as Keras and
            torchvision do.
        max_unreadable: how many images may be unreadable.

    Returns:
        Images, uint8, RGB (one channel if none of them has colours); a test set if there is a ``test``
        folder. A ``validation`` folder joins the training images, or is the test set if there is no ``test``.

    Raises:
        DataFileError: no classes, an empty class, a class in one split only, or too many unreadable images.
        ParameterError: ``class_names`` are not the folders' names.
    """
    train, test, names, notes = _listed(Path(path), class_names)
    return decode_dataset(
        train, test, names, size=size, grey=grey, max_unreadable=max_unreadable, notes=notes
    )


def read_drawn(
    path: Path,
    *,
    n_images: int,
    seed: int,
    size: Size | None = None,
    grey: bool = False,
    class_names: Sequence[str] | None = None,
) -> tuple[RawSplit, list[str], list[str]]:
    """Some of the test images, or of all where there is no ``test`` folder; no other image is opened.

    Args:
        path: as in :func:`read_folder`.
        n_images: most that are drawn.
        seed: of the draw.
        size: as there.
        grey: as there.
        class_names: as there.

    Returns:
        The images, the names of all classes, what the layout was taken for.

    Raises:
        DataFileError: as there, of the images that were drawn.
        ParameterError: ``class_names`` are not the folders' names.
    """
    train, test, names, notes = _listed(Path(path), class_names)
    part, what = (train, "training") if test is None else (test, "test")
    check_labels({what: np.asarray(part.labels, np.int64)}, names, part.files.path)
    return decode_drawn(part, n_images, seed=seed, size=size, grey=grey), names, notes


def _listed(
    path: Path, class_names: Sequence[str] | None
) -> tuple[Listed, Listed | None, list[str], list[str]]:
    """Training and test images, class names by label, and notes; no image is opened."""
    files = _open(path)
    layout = folder_layout(files)
    names, classes = layout.names, layout.classes
    if names["validation"]:
        into = "train" if names["test"] else "test"
        names[into] += names["validation"]
        classes[into] += classes["validation"]
        layout.notes.append(f"the images of the validation folder were taken as {into}ing images")
    found = sorted({*classes["train"], *classes["test"]})
    if class_names is not None and sorted(class_names) != found:
        raise ParameterError(
            f"class_names: expected the class folders of {files.path} ({listing(found, 50)}), got "
            f"{list(class_names)}"
        )
    order = {name: label for label, name in enumerate(class_names or found)}
    train, test = (Listed(files, names[s], [order[c] for c in classes[s]]) for s in ("train", "test"))
    return train, test if test.names else None, list(order), layout.notes


def _open(path: Path) -> Files:
    files = open_files(path)
    if path.is_dir() and not any(is_image_name(name) for name in files.names):
        archives = [p for p in visible_files(path) if p.name.endswith(ARCHIVE_SUFFIXES)]
        if len(archives) == 1:
            return open_files(archives[0])
        if archives:
            raise DataFileError(
                f"{path}: {len(archives)} archives ({listing([p.name for p in archives])}): keep one"
            )
    return files
