"""Take a user's own images, and model, into the project: one YAML file, checked before it is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from guided_retraining.commands.forecast import describe, forecast
from guided_retraining.errors import ParameterError
from guided_retraining.images.arrays import UnitImages
from guided_retraining.models.forward import feature_layer
from guided_retraining.parameters.study import parse_study
from guided_retraining.readers.cutting import Split, check_classes, cut
from guided_retraining.storage.files import atomic_path, check_writable

DEFAULT_SIZE = (48, 48)  # the study's size for photographs
OWN_ARCHITECTURE = "C32 P C64 P C128 P D.3 F FC256 D.5 FC64"


def new_dataset(
    name: str,
    images: Path,
    model: Path | None,
    *,
    parameters: dict[str, Any],
    folder: Path,
    size: tuple[int, int] | None = None,
    max_unreadable: int = 0,
) -> Iterator[str]:
    """Check images and model, write the data set's block, and forecast its study.

    Args:
        name: of the data set; also of its namespace and folders.
        images: a folder, zip or tar of class folders, or an ``.npz`` file.
        model: a ``.keras`` or ``.h5`` file; without one a model is trained.
        parameters: the defaults every block is laid over.
        folder: where the YAML file goes.
        size: of the images; by default the model's input, or 48x48.
        max_unreadable: image files that may be damaged; they are listed and passed over.

    Yields:
        Lines to show as they are known.

    Raises:
        ParameterError: a name that is taken or cannot name files, or unsuitable images.
        ModelError: a model that cannot classify these images.
    """
    path = folder / f"{name}.yml"
    if not name.isidentifier() or name == "defaults":
        raise ParameterError(
            f"'{name}' cannot name a data set: letters, digits and underscores, not a digit first, "
            "and not the word 'defaults'"
        )
    if path.exists() or name in parameters:
        raise ParameterError(f"there is a data set '{name}' already; choose another name, or edit {path}")
    check_writable(path)
    loaded = _load(model)
    block = _block(images, model, loaded, size)
    if max_unreadable:
        block["source"]["options"] = {"max_unreadable": max_unreadable}
    block_with_defaults = {**parameters["defaults"], **block}
    study = parse_study(name, block_with_defaults)
    from guided_retraining.readers import read

    source, wanted = study.source, study.preprocessing
    raw = read(source.reader, images, size=wanted.size, grey=wanted.grey, **source.options)
    splits = cut(raw, study.preprocessing, study.seed)
    check_classes("train", splits["train"][1], raw.class_names, study.preprocessing.minimum_per_class)
    shape = splits["train"][0].shape[1:]
    more = " ..." if len(raw.class_names) > 8 else ""
    yield f"{len(raw.class_names)} classes: {', '.join(raw.class_names[:8])}{more}"
    for split, (_, labels) in splits.items():
        yield f"{split}: {len(labels):,} images of {'x'.join(map(str, shape))}"
    yield from raw.notes
    built, input_range = _checked(loaded, study, splits["train"], raw.class_names)
    if input_range != "0..1":
        block["model"]["input_range"] = input_range
        yield f"the model expects pixels in {input_range}; images, attacks and eps stay in [0, 1]"
    features = feature_layer(built, study.model.feature_layer)
    if model is not None:
        block["model"]["feature_layer"] = features.name  # for a person to see, and to change
    yield from _about(built, features)
    yield from describe(
        name, forecast(study, {key: len(labels) for key, (_, labels) in splits.items()}, built)
    )
    with atomic_path(path) as temporary:
        temporary.write_text(
            f"# Made by: kedro guided new-dataset {name}. All other parameters come from conf/base/parameters.yml.\n"
            + yaml.safe_dump({name: block}, sort_keys=False)
        )
    yield f"written: {path}"
    yield f"next: kedro run --pipelines {name}"


def _load(model: Path | None) -> Any:
    if model is None:
        return None
    from guided_retraining.models.loading import load_model

    return load_model(model)


def _block(images: Path, model: Path | None, loaded: Any, size: tuple[int, int] | None) -> dict[str, Any]:
    reader = "npz" if images.suffix == ".npz" else "folder"
    preprocessing: dict[str, Any] = {}
    if loaded is not None and len(loaded.inputs[0].shape) == 4:
        height, width, channels = loaded.inputs[0].shape[1:]
        if height and width:
            preprocessing["size"] = [height, width]
        preprocessing["grey"] = channels == 1
    elif reader == "folder":
        preprocessing["size"] = list(DEFAULT_SIZE)
    if size is not None:
        preprocessing["size"] = list(size)
    return {
        "source": {"reader": reader, "path": str(images.resolve())},
        "preprocessing": preprocessing,
        "model": {"path": str(model.resolve())} if model else {"architecture": OWN_ARCHITECTURE},
    }


def _checked(loaded: Any, study: Any, train: Split, class_names: Sequence[str]) -> tuple[Any, str]:
    """The model to harden, of images in [0, 1], and what range it expected."""
    from guided_retraining.models.architectures import build_model
    from guided_retraining.models.loading import check_model
    from guided_retraining.models.recognising import on_unit_images

    images, labels = train
    shape = images.shape[1:]
    if loaded is None:
        built = build_model(study.model.architecture, shape, len(class_names), seed=study.seed)  # type: ignore[arg-type]
        return built, "0..1"
    check_model(loaded, shape, len(class_names))
    unit = UnitImages(images) if images.dtype == np.uint8 else images
    return on_unit_images(loaded, unit, labels, class_names)


def _about(model: Any, features: Any) -> Iterator[str]:
    from guided_retraining.models.logits import output_kind

    yield f"model: {model.count_params():,} parameters, output is {output_kind(model)}"
    layers = [one for one in model._flatten_layers() if not list(one._flatten_layers(include_self=False))]
    frozen = sum(layer.count_params() for layer in layers if not layer.trainable)
    if frozen:
        yield (
            f"  {frozen:,} of them are frozen (trainable=False) and stay as they are in retraining; to harden all of "
            "them, set model.trainable = True and save the model again"
        )
    neurons = int(np.prod(features.output.shape[1:]))
    yield f"layer for coverage and surprise metrics: {features.name} ({neurons} neurons)"
