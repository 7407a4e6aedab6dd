"""The splits of a data set, and what each of them has to hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import ParameterError
from guided_retraining.images.arrays import ImageArray, JoinedImages, SelectedImages
from guided_retraining.parameters.blocks import PreprocessingParameters
from guided_retraining.readers.dataset import RawDataset
from guided_retraining.readers.splitting import stratified_split

__all__ = ["Split", "check_classes", "cut"]

Split = tuple[ImageArray, NDArray[np.int64]]


def cut(dataset: RawDataset, parameters: PreprocessingParameters, seed: int) -> dict[str, Split]:
    """The images and labels of each split, as views.

    Args:
        dataset: what a reader gave.
        parameters: shares, and whether groups and an official test set are kept.
        seed: of the draw.

    Raises:
        ParameterError: shares that leave nothing to train on.
    """
    train, test = dataset.train, dataset.test if parameters.use_test else None
    images: ImageArray = train.images
    labels, groups = train.labels, train.groups if parameters.split_by_group else None
    if test is not None and parameters.pool_splits:
        images, labels = JoinedImages(train.images, test.images), np.concatenate([train.labels, test.labels])
        groups, test = None, None
    shares = (
        [parameters.validation_share]
        if test is not None
        else [parameters.validation_share, parameters.test_share]
    )
    if sum(shares) >= 1:
        raise ParameterError(
            f"preprocessing: validation_share {shares[0]} and test_share {shares[-1]} leave nothing to train on"
        )
    parts = stratified_split(labels, fractions=[1 - sum(shares), *shares], seed=seed, groups=groups)
    cut: dict[str, Split] = {
        name: (SelectedImages(images, part), labels[part])
        for name, part in zip(("train", "validation", "test"), parts, strict=False)
    }
    if test is not None:
        cut["test"] = (test.images, test.labels)
    return cut


def check_classes(split: str, labels: NDArray[np.int64], names: tuple[str, ...], least: int) -> None:
    """Refuse a split with classes of too few images.

    Raises:
        ParameterError: naming the classes and their counts.
    """
    counts = np.bincount(labels, minlength=len(names))
    few = [f"{names[i]} ({counts[i]})" for i in np.flatnonzero(counts < least)]
    if few:
        raise ParameterError(
            f"the {split} split has fewer than {least} images of {len(few)} classes: {', '.join(few[:10])}; add some, "
            "leave these classes out, or lower preprocessing.minimum_per_class"
        )
