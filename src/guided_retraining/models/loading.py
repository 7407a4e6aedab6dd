"""Model files: loaded without running code from them, and checked against the images they are to classify."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from guided_retraining.errors import ModelError


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
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds here; all mean that the file cannot be used
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        hint = (
            "It holds code (a Lambda layer), which is not run."
            if "ambda" in str(error)
            else ("Save the whole model, not only its weights, with model.save('model.keras').")
        )
        raise ModelError(f"model.path: {path} cannot be loaded: {reason} {hint}") from error


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
    expected = tuple(model.inputs[0].shape[1:])
    if len(expected) != 3 or any(
        want is not None and want != have for want, have in zip(expected, image_shape, strict=True)
    ):
        raise ModelError(
            f"the model takes images of shape {expected}, the data set's are {tuple(image_shape)}; "
            "change preprocessing.size or preprocessing.grey, or use another model"
        )
    outputs = model.outputs[0].shape[-1]
    if len(model.outputs[0].shape) != 2 or outputs != n_classes:
        raise ModelError(
            f"the model's output has shape {tuple(model.outputs[0].shape)}; (n, {n_classes}) is expected, "
            f"one column for each of the {n_classes} classes of the data set"
        )
