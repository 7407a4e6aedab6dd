"""Model files: loaded without running code from them, and checked against the images they are to classify."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from guided_retraining.errors import ModelError

ZIP_SIGNATURE = b"PK\x03\x04"
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
SAVE_WHOLE = "Save the whole model, not only its weights, with model.save('model.keras')."


def load_model(path: Path) -> Any:
    """A whole model from a ``.keras`` or legacy ``.h5`` file, without its optimizer.

    Args:
        path: the file.

    Raises:
        ModelError: missing, damaged, weights only, or with code inside (a Lambda layer), which is not run.
    """
    from guided_retraining.machine.backend import keras

    if not path.exists():
        raise ModelError(f"model.path: there is no file {path}")
    if path.suffix not in {".keras", ".h5", ".hdf5"}:
        raise ModelError(
            f"model.path: {path.name} is neither .keras nor .h5; save the whole model with model.save(...)"
        )
    _check_content(path)
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds here; all mean that the file cannot be used
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        hint = "It holds code (a Lambda layer), which is not run." if "ambda" in str(error) else SAVE_WHOLE
        raise ModelError(f"model.path: {path} cannot be loaded: {reason} {hint}") from error


def _check_content(path: Path) -> None:
    """Refuse a file that is not what its name says; Keras would report one as not found."""
    begin = b""
    if path.is_file():
        with path.open("rb") as file:
            begin = file.read(len(HDF5_SIGNATURE))
    suffix = ".keras" if zipfile.is_zipfile(path) else ".h5" if begin == HDF5_SIGNATURE else None
    if suffix == (".keras" if path.suffix == ".keras" else ".h5"):
        return
    if path.is_dir():
        found = "a folder"
    elif suffix:
        found = f"{'a zip archive' if suffix == '.keras' else 'an HDF5 file'}: let its name end in {suffix}"
    elif begin.startswith(ZIP_SIGNATURE):
        found = "a zip archive that breaks off: copy it again"
    else:
        found = f"neither a zip archive nor an HDF5 file; it begins with {begin!r}"
    raise ModelError(f"model.path: {path} is {found}. {SAVE_WHOLE}")


def check_model(model: Any, image_shape: tuple[int, ...], n_classes: int) -> None:
    """Refuse a model that cannot classify these images.

    Args:
        model: a built Keras model.
        image_shape: ``(h, w, c)`` of the images.
        n_classes: of the data set.

    Raises:
        ModelError: several inputs or outputs, another input shape, another number of classes.
    """
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelError(
            f"the model has {len(model.inputs)} inputs and {len(model.outputs)} outputs; "
            "a classifier with one image input and one output is expected"
        )
    expected, found = tuple(model.inputs[0].shape[1:]), tuple(image_shape)
    if len(expected) != 3:
        raise ModelError(
            f"the model takes inputs of shape {expected}; images are (height, width, channels), here {found}. Begin it "
            f"with a layer that takes those, such as keras.layers.Flatten or keras.layers.Reshape({expected})"
        )
    if any(want is not None and want != have for want, have in zip(expected, found, strict=True)):
        raise ModelError(
            f"the model takes images of shape {expected}, the data set's are {found}: {_mend(expected, found)}, or use "
            "another model"
        )
    outputs = model.outputs[0].shape[-1]
    if len(model.outputs[0].shape) != 2 or outputs != n_classes:
        alone = "; for two classes, end in Dense(2, activation='softmax')" if outputs == 1 else ""
        raise ModelError(
            f"the model's output has shape {tuple(model.outputs[0].shape)}; (n, {n_classes}) is expected, "
            f"one column for each of the {n_classes} classes of the data set{alone}"
        )


def _mend(expected: tuple[Any, ...], found: tuple[int, ...]) -> str:
    """What to change so that images get the shape that a model takes."""
    if any(want not in (None, have) for want, have in zip(expected[:2], found[:2], strict=True)):
        height, width = (want or have for want, have in zip(expected[:2], found[:2], strict=True))
        return f"bring them to its size (preprocessing.size: [{height}, {width}]; at new-dataset leave out --size)"
    if expected[2] == 1:
        return "make them grey (preprocessing.grey: true)"
    if found[2] == 1 and expected[2] == 3:
        return "save the image files in colour (RGB); those without colours are read as one channel"
    return f"give images of {expected[2]} channels"
