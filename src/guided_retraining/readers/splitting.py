"""Cut labelled images into splits: stratified by class, whole groups on one side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError, ParameterError

Indices = NDArray[np.int64]


def stratified_split(
    labels: ArrayLike,
    *,
    fractions: Sequence[float],
    seed: int,
    groups: ArrayLike | None = None,
) -> list[Indices]:
    """Split images at random so that each split has each class's share of images.

    Without groups the sizes are exact and each class is within one or two images of its share. With groups
    whole groups move, so sizes are as near as the groups allow.

    Args:
        labels: ``(n,)`` whole numbers from 0.
        fractions: the splits' shares of all images, each above 0, 1 in all.
        seed: of the draw.
        groups: ``(n,)`` whole numbers; images of one group are never on both sides.

    Returns:
        For each split the sorted positions of its images.

    Raises:
        ParameterError: impossible fractions, or a class has too few images (or groups) to be in each split.
        InputError: labels or groups of another shape.

    >>> [part.tolist() for part in stratified_split([0, 0, 1, 1], fractions=[0.5, 0.5], seed=1)]
    [[0, 2], [1, 3]]
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels) or labels.dtype.kind not in "iu" or labels.min() < 0:
        raise InputError(
            f"labels: expected (n,) whole numbers from 0, got shape {labels.shape}, dtype {labels.dtype}"
        )
    sizes = _sizes(len(labels), fractions)
    rng = np.random.default_rng(seed)
    if groups is None:
        split_of = _assign_images(labels, sizes, rng)
    else:
        groups = np.asarray(groups)
        if groups.shape != labels.shape:
            raise InputError(
                f"groups: expected one for each of the {len(labels):,} labels, got shape {groups.shape}"
            )
        split_of = _assign_groups(labels, groups, sizes, rng)
    _check_classes(labels, split_of, sizes, groups)
    return [np.flatnonzero(split_of == split) for split in range(len(sizes))]


def _sizes(n: int, fractions: Sequence[float]) -> NDArray[np.int64]:
    shares = np.asarray(fractions, float)
    if shares.ndim != 1 or not (shares.min(initial=1) > 0) or not np.isclose(shares.sum(), 1):
        raise ParameterError(f"fractions: expected numbers above 0 that make 1 together, got {fractions!r}")
    return np.diff(np.rint(np.cumsum([0, *shares]) * n)).astype(np.int64)


def _assign_images(labels: NDArray[np.int64], sizes: NDArray[np.int64], rng: np.random.Generator) -> Indices:
    """Systematic sampling: each class spread evenly over [0, 1), all laid over each other, and cut there."""
    n, k = len(labels), int(labels.max()) + 1
    position = np.empty(n)
    for label in range(k):
        members = rng.permutation(np.flatnonzero(labels == label))
        position[members] = (np.arange(len(members)) + rng.random()) / max(1, len(members))
    split_of = np.empty(n, np.int64)
    split_of[np.argsort(position, kind="stable")] = np.repeat(np.arange(len(sizes)), sizes)
    have = np.array([np.bincount(labels[split_of == split], minlength=k) for split in range(len(sizes))])
    # A class of few images can miss a small split: exchange one image with the class that has most there.
    for split, label in zip(*np.nonzero((have == 0) & (have.sum(axis=0) >= len(sizes))), strict=True):
        giver, other = int(have[:, label].argmax()), int(have[split].argmax())
        if have[giver, label] > 1 and have[split, other] > 1:
            for label_moved, source, target in ((label, giver, split), (other, split, giver)):
                moved = np.flatnonzero((split_of == source) & (labels == label_moved))
                split_of[moved[0]] = target
                have[source, label_moved] -= 1
                have[target, label_moved] += 1
    return split_of


def _assign_groups(
    labels: NDArray[np.int64], groups: NDArray[np.int64], sizes: NDArray[np.int64], rng: np.random.Generator
) -> Indices:
    """Give each group, large ones first, to the split that lacks most images of its classes."""
    _, group_of = np.unique(groups, return_inverse=True)
    table = np.zeros((int(group_of.max()) + 1, int(labels.max()) + 1), np.int64)  # images by group and class
    np.add.at(table, (group_of, labels), 1)
    shares = sizes / sizes.sum()
    lacking = shares[:, None] * table.sum(axis=0)  # by split and class; negative once over-full
    have = np.zeros(lacking.shape, np.int64)
    groups_left = (table > 0).sum(axis=0)
    split_of_group = np.empty(len(table), np.int64)
    order = rng.permutation(len(table))
    for group in order[np.argsort(-table[order].sum(axis=1), kind="stable")]:
        row = table[group]
        classes = np.flatnonzero(row)
        need = lacking[:, classes] @ row[classes]
        empty = have[:, classes] == 0
        # The last groups of a class belong to the splits that have none of it yet.
        urgent = (empty & (empty.sum(axis=0) >= groups_left[classes])).any(axis=1)
        split = int(np.argmax(np.where(urgent, need, -np.inf) if urgent.any() else need))
        split_of_group[group] = split
        lacking[split] -= row
        have[split] += row
        groups_left[classes] -= 1
    return split_of_group[group_of]


def _check_classes(
    labels: NDArray[np.int64], split_of: Indices, sizes: NDArray[np.int64], groups: NDArray[np.int64] | None
) -> None:
    present = np.unique(labels)
    for split in range(len(sizes)):
        missing = np.setdiff1d(present, labels[split_of == split])
        if len(missing):
            one = labels == missing[0]
            of = "" if groups is None else f" in {len(np.unique(groups[one])):,} groups"
            raise ParameterError(
                f"class {missing[0]} has {one.sum():,} images{of}, too few to be in each of {len(sizes)} "
                f"splits of {', '.join(f'{s:,}' for s in sizes)} images: add images, or ask for fewer or "
                "larger splits"
            )
