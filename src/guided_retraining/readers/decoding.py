"""Encoded images to one uint8 array, on all cores.

Each image is decoded straight into its row of an array allocated once. Pillow releases the interpreter lock
while it decodes and resizes, so threads are enough and nothing is pickled between processes.
"""

from __future__ import annotations

import io
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from guided_retraining.errors import DataFileError
from guided_retraining.readers.arrays import Size
from guided_retraining.readers.dataset import listing
from guided_retraining.readers.files import Files, Loader

# Raster formats only: Pillow's EPS plug-in, for one, would start another program on the file.
FORMATS = ("JPEG", "PNG", "PPM", "BMP", "GIF", "TIFF", "WEBP", "AVIF", "JPEG2000", "TGA", "PCX")
SUFFIXES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".ppm", ".pgm", ".pbm", ".pnm", ".bmp", ".dib", ".gif",
    ".tif", ".tiff", ".webp", ".avif", ".jp2", ".j2k", ".tga", ".pcx",
}  # fmt: skip
MAX_PIXELS = 89_478_485  # Pillow's own limit (a quarter GiB of RGB), which it only warns of
CHUNK = 32  # images a thread takes at a time
REDUCING_GAP = 3  # a JPEG is decoded at a reduced scale only while it stays this many times the wanted size
PLAIN_PPM = re.compile(rb"P6\s(\d{1,5})\s(\d{1,5})\s255\s")
UNORIENTED = {None, "PPM", "BMP", "GIF", "PCX", "TGA"}  # formats without EXIF; None: not opened by a plug-in
ORIENTATION_KEYS = {"exif", "xmp"}  # where a JPEG can keep one; looking for it costs more than a small image
GREY_MODES = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L"}


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


def is_image_name(name: str) -> bool:
    """Whether a file's name ends like an image's.

    >>> is_image_name("a/B.JPG"), is_image_name("a/readme.txt")
    (True, False)
    """
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 - 20 times quicker than Path for many names


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
        workers: threads; by default one for each core.

    Returns:
        The images and what was unreadable.

    Raises:
        DataFileError: sizes differ and none was given, or no image can be read.
    """
    workers = workers or len(os.sched_getaffinity(0))
    size_given = size is not None
    rows = {name: row for row, name in enumerate(names)}
    if size is None:
        size = _first_size(files, names)
    images = np.empty((len(names), *size, 1 if grey else 3), np.uint8)
    unreadable: list[tuple[int, str, str]] = []
    other_sizes: list[str] = []
    colours: list[bool] = []

    def decode_chunk(chunk: list[tuple[str, Loader]]) -> None:
        any_colour = False
        for name, load in chunk:
            try:
                pixels, is_grey = decode(load(), size=size if size_given else None, grey=grey)
            except (Unreadable, DataFileError) as error:
                unreadable.append((rows[name], name, str(error)))
                continue
            if pixels.shape[:2] != size:
                other_sizes.append(f"{name} ({pixels.shape[0]}x{pixels.shape[1]})")
                continue
            images[rows[name]] = pixels
            any_colour |= not is_grey
        colours.append(any_colour)

    with ThreadPoolExecutor(workers) as pool:
        running: deque[Future[None]] = deque()
        for chunk in _chunks(files.stream(names)):
            running.append(pool.submit(decode_chunk, chunk))
            if len(running) > 2 * workers:  # a tar is read as we go: hold only a few chunks of it
                running.popleft().result()
        while running:
            running.popleft().result()
    if other_sizes:
        raise DataFileError(
            f"{files.path}: images differ in size: the first is {size[0]}x{size[1]}, but "
            f"{listing(sorted(other_sizes))}: "
            "set `size: [height, width]` for this data set"
        )
    unreadable.sort()
    kept = np.delete(np.arange(len(names)), [row for row, _, _ in unreadable])
    return Decoded(
        images=keep_rows(images, kept),
        kept=kept,
        unreadable=[(name, why) for _, name, why in unreadable],
        all_grey=not any(colours),
    )


class Unreadable(Exception):  # noqa: N818 - a verdict on one image, never seen by a user
    """One image cannot be decoded; says why."""


def decode(data: bytes, *, size: Size | None, grey: bool) -> tuple[NDArray[np.uint8], bool]:
    """One encoded image as ``(h, w, c)`` uint8, and whether it had no colours.

    EXIF orientation is applied, transparency laid over white, 16 bits a channel scaled to 8, the first frame
    taken.

    Raises:
        Unreadable: the bytes are no image Pillow can decode, it has more than ``MAX_PIXELS``, or pixels
            without a fixed range.
    """
    if not data:
        raise Unreadable("the file is empty")
    try:
        with _plain_ppm(data) or Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Unreadable(f"{image.width}x{image.height} pixels, more than {MAX_PIXELS:,}")
            if image.format == "JPEG" and size is not None:
                side = REDUCING_GAP * max(size)  # both ways: the orientation is not known yet
                image.draft(None, (side, side))
            if image.format not in UNORIENTED and (
                image.format != "JPEG" or not ORIENTATION_KEYS.isdisjoint(image.info)
            ):
                ImageOps.exif_transpose(image, in_place=True)
            is_grey = image.mode in GREY_MODES
            flat = flattened(image, "L" if grey or is_grey else "RGB")
            if size is not None and (flat.height, flat.width) != size:
                flat = flat.resize(size[::-1], Image.Resampling.BILINEAR)
            pixels = np.frombuffer(flat.tobytes(), np.uint8).reshape(flat.height, flat.width, -1)
    except Unreadable:
        raise
    except Exception as error:  # a plug-in raises anything at all on damaged bytes (struct, index, zlib, ...)
        raise Unreadable(str(error) or type(error).__name__) from error
    return pixels, is_grey


def _plain_ppm(data: bytes) -> Image.Image | None:
    """A binary 8-bit PPM without comments, as in GTSRB: Pillow's plug-in takes longer than the resizing."""
    header = PLAIN_PPM.match(data)
    if header is None:
        return None
    width, height = int(header[1]), int(header[2])
    if not 0 < width * height <= MAX_PIXELS or len(data) - header.end() < 3 * width * height:
        return None  # Pillow says what is wrong with it
    return Image.frombytes("RGB", (width, height), data[header.end() : header.end() + 3 * width * height])


def flattened(image: Image.Image, mode: str) -> Image.Image:
    """The image in mode ``L`` or ``RGB``, whatever mode it has."""
    if image.mode == mode and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in {"PNG", "PPM"}):
        wide = np.asarray(image).astype(np.float32)
        return Image.fromarray(np.rint(wide / 257).clip(0, 255).astype(np.uint8)).convert(mode)
    if image.mode in {"I", "F"}:
        raise Unreadable(
            f"mode {image.mode} ({image.format}) has no fixed range of values: save it with 8 or 16 bits"
        )
    if "transparency" in image.info or image.mode in {"RGBA", "LA", "PA", "RGBa", "La"}:
        overlay = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", overlay.size, "white"), overlay)
    if mode == "L" and image.mode not in GREY_MODES:
        image = image.convert("RGB")  # luma is defined on RGB; from CMYK, say, Pillow takes another way
    return image.convert(mode)


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


def _chunks(items: Iterable[tuple[str, Loader]]) -> Iterator[list[tuple[str, Loader]]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


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
