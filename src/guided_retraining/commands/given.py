"""A model and labelled images as a person gives them, made ready to be attacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import CatalogProtocol
from numpy.typing import NDArray

from guided_retraining.errors import DataFileError
from guided_retraining.images.arrays import ImageArray, UnitImages

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
    dataset: str, catalog: CatalogProtocol, images: Path | None, *, n_images: int, seed: int
) -> Given:
    """A study's hardened model, on the study's test images or on others.

    Args:
        dataset: its name.
        catalog: of the project.
        images: as in :func:`from_files`; None for the study's test images.
        n_images: that are drawn, at most.
        seed: of that draw.

    Raises:
        DataFileError: there is no hardened model.
    """
    from guided_retraining.models.input_range import with_range

    hardened = (
        catalog.load(f"{dataset}.hardened_model") if catalog.exists(f"{dataset}.hardened_model") else []
    )
    if not hardened:
        raise DataFileError(
            f"{dataset}: there is no hardened model. `kedro run --pipelines {dataset}` makes one unless its "
            "answer is to keep the original; give a file with --model instead"
        )
    names = catalog.load(f"{dataset}.dataset_summary")["class_names"]
    input_range = catalog.load(f"{dataset}.hardened_check")["model"]["input_range"]
    if images is not None:
        return _ready(f"{dataset} hardened", hardened[0], images, n_images, seed, names, input_range)
    of_test: ImageArray = catalog.load(f"{dataset}.test_images")
    labels = np.asarray(catalog.load(f"{dataset}.test_labels"), np.int64)
    drawn = _drawn(len(labels), n_images, seed)
    model = with_range(hardened[0], input_range)
    return Given(f"{dataset} hardened", model, np.asarray(of_test[drawn]), labels[drawn], names, ())


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
    from guided_retraining.readers import read

    height, width, channels = _input_shape(model)
    raw = read(
        "npz" if images.suffix == ".npz" else "folder",
        images,
        size=(height, width) if height and width else None,
        grey=channels == 1,
        **({"class_names": list(class_names)} if class_names is not None else {}),
    )
    split = raw.test if raw.test is not None else raw.train
    check_model(model, split.images.shape[1:], len(raw.class_names))
    drawn = _drawn(len(split), n_images, seed)
    stored, labels = split.images[drawn], split.labels[drawn]
    shown = UnitImages(stored)[:] if stored.dtype == np.uint8 else np.asarray(stored, np.float32)
    taking, found = on_unit_images(model, shown, labels, raw.class_names, input_range=input_range)
    said = [f"the model expects pixels in {found}, as it is right far more often on those"]
    notes = [*raw.notes, *(said if input_range is None and found != "0..1" else [])]
    return Given(name, taking, shown, labels, raw.class_names, tuple(notes))


def _input_shape(model: Any) -> tuple[Any, Any, Any]:
    shape = tuple(model.inputs[0].shape[1:]) if len(model.inputs) == 1 else ()
    return shape if len(shape) == 3 else (None, None, None)  # told by check_model


def _drawn(available: int, wanted: int, seed: int) -> NDArray[np.int64]:
    return np.sort(np.random.default_rng(seed).permutation(available)[:wanted]).astype(np.int64)
