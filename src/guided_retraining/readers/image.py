"""One encoded image to pixels, whatever mode its author chose."""

from __future__ import annotations

import io
import os
import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from guided_retraining.readers.arrays import Size

# Raster formats only: Pillow's EPS plug-in, for one, would start another program on the file.
FORMATS = ("JPEG", "PNG", "PPM", "BMP", "GIF", "TIFF", "WEBP", "AVIF", "JPEG2000", "TGA", "PCX")
SUFFIXES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".ppm", ".pgm", ".pbm", ".pnm", ".bmp", ".dib", ".gif",
    ".tif", ".tiff", ".webp", ".avif", ".jp2", ".j2k", ".tga", ".pcx",
}  # fmt: skip
MAX_PIXELS = 89_478_485  # Pillow's own limit (a quarter GiB of RGB), which it only warns of
REDUCING_GAP = 3  # a JPEG is decoded at a reduced scale only while it stays this many times the wanted size
PLAIN_PPM = re.compile(rb"P6\s(\d{1,5})\s(\d{1,5})\s255\s")
UNORIENTED = {None, "PPM", "BMP", "GIF", "PCX", "TGA"}  # formats without EXIF; None: not opened by a plug-in
ORIENTATION_KEYS = {"exif", "xmp"}  # where a JPEG can keep one; looking for it costs more than a small image
GREY_MODES = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L"}


def is_image_name(name: str) -> bool:
    """Whether a file's name ends like an image's.

    >>> is_image_name("a/B.JPG"), is_image_name("a/readme.txt")
    (True, False)
    """
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 - 20 times quicker than Path for many names


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
    except UnidentifiedImageError as error:
        raise Unreadable("not in an image format") from error
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
