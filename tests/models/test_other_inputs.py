"""Models that expect another range of pixels, or number the classes otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guided_retraining.errors import ModelError, ParameterError
from guided_retraining.machine.backend import keras
from guided_retraining.models.class_order import best_order, order_by_name
from guided_retraining.models.cloning import clone
from guided_retraining.models.forward import feature_layer
from guided_retraining.models.input_range import (
    INPUT_RANGES,
    input_range_of,
    predictions_by_range,
    with_range,
    without_range,
)
from guided_retraining.models.loading import load_model
from guided_retraining.models.recognising import on_unit_images


def model_of_range(scale: float, offset: float) -> keras.Model:
    """Dark, grey and bright images are its classes; thresholds are in its own range."""
    low, high = 0.33 * scale + offset, 0.66 * scale + offset
    inputs = keras.Input((2, 2, 1))
    brightness = keras.layers.GlobalAveragePooling2D()(inputs)
    dense = keras.layers.Dense(3, kernel_initializer="zeros")
    model = keras.Model(inputs, dense(brightness))
    # lines in the brightness b: 0, b - low, 2 b - low - high; the largest changes at both thresholds
    dense.set_weights([np.array([[0.0, 1.0, 2.0]]), np.array([0.0, -low, -low - high])])
    return model


@pytest.fixture
def images() -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(60) % 3
    rng = np.random.default_rng(0)
    shown = np.array([0.15, 0.5, 0.85])[labels][:, None, None, None] + 0.05 * rng.random((60, 2, 2, 1))
    return shown.astype(np.float32), labels


@pytest.mark.parametrize("name", INPUT_RANGES)
def test_a_model_is_right_on_the_range_it_was_made_for_and_then_on_unit_images(
    name: str, images: tuple[np.ndarray, np.ndarray]
) -> None:
    shown, labels = images
    model = model_of_range(*INPUT_RANGES[name])
    right = {one: float((said == labels).mean()) for one, said in predictions_by_range(model, shown).items()}
    assert right.pop(name) == 1.0
    assert max(right.values()) < 0.7
    taking = with_range(model, name)
    np.testing.assert_array_equal(taking.predict(shown, verbose=0).argmax(1), labels)
    assert (taking is model) == (name == "0..1")


def test_the_best_order_is_found_by_trying_all_of_few_classes() -> None:
    from itertools import permutations

    rng = np.random.default_rng(1)
    labels = rng.integers(0, 5, 400)
    secret = rng.permutation(5)
    predicted = np.where(rng.random(400) < 0.7, secret[labels], rng.integers(0, 5, 400))
    order, right = best_order(labels, predicted, 5)
    brute = max(float((np.array(one)[predicted] == labels).mean()) for one in permutations(range(5)))
    assert right == pytest.approx(brute)
    assert float((order[predicted] == labels).mean()) == pytest.approx(right)
    np.testing.assert_array_equal(order[secret], np.arange(5))
    names = order_by_name(["a", "b", "c", "d", "e"], order)
    assert [names[place] for place in secret] == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("kind", ["functional", "sequential", "sequential without an input layer"])
@pytest.mark.parametrize("name", ["0..255", "-1..1"])
def test_the_layer_before_a_model_can_be_put_and_taken_away(kind: str, name: str, tmp_path: Path) -> None:
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(4, 3, padding="same", activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.GlobalAveragePooling2D(name="pooled"),
        keras.layers.Dense(3, activation="softmax"),
    ]
    if kind == "functional":
        inputs = keras.Input((6, 6, 3), name="picture")
        x = inputs
        for layer in layers[:2]:
            x = layer(x)
        x = keras.layers.Concatenate()([x, layers[0](inputs)])  # the input is used twice
        for layer in layers[2:]:
            x = layer(x)
        model = keras.Model(inputs, x)
    else:
        model = keras.Sequential([*([keras.Input((6, 6, 3))] if kind == "sequential" else []), *layers])
        model.build((None, 6, 6, 3))
    model.save(tmp_path / "model.keras")
    model = load_model(tmp_path / "model.keras")
    images = np.random.default_rng(0).random((5, 6, 6, 3), dtype=np.float32)
    scale, offset = INPUT_RANGES[name]
    expected = model.predict(images * scale + offset, verbose=0)
    unit = with_range(model, name)
    np.testing.assert_allclose(unit.predict(images, verbose=0), expected, rtol=1e-5)
    assert (input_range_of(unit), input_range_of(model)) == (name, "0..1")
    assert feature_layer(unit, "pooled").output.shape == (None, 7 if kind == "functional" else 4)
    clone(unit).set_weights(unit.get_weights())  # as retraining needs
    unit.save(tmp_path / "unit.keras")
    back = without_range(load_model(tmp_path / "unit.keras"))
    np.testing.assert_allclose(back.predict(images * scale + offset, verbose=0), expected, rtol=1e-5)
    assert [layer.name for layer in back.layers if layer.name == "to_input_range"] == []
    assert type(back) is type(model)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_model_with_operations_between_its_layers_is_cloned(precision: str) -> None:
    inputs = keras.Input((6, 6, 3))
    x = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    x = keras.layers.GlobalAveragePooling2D()(keras.activations.relu(x + x))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
    images = np.random.default_rng(0).random((5, 6, 6, 3), dtype=np.float32)
    copy, other = (clone(model, precision=precision, seed=seed) for seed in (1, 2))
    assert np.abs(copy.get_weights()[0] - other.get_weights()[0]).max() > 0.01
    copy.set_weights(model.get_weights())
    tolerance = 1e-6 if precision == "float32" else 0.02
    np.testing.assert_allclose(
        copy.predict(images, verbose=0), model.predict(images, verbose=0), atol=tolerance
    )


def test_what_cannot_be_rebuilt_is_refused_with_what_to_do() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.flat, self.dense = keras.layers.Flatten(), keras.layers.Dense(2)

        def build(self, _: Any) -> None:
            self.dense.build((None, 4))

        def call(self, inputs: Any) -> Any:
            return self.dense(self.flat(inputs))

    model = Own()
    model.build((None, 2, 2, 1))
    with pytest.raises(ModelError, match="begin it with a Rescaling layer"):
        with_range(model, "0..255")


def test_too_few_right_in_any_order_changes_nothing(images: tuple[np.ndarray, np.ndarray]) -> None:
    shown, labels = images
    model = model_of_range(1, 0)
    assert on_unit_images(model, shown, labels, ["a", "b", "c"]) == (model, "0..1")
    with pytest.raises(ParameterError, match=r"class_names \[b,c,a\]"):
        on_unit_images(model, shown, (labels + 1) % 3, ["a", "b", "c"])
    with pytest.raises(ParameterError, match=r"expected 0\.\.1, 0\.\.255, -1\.\.1"):
        on_unit_images(model, shown, labels, ["a", "b", "c"], input_range="0..1023")
