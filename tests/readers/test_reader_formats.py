"""Each reader on small files of its format, packed and unpacked, against what was written."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import reader_samples as samples
from guided_retraining.readers import READERS, read
from project_copies import ROOT


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("nested", ["", "raw"])
def test_idx_reads_what_was_written(tmp_path: Path, zipped: bool, nested: str) -> None:
    folder = tmp_path / nested
    folder.mkdir(exist_ok=True)
    arrays = samples.mnist_like(folder, zipped=zipped)
    dataset = read("idx", tmp_path)
    np.testing.assert_array_equal(dataset.train.images[..., 0], arrays["train_images"])
    np.testing.assert_array_equal(dataset.train.labels, arrays["train_labels"])
    assert dataset.test is not None
    np.testing.assert_array_equal(dataset.test.images[..., 0], arrays["test_images"])
    assert dataset.train.images.dtype == np.uint8
    assert dataset.train.labels.dtype == np.int64
    assert dataset.class_names == ("0", "1", "2")


def test_idx_takes_class_names_and_a_size(tmp_path: Path) -> None:
    arrays = samples.mnist_like(tmp_path)
    dataset = read("idx", tmp_path, size=(3, 4), class_names=["a", "b", "c"])
    assert dataset.class_names == ("a", "b", "c")
    expected = [
        np.asarray(Image.fromarray(image).resize((4, 3), Image.Resampling.BILINEAR))
        for image in arrays["train_images"]
    ]
    # Pillow rounds between its two passes, the reader once: one grey level at most.
    difference = dataset.train.images[..., 0].astype(int) - np.stack(expected)
    assert np.abs(difference).max() <= 1


@pytest.mark.parametrize("packed", ["tar.gz", "folder"])
def test_cifar_counts_come_from_file_sizes(tmp_path: Path, packed: str) -> None:
    batches = samples.cifar_batches(records=20)
    if packed == "folder":
        samples.write_tree(tmp_path, batches)
    else:
        samples.write_tar(tmp_path / "cifar-10-binary.tar.gz", batches)
    dataset = read("cifar10_binary", tmp_path)
    assert dataset.train.images.shape == (100, 32, 32, 3)
    assert dataset.test is not None
    assert dataset.test.images.shape == (20, 32, 32, 3)
    record = np.frombuffer(batches["cifar-10-batches-bin/data_batch_3.bin"], np.uint8).reshape(20, 3073)[7]
    image = dataset.train.images[2 * 20 + 7]
    for channel in range(3):  # planes, row by row: the format's own words
        plane = record[1 + 1024 * channel : 1 + 1024 * (channel + 1)]
        assert image[..., channel].ravel().tolist() == plane.tolist()
    assert dataset.train.labels[47] == record[0]


def test_cifar_with_fewer_batches_says_so(tmp_path: Path) -> None:
    batches = samples.cifar_batches()
    del batches["cifar-10-batches-bin/data_batch_4.bin"]
    samples.write_tar(tmp_path / "cifar-10-binary.tar.gz", batches)
    assert read("cifar10_binary", tmp_path).notes == ("4 of 5 training batches are there",)


@pytest.mark.parametrize("unpacked", [False, True])
def test_gtsrb_labels_tracks_and_sizes(tmp_path: Path, unpacked: bool) -> None:
    train, test, table = samples.gtsrb_members()
    if unpacked:
        samples.write_tree(tmp_path, {**train, **test, "GT-final_test.csv": table})
    else:
        samples.write_gtsrb(tmp_path)
    dataset = read("gtsrb", tmp_path, size=(8, 8))
    assert dataset.train.images.shape == (43 * 4, 8, 8, 3)
    assert dataset.train.names is not None
    assert dataset.train.groups is not None
    assert dataset.test is not None
    for name, label, group in zip(
        dataset.train.names, dataset.train.labels, dataset.train.groups, strict=True
    ):
        folder, file = name.split("/")[-2:]
        assert label == int(folder)
        assert group == int(folder) * 100_000 + int(file[:5])
    assert (
        len(set(dataset.train.groups.tolist())) == 43 * 2
    )  # a track number of another class is another sign
    assert dataset.test.labels.tolist() == list(range(42, -1, -1))
    expected = Image.open(io.BytesIO(train[dataset.train.names[5]])).resize((8, 8), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(dataset.train.images[5], np.asarray(expected))


def test_gtsrb_chooses_between_two_test_sets(tmp_path: Path) -> None:
    samples.write_gtsrb(tmp_path)
    _, test, table = samples.gtsrb_members()
    few = dict(list(test.items())[:43])
    samples.write_zip(tmp_path / "GTSRB_Heldout_Test_Images.zip", few)
    swapped = (
        table.replace(b";0\r\n", b";99\r\n").replace(b";1\r\n", b";0\r\n").replace(b";99\r\n", b";1\r\n")
    )
    samples.write_zip(tmp_path / "GTSRB_Heldout_Test_GT.zip", {"GT-final_test.csv": swapped})
    official = read("gtsrb", tmp_path, size=(4, 4))
    heldout = read("gtsrb", tmp_path, size=(4, 4), test="heldout")
    assert "two test sets" in official.notes[0]
    assert heldout.notes == ()
    assert official.test is not None
    assert heldout.test is not None
    assert official.test.labels.tolist() == list(range(42, -1, -1))
    assert heldout.test.labels.tolist() != official.test.labels.tolist()


@pytest.mark.parametrize("depth", ["seg_{0}/seg_{0}", "seg_{0}", "Intel/seg_{0}/seg_{0}"])
def test_intel_reads_both_layouts(tmp_path: Path, depth: str) -> None:
    members = {}
    for split in ("train", "test"):
        for label, name in enumerate(("buildings", "forest", "glacier", "mountain", "sea", "street")):
            members[f"{depth.format(split)}/{name}/{label}.jpg"] = samples.encoded(
                np.full((15 - label, 15, 3), 40 * label, np.uint8), "JPEG"
            )
    members["seg_pred/seg_pred/3.jpg"] = b"not labelled"
    samples.write_zip(tmp_path / "intel-image-classification.zip", members)
    dataset = read("intel", tmp_path, size=(6, 6))
    assert dataset.test is not None
    assert dataset.train.images.shape == dataset.test.images.shape == (6, 6, 6, 3)
    np.testing.assert_allclose(dataset.train.images.mean(axis=(1, 2, 3)), 40 * dataset.train.labels, atol=2)


@pytest.mark.parametrize("packed", ["folder", "zip", "tar", "tar.gz", "zip in folder", "one folder deep"])
def test_folder_reads_classes_however_packed(tmp_path: Path, packed: str) -> None:
    members = samples.class_folders("photos/" if packed == "one folder deep" else "")
    if packed == "zip in folder":
        samples.write_zip(tmp_path / "all.zip", members)
        path = tmp_path
    elif packed in {"folder", "one folder deep"}:
        path = samples.write_tree(tmp_path, members)
    else:
        write = samples.write_zip if packed == "zip" else samples.write_tar
        path = write(tmp_path / f"all.{packed}", members)
    dataset = read("folder", path)
    assert dataset.class_names == ("cat", "dog")
    assert dataset.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.test is None
    for image, label, i in zip(dataset.train.images, dataset.train.labels, [0, 1, 2] * 2, strict=True):
        np.testing.assert_array_equal(image, samples.pixels(10 * int(label) + i, 4, 5, 3))


def test_folder_with_train_and_test(tmp_path: Path) -> None:
    samples.write_tree(tmp_path, samples.class_folders("Train/"))
    samples.write_tree(tmp_path, samples.class_folders("test/"))
    samples.write_tree(
        tmp_path, {"readme.txt": b"hello", "cover.png": samples.encoded(samples.pixels(0, 4, 5, 3))}
    )
    dataset = read("folder", tmp_path, class_names=["dog", "cat"], grey=True)
    assert dataset.test is not None
    assert dataset.test.images.shape == (6, 4, 5, 1)
    assert dataset.class_names == ("dog", "cat")
    assert dataset.train.labels.tolist() == [1, 1, 1, 0, 0, 0]
    expected = np.asarray(Image.fromarray(samples.pixels(0, 4, 5, 3)).convert("L"))
    np.testing.assert_array_equal(dataset.train.images[0, ..., 0], expected)
    assert any("readme.txt" in note for note in dataset.notes)
    assert any("cover.png" in note for note in dataset.notes)


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("seg_train/", "seg_test/"),
        ("seg_train/seg_train/", "seg_test/seg_test/"),
        ("archive/Training_Set/", "archive/Testing_Set/"),
        ("my-training-data/train/", "my-training-data/test/"),
        ("TrainImages/", "val2017/"),
    ],
)
def test_split_folders_are_known_by_a_word_of_their_names(tmp_path: Path, train: str, test: str) -> None:
    members = {**samples.class_folders(train), **samples.class_folders(test)}
    members.pop(f"{test}dog/2.png")
    dataset = read("folder", samples.write_zip(tmp_path / "all.zip", members))
    assert dataset.class_names == ("cat", "dog")
    assert dataset.test is not None
    assert (len(dataset.train), len(dataset.test)) == (6, 5)


def test_what_was_taken_for_a_split_is_told_and_unlabelled_images_too(tmp_path: Path) -> None:
    members = {**samples.class_folders("seg_train/seg_train/"), **samples.class_folders("seg_test/seg_test/")}
    members["seg_pred/seg_pred/9.png"] = members["seg_train/seg_train/cat/0.png"]
    dataset = read("folder", samples.write_zip(tmp_path / "archive.zip", members))
    assert "folders taken for splits: seg_test as test, seg_train as train" in dataset.notes
    assert any("skipped (1): seg_pred/seg_pred/9.png" in note for note in dataset.notes)


@pytest.mark.parametrize("names", [("train", "bus"), ("valley", "train station"), ("contest", "test")])
def test_classes_may_be_named_as_splits_are(tmp_path: Path, names: tuple[str, str]) -> None:
    members = {
        f"{name}/{i}.png": samples.encoded(samples.pixels(i, 4, 5, 3)) for name in names for i in range(3)
    }
    for nested in (members, {name.replace("/", "/day/"): data for name, data in members.items()}):
        dataset = read("folder", samples.write_zip(tmp_path / f"{len(next(iter(nested)))}.zip", nested))
        assert dataset.class_names == tuple(sorted(names))
        assert dataset.test is None


def test_split_folders_of_unknown_names_are_told(tmp_path: Path) -> None:
    samples.write_tree(tmp_path, {**samples.class_folders("part_a/"), **samples.class_folders("part_b/")})
    dataset = read("folder", tmp_path)
    assert dataset.class_names == ("part_a", "part_b")
    assert any("part_a, part_b were taken for classes, though each holds the folders cat, dog" in note
               for note in dataset.notes)  # fmt: skip


def test_folder_validation_images_are_used(tmp_path: Path) -> None:
    samples.write_tree(tmp_path, {**samples.class_folders("train/"), **samples.class_folders("val/")})
    dataset = read("folder", tmp_path)
    assert dataset.test is not None
    assert len(dataset.test) == 6
    samples.write_tree(tmp_path, samples.class_folders("test/"))
    dataset = read("folder", tmp_path)
    assert len(dataset.train) == 12


@pytest.mark.parametrize(
    "keys",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_npz_layouts_and_dtypes(tmp_path: Path, keys: tuple[str, ...], dtype: str) -> None:
    images = samples.pixels(0, 6, 4, 5, 3)
    stored = images if dtype == "uint8" else (images / 255).astype(dtype)
    arrays = dict(zip(keys, (stored, [[0], [1]] * 3, np.asfortranarray(stored[:2]), [1, 0]), strict=True))
    np.savez_compressed(tmp_path / "data.npz", groups=np.arange(6), **arrays)
    dataset = read("npz", tmp_path / "data.npz")
    np.testing.assert_allclose(dataset.train.images, stored, atol=1e-7)
    assert dataset.train.images.dtype == (np.uint8 if dtype == "uint8" else np.float32)
    assert dataset.train.labels.tolist() == [0, 1] * 3
    assert dataset.train.groups is not None
    assert dataset.train.groups.tolist() == list(range(6))
    assert dataset.test is not None
    np.testing.assert_allclose(dataset.test.images, stored[:2], atol=1e-7)


def test_digits_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    dataset = read("digits", "nowhere")
    np.testing.assert_array_equal(dataset.train.images[..., 0] * 16, load_digits().images)
    assert dataset.train.images.dtype == np.float32


def test_every_reader_and_its_options_are_described() -> None:
    page = (ROOT / "docs/datasets.md").read_text()
    described = re.findall(r"^## [^\n]*\(reader `(\w+)`\)\n(.*?)(?=^## )", page, re.M | re.S)
    assert sorted(key for key, _ in described) == sorted(READERS)
    for key, text in described:
        missing = [option for option in READERS[key].options if f"`{option}" not in text]
        assert not missing, (key, missing)
