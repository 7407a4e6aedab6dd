"""Whatever is in a file, a reader either returns sound arrays or raises one of the project's own errors."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import reader_samples as samples
from guided_retraining.errors import DataFileError, GuidedRetrainingError
from guided_retraining.readers import RawDataset, read
from guided_retraining.readers.arrays import resized, to_grey
from guided_retraining.readers.idx import read_idx_file
from guided_retraining.readers.image import Unreadable, decode

quick = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
NAMES = st.text(
    st.characters(exclude_characters="/\\\0:", exclude_categories=("Cs", "Cc")), min_size=1, max_size=8
)


def assert_sound(dataset: RawDataset) -> None:
    k = len(dataset.class_names)
    for split in filter(None, (dataset.train, dataset.test)):
        assert split.images.ndim == 4
        assert split.images.shape[3] in (1, 3)
        assert len(split.images) == len(split.labels)
        assert split.labels.dtype == np.int64
        assert set(split.labels.tolist()) == set(range(k))


@quick
@given(shape=st.tuples(*[st.integers(0, 6)] * 3), seed=st.integers(0, 99))
def test_idx_round_trip(shape: tuple[int, int, int], seed: int) -> None:
    array = samples.pixels(seed, *shape)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a-idx3-ubyte"
        path.write_bytes(samples.idx_bytes(array))
        np.testing.assert_array_equal(read_idx_file(path, 3), array)


@quick
@given(data=st.binary(max_size=60), zipped=st.booleans(), dimensions=st.sampled_from([1, 3]))
def test_any_bytes_as_idx(data: bytes, zipped: bool, dimensions: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("x.gz" if zipped else "x")
        path.write_bytes(data)
        try:
            assert read_idx_file(path, dimensions).ndim == dimensions
        except DataFileError as error:
            assert str(path) in str(error)  # noqa: PT017 - either outcome is right


@settings(quick, max_examples=150)
@given(data=st.data())
def test_damaged_archives_raise_our_errors_or_read_soundly(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["idx", "cifar10_binary", "folder", "npz"]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if kind == "idx":
            samples.mnist_like(folder)
        elif kind == "cifar10_binary":
            samples.write_tar(folder / "cifar-10-binary.tar.gz", samples.cifar_batches(10))
        elif kind == "folder":
            write, suffix = data.draw(
                st.sampled_from(
                    [(samples.write_zip, "zip"), (samples.write_tar, "tar"), (samples.write_tar, "tar.gz")]
                )
            )
            write(folder / f"all.{suffix}", samples.class_folders())
        else:
            np.savez(folder / "a.npz", images=samples.pixels(0, 6, 4, 5), labels=[0, 1, 2] * 2)
        victim = data.draw(st.sampled_from(sorted(folder.iterdir())))
        content = bytearray(victim.read_bytes())
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at] = data.draw(st.integers(0, 255))
        if data.draw(st.booleans()):
            del content[data.draw(st.integers(0, len(content))) :]
        victim.write_bytes(content)
        options = {"max_unreadable": 6} if kind == "folder" else {}
        try:
            assert_sound(read(kind, folder, **options))
        except GuidedRetrainingError as error:
            assert str(folder) in str(error)  # noqa: PT017 - either outcome is right


@quick
@given(
    data=st.binary(max_size=200),
    prefix=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"P6\n", b"BM", b"\xff\xd8\xff\xe0", b"GIF89a"]),
)
def test_any_bytes_as_image(data: bytes, prefix: bytes) -> None:
    try:
        pixels, _ = decode(prefix + data, size=(4, 4), grey=False)
        assert pixels.shape[:2] == (4, 4)
    except Unreadable as error:
        assert " at 0x" not in str(error)  # noqa: PT017 - messages are the same in every run


@quick
@given(
    classes=st.lists(NAMES, min_size=2, max_size=4, unique_by=lambda n: n.casefold().rstrip(". ")),
    seed=st.integers(0, 9),
)
def test_folder_of_any_names(classes: list[str], seed: int) -> None:
    import unicodedata

    shown = sorted({unicodedata.normalize("NFC", name) for name in classes if not name.startswith(".")})
    members = {
        f"root/{name}/{i} ü.png": samples.encoded(samples.pixels(seed, 3, 3, 3))
        for name in classes
        for i in range(2)
    }
    reserved = {"train", "training", "val", "valid", "validation", "test", "testing", "__macosx"}
    with tempfile.TemporaryDirectory() as folder:
        path = samples.write_zip(Path(folder) / "a.zip", members)
        try:
            dataset = read("folder", path)
        except DataFileError:
            assert len(shown) < 2 or reserved & {name.casefold() for name in shown}
        else:
            assert list(dataset.class_names) == shown
            assert len(dataset.train) == 2 * len([name for name in classes if not name.startswith(".")])


@quick
@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3])),
    size=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    value=st.integers(0, 255),
)
def test_resizing_keeps_constants_and_ranges(
    shape: tuple[int, ...], size: tuple[int, int], value: int
) -> None:
    flat = resized(np.full(shape, value, np.uint8), size)
    assert flat.shape == (shape[0], *size, shape[3])
    assert (flat == value).all()
    random = samples.pixels(value, *shape)
    assert resized(random, size).min() >= random.min()
    assert resized(random, size).max() <= random.max()
    floats = resized((random / 255).astype(np.float32), size)
    np.testing.assert_allclose(floats, resized(random, size) / 255, atol=0.5 / 255 + 1e-6)


@quick
@given(seed=st.integers(0, 99))
def test_grey_is_pillow_grey(seed: int) -> None:
    from PIL import Image

    images = samples.pixels(seed, 3, 5, 7, 3)
    expected = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in images])
    np.testing.assert_array_equal(to_grey(images)[..., 0], expected)
    floats = to_grey((images / 255).astype(np.float32))[..., 0]
    np.testing.assert_allclose(floats, expected / 255, atol=0.6 / 255)
