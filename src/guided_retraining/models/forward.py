"""Forward passes in batches, and the layer whose activations the coverage and surprise metrics read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import ModelError
from guided_retraining.images.arrays import ImageArray
from guided_retraining.machine.parallel import in_threads

FORWARD = 1 / 3  # of a gradient pass: going backward takes about twice the multiplications of going forward


def feature_layer(model: Any, name: str | None = None) -> Any:
    """The hidden dense or global pooling layer nearest to the output, or the one named.

    Args:
        model: a built Keras model. A nested model without a classifying layer counts as one layer; one that the model
            ends in, such as a whole one of ``keras.applications``, is looked into.
        name: of a layer with a flat output.

    Raises:
        ModelError: no such layer, or none of these kinds; the message lists what could be named.
    """
    from guided_retraining.machine.backend import keras
    from guided_retraining.models.graph import ending

    layers = [layer for layer in ending(model).layers if len(getattr(layer, "output").shape) == 2]  # noqa: B009
    named = {layer.name: layer for layer in layers}
    if name is not None:
        if name not in named:
            raise ModelError(f"model.feature_layer: no flat layer '{name}'; the model has {', '.join(named)}")
        return named[name]
    dense = [layer for layer in layers if isinstance(layer, keras.layers.Dense)]
    hidden = layers[: layers.index(dense[-1] if dense else layers[-1])]  # a softmax may be a layer of its own
    pooling = keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D
    usual = [layer for layer in hidden if isinstance(layer, (keras.layers.Dense, *pooling, keras.Model))]
    if not usual:
        raise ModelError(
            "the model has no hidden dense layer and no global pooling layer, which the coverage and surprise metrics "
            "read; name another layer in model.feature_layer: "
            f"{', '.join(layer.name for layer in hidden) or 'none has a flat output'}"
        )
    return usual[-1]


class ForwardPass:
    """A model's outputs over many images, in batches of one size.

    Args:
        model: a Keras model; all its outputs are returned.
        batch_size: images a batch; the last one may be smaller.
        workers: batches at the same time, in threads.
    """

    def __init__(self, model: Any, *, batch_size: int = 256, workers: int = 1) -> None:
        self.model = model
        self.batch_size, self.workers = batch_size, workers

    def __call__(
        self, images: ImageArray, *, progress: Callable[[int, int], None] | None = None
    ) -> list[NDArray[np.float32]]:
        """Each output over all images.

        Args:
            images: ``(n, h, w, c)`` float32 in [0, 1].
            progress: called with (images done, images in all) after each batch.

        Returns:
            A list with an ``(n, ...)`` float32 array for each output of the model.
        """
        results = [np.empty((len(images), *output.shape[1:]), np.float32) for output in self.model.outputs]

        def one_batch(start: int) -> int:
            batch = images[start : start + self.batch_size]
            outputs = self.model.predict_on_batch(batch)
            outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
            for result, output in zip(results, outputs, strict=True):
                result[start : start + len(batch)] = output
            return len(batch)

        done = 0
        self.model.make_predict_function()  # by one thread, for all
        starts = range(0, len(images), self.batch_size)
        for count in in_threads(one_batch, starts, workers=max(1, min(self.workers, len(starts)))):
            done += count
            if progress is not None:
                progress(done, len(images))
        return results


def predicted_labels(forward: ForwardPass, images: ImageArray) -> NDArray[np.int64]:
    """The class of the largest output for each image, ``(n,)`` int64; of no images, an empty array."""
    if len(images) == 0:
        return np.empty(0, np.int64)
    return np.asarray(forward(images)[0].argmax(axis=1), np.int64)


def trace_model(model: Any, layer_name: str | None = None) -> Any:
    """The model with two outputs: activations of the feature layer, and its own output. Weights are shared."""
    from guided_retraining.machine.backend import keras
    from guided_retraining.models.graph import ending, output_of

    if ending(model) is not model:
        nested, node, _ = model.outputs[0]._keras_history
        outputs = trace_model(nested, layer_name)(nested._inbound_nodes[node].input_tensors[0])
    else:
        outputs = [output_of(model, feature_layer(model, layer_name)), model.outputs[0]]
    return keras.Model(model.inputs[0], outputs)
