"""The logits twin of every kind of Keras classifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from guided_retraining.errors import ModelError
from guided_retraining.models.logits import logits_twin, output_kind

layers = keras.layers


def softmax_in_the_last_layer() -> keras.Model:
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3, activation="softmax")])


def softmax_layer() -> keras.Model:
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3), layers.Softmax()])


def activation_layer() -> keras.Model:
    inputs = keras.Input((4, 4, 1))
    return keras.Model(inputs, layers.Activation("softmax")(layers.Dense(3)(layers.Flatten()(inputs))))


def softmax_operation() -> keras.Model:
    inputs = keras.Input((4, 4, 1))
    return keras.Model(inputs, keras.ops.softmax(layers.Dense(3)(layers.Flatten()(inputs))))


def nested() -> keras.Model:
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Rescaling(2.0), softmax_in_the_last_layer()])


def convolution_at_the_end() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(3, 4),
            layers.GlobalAveragePooling2D(),
            layers.Softmax(),
        ]
    )


class Subclassed(keras.Model):
    def __init__(self, activation: str | None = "softmax") -> None:
        super().__init__()
        self.flatten = layers.Flatten()
        self.hidden = layers.Dense(5, activation="relu")
        self.last = layers.Dense(3, activation=activation)

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.last(self.hidden(self.flatten(inputs)))


class AlwaysDropping(Subclassed):
    """A functional graph would get training=False from its model; a call of one's own need not pass it on."""

    def __init__(self) -> None:
        super().__init__()
        self.drop = layers.Dropout(0.5)

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self.last(self.drop(self.hidden(self.flatten(inputs)), training=True))


def subclassed() -> keras.Model:
    model = Subclassed()
    model(np.zeros((1, 4, 4, 1), np.float32))
    return model


def half_precision() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", dtype="mixed_bfloat16"),
        ]
    )


SOFTMAX = [
    softmax_in_the_last_layer,
    softmax_layer,
    activation_layer,
    softmax_operation,
    nested,
    convolution_at_the_end,
    subclassed,
]


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("build", SOFTMAX)
def test_softmax_of_the_twin_is_the_model(build: Callable[[], keras.Model]) -> None:
    model = build()
    images = np.random.default_rng(1).random((6, 4, 4, 1), dtype=np.float32)
    before = np.asarray(model(images))
    twin = logits_twin(model)
    logits = np.asarray(twin(images))
    assert output_kind(model) == "softmax"
    assert output_kind(twin) == "logits"
    assert np.abs(logits.sum(axis=1) - 1).max() > 1e-3
    np.testing.assert_allclose(softmax(logits), before, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(model(images)), before)  # the model itself is as it was


@pytest.mark.parametrize("build", SOFTMAX)
def test_the_twin_follows_new_weights(build: Callable[[], keras.Model]) -> None:
    model = build()
    twin = logits_twin(model)
    images = np.random.default_rng(1).random((6, 4, 4, 1), dtype=np.float32)
    model.set_weights([weights + 0.5 for weights in model.get_weights()])
    np.testing.assert_allclose(softmax(np.asarray(twin(images))), np.asarray(model(images)), atol=1e-5)


def test_logits_are_left_alone() -> None:
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3)])
    assert output_kind(model) == "logits"
    assert logits_twin(model) is model


def test_half_precision_is_compared_less_strictly() -> None:
    assert output_kind(logits_twin(half_precision())) == "logits"


def test_the_twin_predicts_after_the_model_was_compiled_and_trained() -> None:
    model = softmax_in_the_last_layer()
    model.compile("adam", "sparse_categorical_crossentropy")
    images = np.random.default_rng(1).random((6, 4, 4, 1), dtype=np.float32)
    twin = logits_twin(model)
    np.asarray(twin(images))
    model.fit(images, np.array([0, 1, 2, 0, 1, 2]), verbose=0)  # the loss still sees probabilities
    assert np.allclose(model.predict(images, verbose=0).sum(axis=1), 1, atol=1e-5)


def sigmoid() -> keras.Model:
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3, activation="sigmoid")])


def one_output() -> keras.Model:
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(1)])


def map_of_scores() -> keras.Model:
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(3, 1, activation="softmax")])


def dropout_left_on() -> keras.Model:
    model = AlwaysDropping()
    model(np.zeros((1, 4, 4, 1), np.float32))
    return model


def scaled_after_softmax() -> keras.Model:
    inputs = keras.Input((4, 4, 1))
    probabilities = layers.Dense(3, activation="softmax")(layers.Flatten()(inputs))
    return keras.Model(inputs, layers.Rescaling(1.0)(probabilities))


def not_built() -> keras.Model:
    return keras.Sequential([layers.Flatten(), layers.Dense(3, activation="softmax")])


def not_a_number() -> keras.Model:
    model = softmax_in_the_last_layer()
    model.layers[-1].set_weights([np.full((16, 3), np.nan), np.zeros(3)])
    return model


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (sigmoid, "has a sigmoid.*expected softmax over the classes or logits"),
        (one_output, r"outputs of shape \(1,\).*k >= 2"),
        (map_of_scores, r"outputs of shape \(4, 4, 3\)"),
        (dropout_left_on, "Dropout or noise layer is left on"),
        (scaled_after_softmax, "no softmax layer was found at its end"),
        (not_built, "does not say its input shape.*Build it first"),
        (not_a_number, "NaN or infinity on a random image"),
    ],
)
def test_unsuitable_models_are_refused(build: Callable[[], keras.Model], text: str) -> None:
    with pytest.raises(ModelError, match=text):
        logits_twin(build())


def test_something_else_is_refused() -> None:
    with pytest.raises(ModelError, match=r"expected a keras\.Model"):
        logits_twin("model.keras")  # type: ignore[arg-type]
