"""Models that expect another range of pixels, or number the classes otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from guided_retraining.machine.backend import keras
from guided_retraining.models.class_order import best_order, order_by_name
from guided_retraining.models.input_range import INPUT_RANGES, predictions_by_range, rescaled


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
    taking = rescaled(model, name)
    np.testing.assert_array_equal(taking.predict(shown, verbose=0).argmax(1), labels)
    assert (taking is model) == (name == "0..1")


def test_weights_of_the_rescaled_model_are_the_models_own() -> None:
    model = model_of_range(255, 0)
    assert rescaled(model, "0..255").weights[0] is model.weights[0]


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
