"""Small files in each raw format, made with other code than the readers', for the tests of the readers."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SHARED_DATA = Path(__file__).resolve().parents[1] / "../shared/data"


def shared(name: str) -> Path:
    """A folder of real data, or a skipped test."""
    folder = SHARED_DATA / name
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder


def pixels(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def encoded(array: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, kind, **options)
    return stream.getvalue()


def idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_idx(
    folder: Path, images: np.ndarray, labels: np.ndarray, stem: str, *, zipped: bool = True
) -> None:
    for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
        data = idx_bytes(array)
        name = folder / f"{stem}-{kind}-ubyte"
        if zipped:
            name.with_name(name.name + ".gz").write_bytes(gzip.compress(data))
        else:
            name.write_bytes(data)


def mnist_like(folder: Path, *, zipped: bool = True) -> dict[str, np.ndarray]:
    arrays = {
        "train_images": pixels(0, 7, 5, 6),
        "train_labels": np.array([0, 1, 2, 2, 1, 0, 0], np.uint8),
        "test_images": pixels(1, 3, 5, 6),
        "test_labels": np.array([2, 1, 0], np.uint8),
    }
    write_idx(folder, arrays["train_images"], arrays["train_labels"], "train", zipped=zipped)
    write_idx(folder, arrays["test_images"], arrays["test_labels"], "t10k", zipped=zipped)
    return arrays


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def write_tree(folder: Path, members: dict[str, bytes]) -> Path:
    for name, data in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def class_folders(prefix: str = "") -> dict[str, bytes]:
    """Two classes, ``cat`` and ``dog``, of three PNG images of 4x5."""
    return {
        f"{prefix}{name}/{i}.png": encoded(pixels(10 * label + i, 4, 5, 3))
        for label, name in enumerate(("cat", "dog"))
        for i in range(3)
    }


def cifar_batches(records: int = 20) -> dict[str, bytes]:
    batches = {}
    for i, name in enumerate((*(f"data_batch_{k}" for k in range(1, 6)), "test_batch")):
        labels = (np.arange(records) % 10).astype(np.uint8)[:, None]
        batches[f"cifar-10-batches-bin/{name}.bin"] = np.hstack([labels, pixels(i, records, 3072)]).tobytes()
    return batches


def write_cifar(folder: Path) -> Path:
    return write_tar(folder / "cifar-10-binary.tar.gz", cifar_batches())


def gtsrb_members(tracks: int = 2, frames: int = 2) -> tuple[dict[str, bytes], dict[str, bytes], bytes]:
    """Members of the training zip and of the test zip, and the test table, for all 43 classes."""
    train, test = {}, {}
    rows = ["Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"]
    for label in range(43):
        folder = f"GTSRB/Final_Training/Images/{label:05d}"
        table = [rows[0]]
        for track in range(tracks):
            for frame in range(frames):
                name = f"{track:05d}_{frame:05d}.ppm"
                train[f"{folder}/{name}"] = encoded(pixels(label, 6 + track, 5 + frame, 3), "PPM")
                table.append(f"{name};6;5;0;0;5;5;{label}")
        train[f"{folder}/GT-{label:05d}.csv"] = "\r\n".join(table).encode()
        test[f"GTSRB/Final_Test/Images/{label:05d}.ppm"] = encoded(pixels(100 + label, 9, 8, 3), "PPM")
        rows.append(f"{label:05d}.ppm;8;9;0;0;5;5;{42 - label}")
    return train, test, "\r\n".join([*rows, ""]).encode()


def write_gtsrb(folder: Path) -> None:
    train, test, table = gtsrb_members()
    write_zip(folder / "GTSRB_Final_Training_Images.zip", train)
    write_zip(folder / "GTSRB_Final_Test_Images.subset.zip", test)
    write_zip(folder / "GTSRB_Final_Test_GT.zip", {"GT-final_test.csv": table})


def class_pictures(n_classes: int, per_class: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures that can be told apart: each class's own pattern under noise; with their labels, in turn."""
    rng = np.random.default_rng(n_classes)
    patterns = rng.integers(0, 256, (n_classes, *shape))
    labels = np.tile(np.arange(n_classes), per_class)
    noise = rng.integers(0, 256, (len(labels), *shape))
    return ((7 * patterns[labels] + noise) // 8).astype(np.uint8), labels.astype(np.uint8)


def mnist_study(folder: Path, per_class: int) -> None:
    for stem, n in (("train", per_class), ("t10k", 2)):
        write_idx(folder, *class_pictures(10, n, (12, 12)), stem)


def cifar_study(folder: Path, per_class: int) -> None:
    images, labels = class_pictures(10, per_class, (3072,))
    records = np.hstack([labels[:, None], images])
    names = (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch")
    batches = zip(names, np.array_split(records, len(names)), strict=True)
    members = {f"cifar-10-batches-bin/{name}.bin": batch.tobytes() for name, batch in batches}
    write_tar(folder / "cifar-10-binary.tar.gz", members)


def gtsrb_study(folder: Path, per_class: int) -> None:
    """As the official zips: tracks of the same sign, far fewer than ``per_class``, and a test set."""
    frames = 4
    train, test, table = gtsrb_members(per_class // frames, frames)
    images, labels = class_pictures(43, per_class, (8, 8, 3))
    of_class = {label: iter(images[labels == label]) for label in range(43)}
    for name in [name for name in train if name.endswith(".ppm")]:
        train[name] = encoded(next(of_class[int(name.split("/")[-2])]), "PPM")
    write_zip(folder / "GTSRB_Final_Training_Images.zip", train)
    write_zip(folder / "GTSRB_Final_Test_Images.zip", test)
    write_zip(folder / "GTSRB_Final_Test_GT.zip", {"GT-final_test.csv": table})


def intel_study(folder: Path, per_class: int) -> None:
    names = ("buildings", "forest", "glacier", "mountain", "sea", "street")
    members = {}
    for split, n in (("train", per_class), ("test", 4)):
        images, labels = class_pictures(len(names), n, (16, 16, 3))
        for i, (image, label) in enumerate(zip(images, labels, strict=True)):
            members[f"seg_{split}/seg_{split}/{names[label]}/{i}.jpg"] = encoded(image, "JPEG")
    write_zip(folder / "intel-image-classification.zip", members)
