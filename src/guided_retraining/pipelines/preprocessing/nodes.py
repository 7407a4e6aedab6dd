"""Read raw images, cut them into splits, and refuse a study that cannot be carried out."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import numpy as np

from guided_retraining.errors import DataFileError
from guided_retraining.images.arrays import ImageArray, UnitImages
from guided_retraining.parameters.blocks import (
    AttackParameters,
    FitParameters,
    PreprocessingParameters,
    RetrainingParameters,
    SourceParameters,
)
from guided_retraining.readers import RawDataset, near_duplicates, read
from guided_retraining.readers.cutting import Split, check_classes, cut
from guided_retraining.readers.sources import SOURCES
from guided_retraining.retraining.plan import plan_study

logger = logging.getLogger(__name__)


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
    replicates: tuple[int, ...],
) -> dict[str, Any]:
    """Pools, budgets and cells of the study to come; refuses what cannot be done before anything long starts.

    Returns:
        The plan, as :func:`guided_retraining.retraining.plan.plan_study` makes it.
    """
    chosen = {name: parameters for name, parameters in metrics.items() if parameters is not None}
    planned = plan_study(dataset_summary["images"], attack, study, training, chosen, len(replicates))
    logger.info(
        "planned: %d cells, %s gradient passes; `kedro guided plan` forecasts how long they take here",
        planned["cells"],
        f"{planned['samples']:,}",
    )
    return planned
