"""The real files, where they are: counts by class, sizes and tracks as their README states them."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

import reader_samples as samples
from guided_retraining.errors import DataFileError
from guided_retraining.images.arrays import UnitImages
from guided_retraining.readers import near_duplicates, read, stratified_split

COUNTS = {
    "mnist": (
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
    ),
    "fashion_mnist": ([6000] * 10, [1000] * 10),
    "cifar10": (
        [396, 366, 420, 384, 422, 393, 414, 385, 407, 413],
        [103, 89, 100, 103, 90, 86, 112, 102, 106, 109],
    ),
}


@pytest.mark.parametrize(
    ("name", "key", "shape"),
    [
        ("mnist", "idx", (28, 28, 1)),
        ("fashion_mnist", "idx", (28, 28, 1)),
        ("cifar10", "cifar10_binary", (32, 32, 3)),
    ],
)
def test_counts_by_class(name: str, key: str, shape: tuple[int, ...]) -> None:
    dataset = read(key, samples.shared(name))
    assert dataset.test is not None
    for split, counts in zip((dataset.train, dataset.test), COUNTS[name], strict=True):
        assert np.bincount(split.labels).tolist() == counts
        assert split.images.shape == (sum(counts), *shape)
        assert split.images.flags.c_contiguous


def test_gtsrb_training_tracks_do_not_meet_and_pixels_are_pillows() -> None:
    folder = samples.shared("gtsrb")
    dataset = read("gtsrb", folder, size=(48, 48))
    train, test = dataset.train, dataset.test
    assert train.groups is not None
    assert train.names is not None
    assert test is not None
    assert len(set(dataset.class_names)) == 43
    few = [0, 19, 24, 27, 29, 32, 37, 41, 42]
    assert np.bincount(train.labels).tolist() == [120 if label in few else 150 for label in range(43)]
    assert np.bincount(test.labels).tolist() == [60] * 43
    parts = stratified_split(train.labels, fractions=[0.8, 0.2], groups=train.groups, seed=0)
    assert not set(train.groups[parts[0]]) & set(train.groups[parts[1]])
    assert abs(len(parts[1]) / len(train) - 0.2) < 0.03
    with zipfile.ZipFile(folder / "GTSRB_Final_Training_Images.subset.zip") as archive:
        for row in (0, 1234, 6179):
            image = Image.open(io.BytesIO(archive.read(train.names[row])))
            expected = image.resize((48, 48), Image.Resampling.BILINEAR)
            np.testing.assert_array_equal(train.images[row], np.asarray(expected))


def test_gtsrb_heldout() -> None:
    dataset = read("gtsrb", samples.shared("gtsrb"), size=(16, 16), grey=True, test="heldout")
    assert dataset.test is not None
    few = [0, 19, 37]
    assert np.bincount(dataset.test.labels).tolist() == [30 if label in few else 60 for label in range(43)]


def test_intel_counts_and_odd_sizes() -> None:
    folder = samples.shared("intel")
    dataset = read("intel", folder, size=(48, 48))
    assert dataset.test is not None
    assert np.bincount(dataset.train.labels).tolist() == [350] * 6
    assert np.bincount(dataset.test.labels).tolist() == [125] * 6
    pairs = near_duplicates(UnitImages(dataset.train.images), UnitImages(dataset.test.images), threshold=0.02)
    assert len(pairs) == 0  # the README: near-equal ones were left out
    with pytest.raises(DataFileError, match=r"images differ in size: the first is 150x150"):
        read("intel", folder)


@pytest.mark.slow
def test_a_tar_of_jpeg_folders() -> None:
    dataset = read("folder", samples.shared("cifar10") / "cifar-10-images-jpeg.subset.tar.gz")
    assert dataset.test is not None
    assert np.bincount(dataset.train.labels).tolist() == [2500] * 10
    assert np.bincount(dataset.test.labels).tolist() == [1000] * 10
    assert dataset.class_names[-1] == "truck"
