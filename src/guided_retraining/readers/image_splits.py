"""From lists of image files with labels to the splits of a data set: what GTSRB, Intel and folders share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import DataFileError
from guided_retraining.images.arrays import blocks, drawn_positions
from guided_retraining.readers.arrays import Size
from guided_retraining.readers.dataset import RawDataset, RawSplit, checked, listing
from guided_retraining.readers.decoding import Decoded, decode_images
from guided_retraining.readers.files import Files


@dataclass(frozen=True)
class Listed:
    """Images to decode, before any of them is opened.

    Args:
        files: where they lie.
        names: n file names, none twice.
        labels: n labels.
        groups: n groups, or None.
    """

    files: Files
    names: Sequence[str]
    labels: Sequence[int]
    groups: Sequence[int] | None = None


def decode_dataset(
    train: Listed,
    test: Listed | None,
    class_names: Sequence[str],
    *,
    size: Size | None,
    grey: bool,
    max_unreadable: int,
    notes: Sequence[str] = (),
) -> RawDataset:
    """Decode all images of a data set.

    Args:
        train: the training images.
        test: the test images, if the source has them.
        class_names: names by label.
        size: height and width in pixels; None keeps the images' own, the same for all.
        grey: one channel instead of RGB. Without it, a data set with no colour in any image has one channel
            too.
        max_unreadable: how many images may be unreadable, in all; they are left out and noted.
        notes: what the reader has to say already.

    Returns:
        The data set, uint8.

    Raises:
        DataFileError: more images than that are unreadable, sizes differ and none was given, or a class is
            empty.
    """
    decoded: list[tuple[Listed, Decoded]] = []
    for part in (train, test):
        if part is not None:
            if not part.names:
                raise DataFileError(f"{part.files.path} has no images: put them there")
            wanted = decoded[0][1].images.shape[1:3] if decoded and size is None else size
            decoded.append((part, decode_images(part.files, part.names, size=wanted, grey=grey)))
    notes = [*notes, *_unreadable_note(decoded, max_unreadable)]
    if all(result.all_grey for _, result in decoded):
        for _, result in decoded:
            result.images = one_channel(result.images)
    splits = [_split(part, result) for part, result in decoded]
    dataset = RawDataset(splits[0], splits[1] if test else None, tuple(class_names), tuple(notes))
    one_file = test is None or test.files.path == train.files.path
    return checked(dataset, train.files.path if one_file else train.files.path.parent)


def decode_drawn(part: Listed, n_images: int, *, seed: int, size: Size | None, grey: bool) -> RawSplit:
    """Decode some of the listed images, the others are not opened.

    Args:
        part: the images to draw from.
        n_images: most that are drawn.
        seed: of the draw.
        size: as in :func:`decode_dataset`.
        grey: as there.

    Raises:
        DataFileError: one that was drawn is unreadable, or sizes differ and none was given.
    """
    drawn = drawn_positions(len(part.names), n_images, seed)
    names, labels = [part.names[i] for i in drawn], [part.labels[i] for i in drawn]
    picked = Listed(part.files, names, labels)
    decoded = decode_images(part.files, names, size=size, grey=grey)
    _unreadable_note([(picked, decoded)], 0)
    if decoded.all_grey:
        decoded.images = one_channel(decoded.images)
    return _split(picked, decoded)


def _split(part: Listed, result: Decoded) -> RawSplit:
    return RawSplit(
        result.images,
        np.asarray(part.labels, np.int64)[result.kept],
        None if part.groups is None else np.asarray(part.groups, np.int64)[result.kept],
        tuple(part.names[i] for i in result.kept),
    )


def _unreadable_note(decoded: Sequence[tuple[Listed, Decoded]], limit: int) -> list[str]:
    bad = [
        f"{part.files.path.name}/{name} ({why})"
        for part, result in decoded
        for name, why in result.unreadable
    ]
    if not bad:
        return []
    total = sum(len(part.names) for part, _ in decoded)
    message = f"{len(bad):,} of {total:,} images could not be read: {listing(bad)}"
    if len(bad) > limit:
        raise DataFileError(
            f"{message}; repair or remove them, or allow that many with `max_unreadable: {len(bad)}`"
        )
    return [message]


def one_channel(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The first channel, moved together within the array's own memory: no second copy of the data.

    >>> one_channel(np.arange(6, dtype=np.uint8).reshape(2, 1, 1, 3)).ravel().tolist()
    [0, 3]
    """
    if images.shape[-1] == 1:
        return images
    n, h, w, _ = images.shape
    packed = images.reshape(-1)[: n * h * w].reshape(n, h, w, 1)
    for block in blocks(n, h * w):
        packed[block] = images[block, ..., :1].copy()  # the copy: target and source overlap
    return packed
