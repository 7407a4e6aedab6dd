"""Image modes: palette, transparency, 16 bits, CMYK, EXIF; the same from any number of processes."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reader_samples as samples
from guided_retraining.errors import DataFileError
from guided_retraining.readers import parallel, read
from guided_retraining.readers.archives import open_files
from guided_retraining.readers.decoding import decode_images
from guided_retraining.readers.image import Unreadable, decode


def save(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def test_palette_is_looked_up() -> None:
    image = Image.fromarray(samples.pixels(0, 6, 7, 3)).quantize(8)
    decoded, is_grey = decode(save(image), size=None, grey=False)
    np.testing.assert_array_equal(decoded, np.asarray(image.convert("RGB")))
    assert not is_grey


def test_transparent_pixels_are_white() -> None:
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = (10, 20, 30, 255)
    decoded, _ = decode(save(Image.fromarray(rgba)), size=None, grey=False)
    assert decoded[0, 0].tolist() == [10, 20, 30]
    assert decoded[1, 1].tolist() == [255, 255, 255]


@pytest.mark.parametrize("mode", ["L", "P"])
def test_transparent_palette_and_grey_entries_are_white(mode: str) -> None:
    image = Image.new(mode, (2, 1), 0)
    image.putpixel((1, 0), 3)
    if mode == "P":
        image.putpalette([0, 0, 0] * 3 + [9, 9, 9])
    decoded, _ = decode(save(image, transparency=0), size=None, grey=False)
    assert decoded[0, 0].tolist() in ([255], [255] * 3)
    assert decoded[0, 1].tolist() in ([3], [9] * 3)


def test_sixteen_bits_are_scaled_to_eight() -> None:
    wide = np.array([[0, 257, 65535, 32896]], np.uint16)
    for data in (save(Image.fromarray(wide)), save(Image.fromarray(wide), "TIFF")):
        decoded, is_grey = decode(data, size=None, grey=False)
        assert decoded[0, :, 0].tolist() == [0, 1, 255, 128]
        assert is_grey


def test_float_pixels_are_refused() -> None:
    with pytest.raises(Unreadable, match=r"mode F .* 8 or 16 bits"):
        decode(save(Image.fromarray(np.ones((2, 2), np.float32)), "TIFF"), size=None, grey=False)


def test_cmyk_becomes_rgb() -> None:
    image = Image.fromarray(np.full((8, 8, 3), (200, 40, 90), np.uint8)).convert("CMYK")
    decoded, _ = decode(save(image, "TIFF"), size=None, grey=False)
    assert decoded[0, 0].tolist() == [200, 40, 90]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_orientation_is_applied(kind: str) -> None:
    array = np.zeros((16, 8, 3), np.uint8)
    array[:8] = 255  # bright above, dark below
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to look at it
    decoded, _ = decode(save(Image.fromarray(array), kind, exif=exif), size=None, grey=False)
    assert decoded.shape[:2] == (8, 16)
    assert decoded[:, 9:].mean() > 240
    assert decoded[:, :7].mean() < 15


def test_fast_ppm_agrees_with_pillow() -> None:
    array = samples.pixels(3, 9, 7, 3)
    plain = samples.encoded(array, "PPM")
    commented = plain.replace(b"P6\n", b"P6\n# a comment\n", 1)
    for data in (plain, commented):
        np.testing.assert_array_equal(decode(data, size=None, grey=False)[0], array)
    with pytest.raises(Unreadable):
        decode(plain[:-5], size=None, grey=False)


def test_large_jpeg_decoded_at_reduced_scale_is_close() -> None:
    y, x = np.mgrid[0:640, 0:800] / 100
    smooth = np.stack([np.sin(x), np.cos(y), np.sin(x * y / 4)], axis=-1)
    image = Image.fromarray((127 + 120 * smooth).astype(np.uint8))
    data = save(image, "JPEG", quality=95)
    decoded, _ = decode(data, size=(48, 48), grey=False)
    full = np.asarray(Image.open(io.BytesIO(data)).resize((48, 48), Image.Resampling.BILINEAR))
    assert np.abs(decoded.astype(int) - full).mean() < 2


def test_too_many_pixels_are_refused_before_decoding() -> None:
    bomb = b"P6\n60000 60000\n255\n" + b"\0" * 100
    with pytest.raises(Unreadable):
        decode(bomb, size=(8, 8), grey=False)
    flat = save(Image.new("1", (10_000, 10_000)))
    assert len(flat) < 50_000
    with pytest.warns(Image.DecompressionBombWarning), pytest.raises(Unreadable, match="10000x10000 pixels"):
        decode(flat, size=(8, 8), grey=False)


def test_mixed_modes_in_one_folder_share_one_shape(tmp_path: Path) -> None:
    rgb = Image.fromarray(samples.pixels(0, 12, 12, 3))
    samples.write_tree(
        tmp_path,
        {
            "a/rgb.png": save(rgb),
            "a/grey.jpg": save(rgb.convert("L"), "JPEG"),
            "a/palette.gif": save(rgb.quantize(16), "GIF"),
            "b/cmyk.tif": save(rgb.convert("CMYK"), "TIFF"),
            "b/bits.bmp": save(rgb.convert("1"), "BMP"),
            "b/alpha.webp": save(rgb.convert("RGBA"), "WEBP"),
        },
    )
    assert read("folder", tmp_path).train.images.shape == (6, 12, 12, 3)
    assert read("folder", tmp_path, grey=True).train.images.shape == (6, 12, 12, 1)


def test_all_grey_folder_has_one_channel(tmp_path: Path) -> None:
    arrays = [samples.pixels(i, 5, 4) for i in range(4)]
    samples.write_tree(tmp_path, {f"{'ab'[i % 2]}/{i}.png": samples.encoded(a) for i, a in enumerate(arrays)})
    images = read("folder", tmp_path).train.images
    np.testing.assert_array_equal(images[..., 0], np.stack([arrays[i] for i in (0, 2, 1, 3)]))


@pytest.mark.parametrize("packed", ["folder", "zip", "tar.gz"])
def test_processes_give_what_one_process_gives(tmp_path: Path, packed: str) -> None:
    members = {f"a/{i:03d}.png": samples.encoded(samples.pixels(i, 4, 5, 3)) for i in range(150)}
    members["a/100.png"] = b"damaged"
    path = tmp_path / f"all.{packed}"
    if packed == "folder":
        samples.write_tree(path, members)
    else:
        (samples.write_zip if packed == "zip" else samples.write_tar)(path, members)
    files = open_files(path)
    one, two = (decode_images(files, files.names, size=(3, 3), grey=False, workers=w) for w in (1, 2))
    np.testing.assert_array_equal(one.images, two.images)
    np.testing.assert_array_equal(one.kept, two.kept)
    assert one.unreadable == two.unreadable
    assert [name for name, _ in one.unreadable] == ["a/100.png"]
    assert 100 not in one.kept
    expected = np.asarray(
        Image.fromarray(samples.pixels(149, 4, 5, 3)).resize((3, 3), Image.Resampling.BILINEAR)
    )
    np.testing.assert_array_equal(one.images[-1], expected)


def test_a_killed_process_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = open_files(samples.write_tree(tmp_path, samples.class_folders()))

    def die(*arguments: object) -> None:
        os._exit(1)

    monkeypatch.setattr(parallel, "decode_elsewhere", die)
    with pytest.raises(DataFileError, match=r"a process that decoded images was killed"):
        decode_images(files, files.names, size=(3, 3), grey=False, workers=2)


def test_another_size_ends_the_work_quietly(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    members = {f"a/{i:03d}.png": samples.encoded(samples.pixels(i, 4, 5, 3)) for i in range(700)}
    members["a/070.png"] = samples.encoded(samples.pixels(0, 9, 9, 3))
    files = open_files(samples.write_zip(tmp_path / "all.zip", members))
    with pytest.raises(DataFileError, match=r"the first is 4x5, but a/070.png \(9x9\): set `size"):
        decode_images(files, files.names, size=None, grey=False, workers=2)
    assert not recwarn.list
