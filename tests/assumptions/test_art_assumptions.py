"""What we rely on in ART 1.20 with Keras 3, and why we do not simply use its own estimators."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest

from guided_retraining.attacks import KerasLogitsEstimator
from guided_retraining.models.logits import logits_twin


@pytest.fixture(scope="module")
def classifier() -> keras.Model:
    keras.utils.set_random_seed(0)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(5, activation="softmax"),
        ]
    )


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).random((6, 8, 8, 1), dtype=np.float32)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("FastGradientMethod", {"eps": 0.1}),
        ("BasicIterativeMethod", {"eps": 0.1, "max_iter": 2, "verbose": False}),
        ("ProjectedGradientDescent", {"eps": 0.1, "max_iter": 2, "num_random_init": 1, "verbose": False}),
        ("MomentumIterativeMethod", {"eps": 0.1, "max_iter": 2, "verbose": False}),
        ("CarliniL2Method", {"max_iter": 2, "binary_search_steps": 2, "batch_size": 6, "verbose": False}),
        ("DeepFool", {"max_iter": 2, "batch_size": 6, "verbose": False}),
        ("SquareAttack", {"eps": 0.1, "max_iter": 3, "verbose": False}),
        ("AutoProjectedGradientDescent", {"eps": 0.1, "max_iter": 4, "nb_random_init": 1, "verbose": False}),
        (
            "AutoProjectedGradientDescent",
            {"eps": 0.1, "max_iter": 4, "nb_random_init": 1, "verbose": False, "loss_type": "cross_entropy"},
        ),
    ],
)
def test_arts_attacks_accept_our_estimator(
    name: str, parameters: Any, classifier: keras.Model, images: np.ndarray
) -> None:
    import art.attacks.evasion as evasion

    made = getattr(evasion, name)(KerasLogitsEstimator(classifier), **parameters).generate(images)
    assert made.shape == images.shape
    assert made.min() >= 0
    assert made.max() <= 1


def test_arts_auto_attack_accepts_our_estimator(classifier: keras.Model, images: np.ndarray) -> None:
    from art.attacks.evasion import AutoAttack, FastGradientMethod, SquareAttack

    pytest.importorskip("multiprocess", reason="ART's AutoAttack imports multiprocess without declaring it")
    estimator = KerasLogitsEstimator(classifier)
    parts = [
        FastGradientMethod(estimator, eps=0.1),
        SquareAttack(estimator, eps=0.1, max_iter=3, verbose=False),
    ]
    assert AutoAttack(estimator, eps=0.1, attacks=parts).generate(images).shape == images.shape
    assert len(AutoAttack(estimator, eps=0.1).attacks) == 4  # the default ensemble can be made as well


def test_arts_own_estimator_ignores_the_batch_size(images: np.ndarray) -> None:
    from art.estimators.classification import TensorFlowV2Classifier

    seen: list[int] = []

    def model(inputs: Any, training: bool = False) -> Any:
        import tensorflow as tf

        tf.numpy_function(lambda n: seen.append(int(n)), [tf.shape(inputs)[0]], [])
        return tf.reshape(inputs, (-1, 64))[:, :5]

    TensorFlowV2Classifier(model, nb_classes=5, input_shape=(8, 8, 1)).predict(images, batch_size=2)
    assert seen == [6]


def test_arts_momentum_attack_is_off_for_tensorflow(classifier: keras.Model, images: np.ndarray) -> None:
    from art.attacks.evasion import MomentumIterativeMethod
    from art.estimators.classification import TensorFlowV2Classifier

    stock = TensorFlowV2Classifier(
        logits_twin(classifier), 5, (8, 8, 1),
        loss_object=keras.losses.SparseCategoricalCrossentropy(from_logits=True), clip_values=(0, 1),
    )  # fmt: skip
    with pytest.raises(NotImplementedError):
        MomentumIterativeMethod(stock, eps=0.1, max_iter=2, verbose=False).generate(images)


@pytest.mark.slow
def test_importing_our_estimator_shows_no_warning_about_pytorch() -> None:
    code = "import guided_retraining.attacks.estimator"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "PyTorch not found" not in result.stderr
