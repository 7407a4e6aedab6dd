"""What every reader returns: the images, labels and names of one data set as its distributor made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import DataFileError

LISTED = 10  # names a message lists before it says "and n more"


@dataclass(frozen=True)
class RawSplit:
    """Images and labels of one split, in the source's order.

    Args:
        images: ``(n, h, w, c)`` uint8 in 0..255, or float32 in [0, 1] where the source has floats; c is 1 or
            3.
        labels: ``(n,)`` int64 in 0..k-1.
        groups: ``(n,)`` int64, equal for images that must stay on one side of a split; None where there are
            none.
        names: n file names below the source's folder; None where the images have no files of their own.
    """

    images: NDArray[Any]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64] | None = None
    names: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class RawDataset:
    """One data set as its distributor made it.

    Args:
        train: the training images.
        test: the official test images; None where the source has no official test set.
        class_names: k names, by label.
        notes: sentences a person should read: what was skipped, unreadable or chosen.
    """

    train: RawSplit
    test: RawSplit | None
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def listing(names: Sequence[str], shown: int = LISTED) -> str:
    """The first names, and how many more there are.

    >>> listing(["a", "b", "c"], shown=2)
    'a, b and 1 more'
    """
    head = ", ".join(names[:shown])
    return head if len(names) <= shown else f"{head} and {len(names) - shown:,} more"


def checked(dataset: RawDataset, source: object) -> RawDataset:
    """The data set itself, once labels, counts and classes are known to be sound.

    Args:
        dataset: what a reader made.
        source: the file or folder to name in an error.

    Raises:
        DataFileError: image and label counts differ, a label is outside the classes, or a class has no
            images.
    """
    for name, split in _named(dataset):
        if len(split.images) != len(split.labels):
            raise DataFileError(
                f"{source}: {len(split.images):,} {name} images but {len(split.labels):,} labels: "
                "the two files do not belong together"
            )
    check_labels({name: split.labels for name, split in _named(dataset)}, dataset.class_names, source)
    return dataset


def _named(dataset: RawDataset) -> list[tuple[str, RawSplit]]:
    both = ("training", dataset.train), ("test", dataset.test)
    return [(name, split) for name, split in both if split is not None]


def check_labels(splits: Mapping[str, NDArray[np.int64]], class_names: Sequence[str], source: object) -> None:
    """Refuse labels outside the classes, classes without images, fewer than two classes.

    Args:
        splits: ``(n,)`` labels of each split, by its name.
        class_names: a name for each label.
        source: the file or folder to name in an error.

    Raises:
        DataFileError: one of these.
    """
    k = len(class_names)
    for name, labels in splits.items():
        outside = np.flatnonzero((labels < 0) | (labels >= k))
        if len(outside):
            raise DataFileError(
                f"{source}: {name} label {labels[outside[0]]} (image {outside[0]}) is outside "
                f"0..{k - 1}: correct the labels, or give all class names (there are {k})"
            )
        empty = np.flatnonzero(np.bincount(labels, minlength=k) == 0)
        if k > 1 and len(empty):
            raise DataFileError(
                f"{source}: no {name} images for {listing([list(class_names)[i] for i in empty])}: "
                f"each class needs {name} images; add some, or take the class out"
            )
    if k < 2:
        raise DataFileError(
            f"{source}: {k} class found ({listing(list(class_names))}), a classifier needs at least 2: "
            "expected one sub-folder (or label) for each class"
        )


def numbered_classes(splits: Sequence[RawSplit | None], source: object) -> tuple[str, ...]:
    """Names for the labels 0 to the largest, where the source has no names.

    Raises:
        DataFileError: a label is so large that most classes would have no images.
    """
    labels = np.concatenate([split.labels for split in splits if split is not None])
    largest = int(labels.max(initial=-1))
    if largest >= len(labels):
        raise DataFileError(
            f"{source}: a label is {largest:,}, with {len(labels):,} images in all: expected labels 0 to "
            f"k-1 for k classes"
        )
    return tuple(str(label) for label in range(largest + 1))
