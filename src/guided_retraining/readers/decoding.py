"""Image files to one uint8 array: each image goes straight to its row of an array allocated once."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import DataFileError
from guided_retraining.readers.arrays import Size
from guided_retraining.readers.dataset import listing
from guided_retraining.readers.files import Files
from guided_retraining.readers.image import Unreadable, decode
from guided_retraining.readers.parallel import decoded_chunks


@dataclass
class Decoded:
    """What came of decoding a list of files.

    Args:
        images: ``(n, h, w, c)`` uint8, the readable images in the order of their names; c is 1 if grey was
            asked for, else 3.
        kept: ``(n,)`` int64, which of the names they are.
        unreadable: name and reason of each of the others.
        all_grey: no image had colours.
    """

    images: NDArray[np.uint8]
    kept: NDArray[np.int64]
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    all_grey: bool = False


def decode_images(
    files: Files, names: Sequence[str], *, size: Size | None, grey: bool, workers: int | None = None
) -> Decoded:
    """Decode image files into one array.

    Args:
        files: where the images lie.
        names: which to decode, in the order of the result; no name twice.
        size: height and width in pixels, reached with Pillow's antialiased bilinear filter; None keeps the
            images' own size, which then must be the same for all.
        grey: one channel of ITU-R 601 luma instead of RGB.
        workers: processes; by default one for each core, or none if the work takes only a moment.

    Returns:
        The images and what was unreadable.

    Raises:
        DataFileError: sizes differ and none was given, or no image can be read.
    """
    asked, size = size, size or _first_size(files, names)
    rows = {name: row for row, name in enumerate(names)}
    images = np.empty((len(names), *size, 1 if grey else 3), np.uint8)
    unreadable: list[tuple[str, str]] = []
    other_sizes: list[str] = []
    all_grey = True
    chunks = decoded_chunks(files, names, size=asked, grey=grey, workers=workers)
    for chunk in chunks:
        unreadable += chunk.unreadable
        all_grey &= chunk.all_grey
        for name, pixels in zip(chunk.names, chunk.pixels, strict=True):
            if pixels.shape[:2] == size:
                images[rows[name]] = pixels
            else:
                other_sizes.append(f"{name} ({pixels.shape[0]}x{pixels.shape[1]})")
        if other_sizes:  # no use in decoding the rest
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # joblib's, of tasks given up
                chunks.close()
            break
    if other_sizes:
        raise DataFileError(
            f"{files.path}: images differ in size: the first is {size[0]}x{size[1]}, but "
            f"{listing(sorted(other_sizes))}: set `size: [height, width]` for this data set"
        )
    unreadable.sort(key=lambda pair: rows[pair[0]])
    kept = np.delete(np.arange(len(names)), [rows[name] for name, _ in unreadable])
    return Decoded(images=keep_rows(images, kept), kept=kept, unreadable=unreadable, all_grey=all_grey)


def _first_size(files: Files, names: Sequence[str]) -> Size:
    reasons = []
    for name, load in files.stream(names):
        try:
            return decode(load(), size=None, grey=True)[0].shape[:2]
        except (Unreadable, DataFileError) as error:
            reasons.append(f"{name} ({error})")
    raise DataFileError(
        f"{files.path}: none of {len(names):,} images can be read: {listing(sorted(reasons))}"
    )


def keep_rows(images: NDArray[np.uint8], kept: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The kept rows, moved forward within the array itself: no second copy of the data."""
    if len(kept) == len(images):
        return images
    first = (
        int(np.flatnonzero(kept != np.arange(len(kept)))[0])
        if len(kept) and kept[-1] >= len(kept)
        else len(kept)
    )
    for target in range(first, len(kept)):
        images[target] = images[kept[target]]
    return images[: len(kept)]
