"""Read raw images, cut them into splits, and refuse a study that cannot be carried out."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import DataFileError, ParameterError
from guided_retraining.images.arrays import ImageArray, JoinedImages, SelectedImages, UnitImages
from guided_retraining.parameters.blocks import (
    AttackParameters,
    FitParameters,
    PreprocessingParameters,
    RetrainingParameters,
    SourceParameters,
)
from guided_retraining.readers import RawDataset, near_duplicates, read, stratified_split
from guided_retraining.readers.sources import SOURCES
from guided_retraining.retraining.plan import plan_study

logger = logging.getLogger(__name__)

Split = tuple[ImageArray, NDArray[np.int64]]


def prepare(
    raw: Path, source: SourceParameters, parameters: PreprocessingParameters, seed: int
) -> dict[str, Any]:
    """Images and labels of the training, validation and test split.

    The images are views of the one array that was read; they are copied only into their files.

    Args:
        raw: folder of the raw files, unless ``source.path`` names another.
        source: reader, its options, and a path.
        parameters: size, grey, shares of the splits.
        seed: of the splits.

    Returns:
        ``<split>_images (n, h, w, c)`` and ``<split>_labels (n,)`` for each split, and ``dataset_summary``.
    """
    start = time.perf_counter()
    folder = Path(source.path).expanduser() if source.path else raw
    if source.path is None and raw.name in SOURCES and not folder.exists():
        raise DataFileError(
            f"there is no {folder}, where the raw files of {raw.name} belong; fetch them with "
            f"kedro run --pipelines download --namespaces {raw.name}, or see docs/datasets.md"
        )
    dataset = read(source.reader, folder, size=parameters.size, grey=parameters.grey, **source.options)
    splits = cut(dataset, parameters, seed)
    for name, (images, labels) in splits.items():
        check_classes(
            name, labels, dataset.class_names, parameters.minimum_per_class if name == "train" else 1
        )
        logger.info("%s: %d images of %s", name, len(labels), "x".join(map(str, images.shape[1:])))
    arrays = {f"{name}_images": images for name, (images, _) in splits.items()}
    arrays |= {f"{name}_labels": labels for name, (_, labels) in splits.items()}
    return {**arrays, "dataset_summary": _summary(dataset, splits, parameters, time.perf_counter() - start)}


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


def _summary(
    dataset: RawDataset, splits: dict[str, Split], parameters: PreprocessingParameters, seconds: float
) -> dict[str, Any]:
    notes = list(dataset.notes)
    duplicates: int | None = None
    if parameters.near_duplicate_distance is not None:
        train, test = (_as_float(splits[name][0]) for name in ("train", "test"))
        pairs = near_duplicates(train, test, threshold=parameters.near_duplicate_distance)
        duplicates = len(pairs)
        if duplicates:
            notes.append(
                f"{duplicates} pairs of nearly equal images stand in both the training and the test split"
            )
    for note in notes:
        logger.info(note)
    return {
        "class_names": list(dataset.class_names),
        "image_shape": list(splits["train"][0].shape[1:]),
        "images": {name: len(labels) for name, (_, labels) in splits.items()},
        "per_class": {
            name: np.bincount(labels, minlength=len(dataset.class_names)).tolist()
            for name, (_, labels) in splits.items()
        },
        "near_duplicates": duplicates,
        "notes": notes,
        "seconds": seconds,
    }


def _as_float(images: Any) -> ImageArray:
    return UnitImages(images) if images.dtype == np.uint8 else images


def plan(
    dataset_summary: dict[str, Any],
    attack: AttackParameters,
    study: RetrainingParameters,
    training: FitParameters,
    metrics: dict[str, Any],
) -> dict[str, Any]:
    """Pools, budgets and cells of the study to come; refuses what cannot be done before anything long starts.

    Returns:
        The plan, as :func:`guided_retraining.retraining.plan.plan_study` makes it.
    """
    chosen = [name for name, parameters in metrics.items() if parameters is not None]
    planned = plan_study(dataset_summary["images"], attack, study, training, len(chosen))
    logger.info("planned: %d cells, %s samples to train on", planned["cells"], f"{planned['samples']:,}")
    return planned
