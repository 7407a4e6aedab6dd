"""Which image of a folder or archive is of which split and class, by the names of the folders it lies in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from guided_retraining.errors import DataFileError
from guided_retraining.readers.dataset import listing
from guided_retraining.readers.files import Files
from guided_retraining.readers.image import is_image_name

# A word of a folder's name that tells its split: train, Training_Set, seg_test, val-images, testset.
SPLIT_WORD = re.compile(
    r"(?<![a-z])(?:(?P<train>train(?:ing)?)|(?P<validation>val(?:id(?:ation)?)?)|(?P<test>test(?:ing)?))"
    r"(?:set|data|images)?(?![a-z])"
)


@dataclass
class Layout:
    """Which image is of which split and class, by folder names alone."""

    names: dict[str, list[str]] = field(default_factory=lambda: {"train": [], "validation": [], "test": []})
    classes: dict[str, list[str]] = field(default_factory=lambda: {"train": [], "validation": [], "test": []})
    notes: list[str] = field(default_factory=list)


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
    below = {name: name[len(prefix) :].split("/")[:-1] for name in images}
    with_splits = _has_splits(list(below.values()))
    filled: set[str] = set()
    loose = []
    for name, folders in below.items():
        place = _place(folders, with_splits)
        if place is None:
            loose.append(name)
            continue
        split, depth = place
        layout.names[split].append(name)
        # macOS packs names as NFD
        layout.classes[split].append(unicodedata.normalize("NFC", folders[depth - 1]))
        filled.add(prefix + "/".join(folders[:depth]))
    if loose:
        layout.notes.append(f"images outside the class folders, skipped ({len(loose):,}): {listing(loose)}")
    if not filled:
        raise DataFileError(
            f"{files.path}: no images in class folders ({len(images):,} images, {len(files.names):,} files "
            "in all): expected <class>/<image> or train/<class>/<image>"
        )
    layout.notes += _seen(list(below.values()), with_splits)
    if empty := [
        folder
        for folder in files.folders
        if folder.startswith(prefix)
        and _is_class_folder(folder[len(prefix) :].split("/"), with_splits)
        and not any(full == folder or full.startswith(f"{folder}/") for full in filled)
    ]:
        raise DataFileError(
            f"{files.path}: class folders without images: {listing(empty)}; fill or remove them"
        )
    return layout


def split_of(folder: str) -> str | None:
    """The split that a folder's name tells, if it tells one.

    >>> [split_of(name) for name in ("seg_train", "Testing", "val2017", "valley", "contest")]
    ['train', 'test', 'validation', None, None]
    """
    word = SPLIT_WORD.search(folder.lower())
    return word.lastgroup if word else None


def _has_splits(places: Sequence[Sequence[str]]) -> bool:
    """Whether the outermost folders are splits: one for training that holds folders, beside its like or alone."""
    splits = {split_of(folders[0]) for folders in places if len(folders) > 1}
    return "train" in splits and (splits == {"train"} or not splits.isdisjoint({"test", "validation"}))


def _place(folders: Sequence[str], with_splits: bool) -> tuple[str, int] | None:
    """The split, and how many folders lead to the class folder (it included); None outside of class folders."""
    if not with_splits:
        return ("train", 1) if folders else None
    split = split_of(folders[0]) if folders else None
    depth = 2
    while len(folders) > depth and split_of(folders[depth - 1]) == split:
        depth += 1
    return (split, depth) if split and len(folders) >= depth else None


def _is_class_folder(folders: Sequence[str], with_splits: bool) -> bool:
    place = _place(folders, with_splits)
    return place is not None and place[1] == len(folders)


def _seen(places: Sequence[Sequence[str]], with_splits: bool) -> list[str]:
    """What the folders were taken for, where their names leave a doubt."""
    inner: dict[str, set[str]] = {}
    for folders in places:
        if folders:
            inner.setdefault(folders[0], set()).update(folders[1:2])
    if with_splits:
        splits = {top: split for top in sorted(inner) if (split := split_of(top)) and split != top}
        told = ", ".join(f"{top} as {split}" for top, split in splits.items())
        return [f"folders taken for splits: {told}"] if told else []
    same = sorted(next(iter(inner.values())))
    if len(inner) > 1 and len(same) > 1 and all(sorted(found) == same for found in inner.values()):
        return [
            f"{listing(sorted(inner))} were taken for classes, though each holds the folders {listing(same)}; if those "
            "are the classes, let the names above them say train and test"
        ]
    return []


def _common_folder(images: Sequence[str], folders: Sequence[str]) -> str:
    """What to cut from each name where everything lies one or more folders deep, with its last slash."""
    prefix = ""
    while True:
        tops = _tops(prefix, [*images, *folders])
        deep = all(name[len(prefix) :].count("/") >= 2 for name in images)
        if not images or len(tops) != 1 or not deep:
            return prefix
        below = f"{prefix}{tops.pop()}/"
        # A folder of training images is the place of its classes, one around "train" and "test" is not.
        if split_of(below[len(prefix) : -1]) == "train" and "train" not in map(
            split_of, _tops(below, [*images, *folders])
        ):
            return prefix
        prefix = below


def _tops(prefix: str, names: Sequence[str]) -> set[str]:
    return {name[len(prefix) :].split("/")[0] for name in names if name.startswith(prefix)} - {""}
