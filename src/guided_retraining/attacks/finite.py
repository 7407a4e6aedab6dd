"""Where a number stops being one: which input, which layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import ModelError
from guided_retraining.machine.backend import keras
from guided_retraining.models.graph import output_of

__all__ = ["check_finite"]


def check_finite(
    model: keras.Model, values: NDArray[Any], x: Any, indices: NDArray[np.int64] | None = None
) -> None:
    """Raise an error naming the first input whose row of ``values`` is not finite, and the layer it comes from.

    Args:
        model: whose gradients, losses or attacked images they are.
        values: ``(n, ...)`` gradients, losses or images.
        x: ``(n, h, w, c)`` the inputs they belong to.
        indices: ``(n,)`` what to call the inputs; 0 to n - 1 by default.

    Raises:
        ModelError: a value is NaN or infinite.
    """
    rows = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    if rows.all():
        return
    bad = int(np.flatnonzero(~rows)[0])
    name = bad if indices is None else int(indices[bad])
    image = np.asarray(x[bad : bad + 1], np.float32)
    raise ModelError(
        f"The gradient of input {name} is NaN or infinite (one of {int((~rows).sum())} such inputs): "
        f"{_where_not_finite(model, image)}. Check the weights and the input scaling."
    )


def _where_not_finite(model: keras.Model, image: NDArray[np.float32]) -> str:
    classifier = getattr(model, "classifier", model)
    for layer in classifier.layers:
        try:
            outputs = keras.Model(classifier.inputs[0], output_of(classifier, layer))(image, training=False)
        except (AttributeError, ValueError, TypeError):  # a subclassed model has no graph to look into
            continue
        if not np.isfinite(keras.ops.convert_to_numpy(keras.ops.cast(outputs, "float32"))).all():
            return f"the output of layer {layer.name!r} is not finite"
    return f"every layer's output is finite, so it arises on the way back through {classifier.name!r}"
