"""A model and labelled images as a person gives them, made ready to be attacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import CatalogProtocol
from numpy.typing import NDArray

from guided_retraining.commands.unfinished import what_is_missing
from guided_retraining.errors import DataFileError
from guided_retraining.images.arrays import ImageArray, UnitImages, drawn_positions
from guided_retraining.parameters.study import Study

__all__ = ["Given", "from_files", "of_study"]


@dataclass(frozen=True)
class Given:
    """What is attacked.

    Attributes:
        name: of the model, as shown.
        model: takes images in [0, 1], whatever the file took.
        images: ``(n, h, w, c)`` float32 in [0, 1].
        labels: ``(n,)`` int64.
        class_names: a name for each class, in the model's order.
        notes: sentences on how model and images were read.
    """

    name: str
    model: Any
    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    class_names: Sequence[str]
    notes: tuple[str, ...]


def from_files(
    model: Path,
    images: Path,
    *,
    n_images: int,
    seed: int,
    class_names: Sequence[str] | None = None,
    input_range: str | None = None,
) -> Given:
    """A model file and a folder of images.

    Args:
        model: ``.keras`` or ``.h5``.
        images: a folder, zip or tar of class folders, or an ``.npz`` file; of a ``test`` folder alone, if there is one.
        n_images: that are drawn, at most.
        seed: of that draw.
        class_names: the class folders in the order of the model's outputs; by default sorted by name.
        input_range: what the model expects of pixels, a key of ``INPUT_RANGES``; None tries them.

    Raises:
        DataFileError, ModelError, ParameterError: files that cannot be used, with what to change.
    """
    from guided_retraining.models.loading import load_model

    return _ready(model.name, load_model(model), images, n_images, seed, class_names, input_range)


def of_study(
    dataset: str, study: Study, catalog: CatalogProtocol, images: Path | None, *, n_images: int, seed: int
) -> Given:
    """A study's hardened model, on the study's test images or on others.

    Args:
        dataset: its name.
        study: its parameters.
        catalog: of the project.
        images: as in :func:`from_files`; None for the study's test images.
        n_images: that are drawn, at most.
        seed: of that draw.

    Raises:
        DataFileError: there is no hardened model; says what the study still lacks, and how long that takes.
    """
    from guided_retraining.models.input_range import with_range

    hardened = (
        catalog.load(f"{dataset}.hardened_model") if catalog.exists(f"{dataset}.hardened_model") else []
    )
    if not hardened:
        raise DataFileError(f"there is no hardened model: {_why_none(dataset, study, catalog)}")
    names = catalog.load(f"{dataset}.dataset_summary")["class_names"]
    input_range = catalog.load(f"{dataset}.hardened_check")["model"]["input_range"]
    if images is not None:
        return _ready(f"{dataset} hardened", hardened[0], images, n_images, seed, names, input_range)
    of_test: ImageArray = catalog.load(f"{dataset}.test_images")
    labels = np.asarray(catalog.load(f"{dataset}.test_labels"), np.int64)
    drawn = drawn_positions(len(labels), n_images, seed)
    model = with_range(hardened[0], input_range)
    return Given(f"{dataset} hardened", model, np.asarray(of_test[drawn]), labels[drawn], names, ())


def _why_none(dataset: str, study: Study, catalog: CatalogProtocol) -> str:
    if (
        catalog.exists(f"{dataset}.hardened_check")
        and catalog.load(f"{dataset}.hardened_check")["cell"] is None
    ):
        return f"the answer of the study {dataset} is to keep the original. Give a file with --model to judge that"
    return what_is_missing(dataset, study, catalog)


def _ready(
    name: str,
    model: Any,
    images: Path,
    n_images: int,
    seed: int,
    class_names: Sequence[str] | None,
    input_range: str | None,
) -> Given:
    from guided_retraining.models.loading import check_model
    from guided_retraining.models.recognising import on_unit_images
    from guided_retraining.readers.folder import read_drawn
    from guided_retraining.readers.npz import read_npz

    height, width, channels = _input_shape(model)
    wanted: dict[str, Any] = {
        "size": (height, width) if height and width else None,
        "grey": channels == 1,
        "class_names": None if class_names is None else list(class_names),
    }
    if images.suffix == ".npz":
        raw = read_npz(images, **wanted)
        split = raw.test if raw.test is not None else raw.train
        drawn = drawn_positions(len(split), n_images, seed)
        stored, labels = split.images[drawn], split.labels[drawn]
        names, notes = list(raw.class_names), list(raw.notes)
    else:  # of a hundred thousand files, only those drawn are opened
        split, names, notes = read_drawn(images, n_images=n_images, seed=seed, **wanted)
        stored, labels = split.images, split.labels
    check_model(model, stored.shape[1:], len(names))
    shown = UnitImages(stored)[:] if stored.dtype == np.uint8 else np.asarray(stored, np.float32)
    taking, found = on_unit_images(model, shown, labels, names, input_range=input_range)
    said = [f"the model expects pixels in {found}, as it is right far more often on those"]
    told = [*notes, *(said if input_range is None and found != "0..1" else [])]
    return Given(name, taking, shown, labels, names, tuple(told))


def _input_shape(model: Any) -> tuple[Any, Any, Any]:
    shape = tuple(model.inputs[0].shape[1:]) if len(model.inputs) == 1 else ()
    return shape if len(shape) == 3 else (None, None, None)  # told by check_model
