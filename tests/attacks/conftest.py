"""A small classifier of real digits that trains in seconds, shared by the attack tests."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from guided_retraining.attacks import KerasLogitsEstimator


def digits_network() -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


@pytest.fixture(scope="session")
def digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    data = load_digits()
    return (data.images / 16).astype(np.float32)[..., None], data.target.astype(np.int64)


@pytest.fixture(scope="session")
def model(digits: tuple[NDArray[np.float32], NDArray[np.int64]]) -> keras.Model:
    images, labels = digits
    keras.utils.set_random_seed(0)
    network = digits_network()
    network.compile("adam", "sparse_categorical_crossentropy")
    network.fit(images[:1300], labels[:1300], epochs=20, batch_size=64, verbose=0)
    return network


@pytest.fixture(scope="session")
def estimator(model: keras.Model) -> KerasLogitsEstimator:
    return KerasLogitsEstimator(model)


@pytest.fixture(scope="session")
def held_out(
    digits: tuple[NDArray[np.float32], NDArray[np.int64]], model: keras.Model
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Sixty images that the model gets right."""
    images, labels = digits[0][1300:], digits[1][1300:]
    right = np.flatnonzero(model.predict(images, verbose=0).argmax(axis=1) == labels)[:60]
    return images[right], labels[right]
