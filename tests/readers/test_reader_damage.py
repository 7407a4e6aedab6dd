"""Damaged, hostile and mistaken files: each is refused in words that name the file and say what to do."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

import reader_samples as samples
from guided_retraining.errors import DataFileError, ParameterError
from guided_retraining.readers import archives as archives_module
from guided_retraining.readers import check_reader, read
from guided_retraining.readers import files as files_module

IMAGES = "train-images-idx3-ubyte.gz"
LABELS = "train-labels-idx1-ubyte.gz"


def rewrite(path: Path, change: object) -> None:
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (IMAGES, lambda data: b"\0\0\x0d\x03" + data[4:], "starts with 00000d03"),
        (IMAGES, lambda data: data[:-9], "truncated: 201 of 210 bytes"),
        (IMAGES, lambda data: data[:10], "ends within its header"),
        (IMAGES, lambda data: data + b"more", "goes on after"),
        (IMAGES, lambda data: data[:4] + struct.pack(">3I", 2**31, 2**15, 2**15), "can hold"),
        (IMAGES, lambda data: b"", "ends within its header"),
        (LABELS, lambda data: data[:4] + struct.pack(">I", 6) + data[8:-1], "7 images but train-labels"),
        (LABELS, lambda data: data[:-1] + b"\x09", "no training images for 3"),
    ],
)
def test_damaged_idx(tmp_path: Path, name: str, change: object, message: str) -> None:
    samples.mnist_like(tmp_path)
    rewrite(tmp_path / name, change)
    with pytest.raises(DataFileError, match=message) as error:
        read("idx", tmp_path)
    assert str(tmp_path) in str(error.value)


def test_idx_label_outside_the_class_names(tmp_path: Path) -> None:
    samples.mnist_like(tmp_path)
    with pytest.raises(DataFileError, match=r"training label 2 \(image 2\) is outside 0..1"):
        read("idx", tmp_path, class_names=["a", "b"])


@pytest.mark.parametrize("cut", [5, 30, -8, -1])
def test_truncated_gzip(tmp_path: Path, cut: int) -> None:
    samples.mnist_like(tmp_path)
    path = tmp_path / IMAGES
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataFileError, match=IMAGES):
        read("idx", tmp_path)


def test_corrupted_gzip(tmp_path: Path) -> None:
    samples.mnist_like(tmp_path)
    path = tmp_path / IMAGES
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(DataFileError, match=IMAGES):
        read("idx", tmp_path)


def test_missing_and_ambiguous_files(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"no folder .*nowhere"):
        read("idx", tmp_path / "nowhere")
    with pytest.raises(DataFileError, match=r"no file named train-images-idx3-ubyte .*there is: nothing"):
        read("idx", tmp_path)
    for name in ("GTSRB_Final_Training_Images.a.zip", "GTSRB_Final_Training_Images.b.zip"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataFileError, match=r"2 files match .*keep one"):
        read("gtsrb", tmp_path, size=(8, 8))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-1], "not a whole number of records"),
        (lambda data: b"", "not a whole number of records"),
        (lambda data: b"\x0b" + data[1:], "record 0 has label 11"),
    ],
)
def test_damaged_cifar(tmp_path: Path, change: object, message: str) -> None:
    batches = samples.cifar_batches()
    name = "cifar-10-batches-bin/data_batch_2.bin"
    batches[name] = change(batches[name])  # type: ignore[operator]
    samples.write_tar(tmp_path / "cifar-10-binary.tar.gz", batches)
    with pytest.raises(DataFileError, match=message) as error:
        read("cifar10_binary", tmp_path)
    assert "data_batch_2.bin" in str(error.value)


def test_truncated_cifar_archive(tmp_path: Path) -> None:
    path = samples.write_tar(tmp_path / "cifar-10-binary.tar.gz", samples.cifar_batches())
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DataFileError, match=r"cifar-10-binary\.tar\.gz"):
        read("cifar10_binary", tmp_path)


def test_pickled_cifar_is_not_opened(tmp_path: Path) -> None:
    samples.write_tree(tmp_path, {"cifar-10-batches-py/data_batch_1": b"\x80\x04."})
    with pytest.raises(DataFileError, match="pickled and could run code"):
        read("cifar10_binary", tmp_path)


def test_gtsrb_tables_must_agree_with_images(tmp_path: Path) -> None:
    train, _, table = samples.gtsrb_members()
    name = "GTSRB/Final_Training/Images/00007/GT-00007.csv"
    samples.write_gtsrb(tmp_path)
    wrong = {**train, name: train[name].replace(b";7\r\n", b";8\r\n")}
    samples.write_zip(tmp_path / "GTSRB_Final_Training_Images.zip", wrong)
    with pytest.raises(DataFileError, match=r"GT-00007.csv gives 00000_00000.ppm class 8, its folder says 7"):
        read("gtsrb", tmp_path, size=(8, 8))
    samples.write_zip(tmp_path / "GTSRB_Final_Training_Images.zip", train)
    for change, message in (
        (lambda t: t.replace(b"00003.ppm", b"99999.ppm"), r"1 images have no row .*00003.ppm"),
        (lambda t: t.replace(b"00003.ppm", b"00004.ppm"), "lists 00004.ppm twice"),
        (lambda t: t.replace(b";42\r\n", b";43\r\n"), "class 43, expected 0 to 42"),
        (lambda t: t.replace(b"ClassId", b"Class"), "is no GTSRB table"),
        (lambda t: b"\xff\xfe\x00", "is no GTSRB table"),
    ):
        samples.write_zip(tmp_path / "GTSRB_Final_Test_GT.zip", {"GT-final_test.csv": change(table)})
        with pytest.raises(DataFileError, match=message):
            read("gtsrb", tmp_path, size=(8, 8))


def test_gtsrb_needs_a_size_and_the_chosen_test(tmp_path: Path) -> None:
    samples.write_gtsrb(tmp_path)
    with pytest.raises(DataFileError, match=r"images differ in size: the first is 6x5.*set `size:"):
        read("gtsrb", tmp_path)
    with pytest.raises(DataFileError, match="test: heldout"):
        read("gtsrb", tmp_path, size=(8, 8), test="heldout")


@pytest.mark.parametrize(
    "name", ["../evil.png", "/etc/evil.png", "a/../../evil.png", "..\\evil.png", "C:/evil.png"]
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_members_that_leave_the_folder(tmp_path: Path, name: str, kind: str) -> None:
    write = samples.write_zip if kind == "zip" else samples.write_tar
    path = write(tmp_path / f"all.{kind}", {**samples.class_folders(), name: b"x"})
    with pytest.raises(DataFileError, match="outside the folder"):
        read("folder", path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]


def test_links_in_a_tar_are_not_followed(tmp_path: Path) -> None:
    path = samples.write_tar(tmp_path / "all.tar", samples.class_folders())
    with tarfile.open(path, "a") as archive:
        info = tarfile.TarInfo("cat/link.png")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    assert len(read("folder", path).train) == 6


def test_duplicate_members(tmp_path: Path) -> None:
    path = samples.write_tar(tmp_path / "all.tar", samples.class_folders())
    with tarfile.open(path, "a") as archive:
        archive.addfile(tarfile.TarInfo("cat/0.png"), io.BytesIO())
    with pytest.raises(DataFileError, match=r"'cat/0.png' occurs twice"):
        read("folder", path)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_decompression_bomb(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives_module, "RATIO_FREE_BYTES", 10_000)
    write = samples.write_zip if kind == "zip" else samples.write_tar
    path = write(tmp_path / f"all.{kind}", {**samples.class_folders(), "cat/bomb.png": bytes(3_000_000)})
    with pytest.raises(DataFileError, match="decompression bomb"):
        read("folder", path)


def test_member_larger_than_an_image_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MAX_MEMBER_BYTES", 1000)
    samples.write_tree(tmp_path, {**samples.class_folders(), "cat/big.png": bytes(1001)})
    with pytest.raises(DataFileError, match=r"cat/big.png .*1,001 bytes"):
        read("folder", tmp_path)


def test_zip_member_that_lies_about_its_size(tmp_path: Path) -> None:
    path = samples.write_zip(tmp_path / "all.zip", samples.class_folders())
    with zipfile.ZipFile(path) as archive:
        member = archive.infolist()[0]
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02" + data[data.index(b"PK\x01\x02") + 4 :][:42])
    struct.pack_into("<I", data, at + 24, member.file_size - 1)
    path.write_bytes(data)
    with pytest.raises(DataFileError, match=r"1 of 6 images could not be read: .*Bad CRC-32"):
        read("folder", path)


def test_corrupted_zips(tmp_path: Path) -> None:
    path = samples.write_zip(tmp_path / "all.zip", samples.class_folders())
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.raises(DataFileError, match=r"all.zip cannot be read"):
        read("folder", path)
    damaged = bytearray(whole)
    damaged[60:70] = bytes(10)  # within the first member
    path.write_bytes(damaged)
    with pytest.raises(DataFileError, match=r"1 of 6 images could not be read: .*cat/0.png"):
        read("folder", path)
    dataset = read("folder", path, max_unreadable=1)
    assert len(dataset.train) == 5
    assert "cat/0.png" in dataset.notes[0]


def test_unreadable_images_are_counted_and_listed(tmp_path: Path) -> None:
    samples.write_tree(tmp_path, samples.class_folders())
    samples.write_tree(tmp_path, {"cat/empty.png": b"", "dog/text.jpg": b"<html>", "dog/.hidden.png": b""})
    with pytest.raises(DataFileError, match=r"2 of 8 images .*empty.png.*text.jpg.*max_unreadable: 2"):
        read("folder", tmp_path, max_unreadable=1)
    dataset = read("folder", tmp_path, max_unreadable=2)
    assert dataset.train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.train.names == tuple(sorted(samples.class_folders()))


def test_folders_without_classes_or_images(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="no images in class folders"):
        read("folder", tmp_path)
    samples.write_tree(tmp_path, samples.class_folders())
    (tmp_path / "bird").mkdir()
    with pytest.raises(DataFileError, match="class folders without images: bird"):
        read("folder", tmp_path)
    (tmp_path / "bird").rmdir()
    for i in range(3):
        (tmp_path / f"dog/{i}.png").unlink()
    (tmp_path / "dog").rmdir()
    with pytest.raises(DataFileError, match=r"1 class found \(cat\)"):
        read("folder", tmp_path)


def test_class_in_one_split_only(tmp_path: Path) -> None:
    samples.write_tree(tmp_path, {**samples.class_folders("train/"), **samples.class_folders("test/")})
    samples.write_tree(tmp_path, {"test/newt/0.png": samples.encoded(samples.pixels(0, 4, 5, 3))})
    with pytest.raises(DataFileError, match="no training images for newt"):
        read("folder", tmp_path)


def test_unicode_names(tmp_path: Path) -> None:
    png = samples.encoded(samples.pixels(0, 4, 5, 3))
    path = samples.write_zip(
        tmp_path / "ä.zip", {"cafe\u0301/日本 1.png": png, "café/2.png": png, "žába/ö.png": png}
    )
    dataset = read("folder", path)
    assert dataset.class_names == ("café", "žába")  # one class, however the accent was written
    assert dataset.train.labels.tolist() == [0, 0, 1]


def test_loops_of_links_end(tmp_path: Path) -> None:
    samples.write_tree(tmp_path, samples.class_folders())
    (tmp_path / "cat" / "loop").symlink_to(tmp_path)
    assert len(read("folder", tmp_path).train) == 6


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.zeros(3)}, "holds a: expected the arrays x_train and y_train or"),
        ({"x_train": np.zeros((2, 4, 5), np.uint8), "y_train": [0, 1, 1]}, "2 training images but 3 labels"),
        ({"x_train": np.zeros((2, 3, 4, 5), np.uint8), "y_train": [0, 1]}, "transpose the array"),
        ({"x_train": np.full((2, 4, 5), 255.0), "y_train": [0, 1]}, "values from 255 to 255"),
        ({"x_train": np.full((2, 4, 5), np.nan), "y_train": [0, 1]}, "values from nan"),
        ({"x_train": np.zeros((2, 4, 5), np.int32), "y_train": [0, 1]}, "dtype int32"),
        ({"x_train": np.zeros((2, 4, 5), np.uint8), "y_train": np.eye(2)}, "one-hot"),
        ({"x_train": np.zeros((2, 4, 5), np.uint8), "y_train": [0, -1]}, "label -1"),
        ({"x_train": np.zeros((3, 4, 5), np.uint8), "y_train": [0, 2, 2]}, "no training images for 1"),
        ({"x_train": np.zeros((2, 4, 5), np.uint8), "y_train": [0, 10**12]}, "a label is 1,000,000,000,000"),
        ({"x_train": np.zeros((2, 4, 5), np.uint8), "y_train": [0, 1], "groups": [1]}, "1 groups but 2"),
        ({"x_train": np.array([{}, {}], object), "y_train": [0, 1]}, "pickled objects"),
    ],
)
def test_unfit_npz(tmp_path: Path, arrays: dict[str, object], message: str) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataFileError, match=message) as error:
        read("npz", path)
    assert "data.npz" in str(error.value)


def test_npz_header_that_lies(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.save(stream, np.zeros((2, 4, 5), np.uint8))
    lying = stream.getvalue().replace(b"(2, 4, 5)", b"(2, 4, 9)")
    stream = io.BytesIO()
    np.save(stream, np.array([0, 1]))
    path = samples.write_zip(tmp_path / "data.npz", {"x_train.npy": lying, "y_train.npy": stream.getvalue()})
    with pytest.raises(DataFileError, match="declares 72 bytes and has 40"):
        read("npz", path)


@pytest.mark.parametrize(
    ("key", "options", "message"),
    [
        ("mnist", {}, "no reader 'mnist'.*Known: cifar10_binary, digits"),
        ("idx", {"max_unreadable": 1}, "reader idx: no such parameter 'max_unreadable'. Known: class_names"),
        ("folder", {"max_unreadable": -1}, "found max_unreadable=-1, expected a whole number of 0 or more"),
        ("folder", {"max_unreadable": True}, "expected a whole number"),
        ("gtsrb", {"test": "unofficial"}, "found test='unofficial', expected official or heldout, or null"),
        ("npz", {"class_names": ["a", "a"]}, "two or more different names"),
    ],
)
def test_impossible_options(key: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check_reader(key, options)


@pytest.mark.parametrize("size", [48, (48,), (0, 4), (4.0, 4), "48x48", (True, 4)])
def test_impossible_sizes(size: object) -> None:
    with pytest.raises(ParameterError, match=r"size: expected \[height, width\]"):
        read("digits", "", size=size)  # type: ignore[arg-type]


def test_class_names_must_be_the_folders(tmp_path: Path) -> None:
    samples.write_tree(tmp_path, samples.class_folders())
    with pytest.raises(ParameterError, match=r"class folders of .*\(cat, dog\), got \['cat', 'cow'\]"):
        read("folder", tmp_path, class_names=["cat", "cow"])
