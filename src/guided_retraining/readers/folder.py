"""Anybody's own images: a folder, zip or tar with one sub-folder for each class."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from guided_retraining.errors import DataFileError, ParameterError
from guided_retraining.readers.archives import ARCHIVE_SUFFIXES, open_files
from guided_retraining.readers.arrays import Size
from guided_retraining.readers.dataset import RawDataset, listing
from guided_retraining.readers.files import Files
from guided_retraining.readers.image import is_image_name
from guided_retraining.readers.image_splits import Listed, decode_dataset
from guided_retraining.readers.locate import visible_files

SPLIT_FOLDERS = {
    "train": "train", "training": "train",
    "val": "validation", "valid": "validation", "validation": "validation",
    "test": "test", "testing": "test",
}  # fmt: skip


@dataclass
class Layout:
    """Which image is of which split and class, by folder names alone."""

    names: dict[str, list[str]] = field(default_factory=lambda: {"train": [], "validation": [], "test": []})
    classes: dict[str, list[str]] = field(default_factory=lambda: {"train": [], "validation": [], "test": []})
    notes: list[str] = field(default_factory=list)


def read_folder(
    path: Path,
    *,
    size: Size | None = None,
    grey: bool = False,
    class_names: Sequence[str] | None = None,
    max_unreadable: int = 0,
) -> RawDataset:
    """Read ``<class>/*.<image>``, or ``train/<class>/...`` and ``test/<class>/...``, in any raster format.

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
    files = _open(Path(path))
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
    return decode_dataset(
        train,
        test if test.names else None,
        list(order),
        size=size,
        grey=grey,
        max_unreadable=max_unreadable,
        notes=layout.notes,
    )


def folder_layout(files: Files) -> Layout:
    """Sort image files into splits and classes; nothing is opened.

    Raises:
        DataFileError: there are no images in class folders, or a class folder is empty.
    """
    layout = Layout()
    images = [name for name in files.names if is_image_name(name)]
    skipped = [name for name in files.names if not is_image_name(name)]
    if skipped:
        layout.notes.append(f"not images by their names, skipped ({len(skipped):,}): {listing(skipped)}")
    prefix = _common_folder(images, files.folders)
    tops = {
        name[len(prefix) :].split("/")[0] for name in [*images, *files.folders] if name.startswith(prefix)
    }
    has_splits = any(SPLIT_FOLDERS.get(top.lower()) == "train" for top in tops)
    filled: set[str] = set()
    loose = []
    for name in images:
        folders = name[len(prefix) :].split("/")[:-1]
        split = SPLIT_FOLDERS.get(folders[0].lower()) if has_splits and folders else "train"
        depth = 2 if has_splits else 1
        if split is None or len(folders) < depth:
            loose.append(name)
            continue
        layout.names[split].append(name)
        layout.classes[split].append(
            unicodedata.normalize("NFC", folders[depth - 1])
        )  # macOS packs names as NFD
        filled.add(prefix + "/".join(folders[:depth]))
    if loose:
        layout.notes.append(f"images outside the class folders, skipped ({len(loose):,}): {listing(loose)}")
    if not filled:
        raise DataFileError(
            f"{files.path}: no images in class folders ({len(images):,} images, {len(files.names):,} "
            f"files in all): "
            "expected <class>/<image> or train/<class>/<image>"
        )
    level = next(iter(filled)).count("/")
    level_folders = [f for f in files.folders if f.startswith(prefix) and f.count("/") == level]
    if empty := [
        f for f in level_folders if f not in filled and (not has_splits or _in_split(f[len(prefix) :]))
    ]:
        raise DataFileError(
            f"{files.path}: class folders without images: {listing(empty)}; fill or remove them"
        )
    return layout


def _in_split(name: str) -> bool:
    return name.split("/")[0].lower() in SPLIT_FOLDERS


def _common_folder(images: Sequence[str], folders: Sequence[str]) -> str:
    """What to cut from each name where everything lies one or more folders deep, with its last slash."""
    prefix = ""
    while True:
        tops = {name[len(prefix) :].split("/")[0] for name in [*images, *folders] if name.startswith(prefix)}
        tops.discard("")
        deep = all(name[len(prefix) :].count("/") >= 2 for name in images)
        if not images or len(tops) != 1 or not deep or next(iter(tops)).lower() in SPLIT_FOLDERS:
            return prefix
        prefix += f"{tops.pop()}/"


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
