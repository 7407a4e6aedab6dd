"""Models of ``keras.applications`` as people use them: nested, with BatchNorm, without a hidden dense layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guided_retraining.attacks import KerasLogitsEstimator
from guided_retraining.errors import ModelError
from guided_retraining.machine.backend import keras
from guided_retraining.models.cloning import clone
from guided_retraining.models.forward import ForwardPass, feature_layer, trace_model
from guided_retraining.models.loading import load_model
from guided_retraining.models.logits import logits_twin, output_kind
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.trainer import Trainer

layers = keras.layers
SHAPE = (8, 8, 3)
CLASSES = 3


def backbone(*, pooled: bool, classes: int | None = None) -> Any:
    """What ``keras.applications`` gives, in miniature: a residual block with BatchNorm."""
    inputs = keras.Input(SHAPE)
    x = layers.Conv2D(6, 3, padding="same", use_bias=False)(inputs)
    x = layers.Activation("silu")(layers.BatchNormalization()(x))  # smooth, for finite differences
    x = layers.Add()([x, layers.DepthwiseConv2D(3, padding="same")(x)])
    if pooled:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
    if classes is not None:
        x = layers.Dense(classes, activation="softmax", name="predictions")(x)
    return keras.Model(inputs, x, name="backbone")


def pooled_outside() -> Any:
    inputs = keras.Input(SHAPE)
    x = backbone(pooled=False)(layers.Rescaling(2.0, -1.0)(inputs))
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D(name="pool")(x))
    return keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(x))


def pooled_inside() -> Any:
    inputs = keras.Input(SHAPE)
    return keras.Model(inputs, layers.Dense(CLASSES)(backbone(pooled=True)(inputs)))


def whole_inside() -> Any:
    inputs = keras.Input(SHAPE)
    scaled = inputs * 2.0 - 1.0  # operations, not layers, as in keras.applications' preprocess_input
    return keras.Model(inputs, backbone(pooled=True, classes=CLASSES)(scaled))


def sequential() -> Any:
    return keras.Sequential(
        [
            keras.Input(SHAPE),
            backbone(pooled=False),
            layers.GlobalMaxPooling2D(name="pool"),
            layers.Dense(CLASSES),
            layers.Softmax(),
        ]
    )


KINDS: dict[str, tuple[Callable[[], Any], str]] = {  # and the layer that is proposed
    "pooled outside": (pooled_outside, "pool"),
    "pooled inside": (pooled_inside, "backbone"),
    "whole inside": (whole_inside, "pool"),
    "sequential": (sequential, "pool"),
}


@pytest.fixture(params=KINDS)
def model_and_layer(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, str]:
    """A model of each kind as it comes from its file."""
    make, name = KINDS[request.param]
    keras.utils.set_random_seed(0)
    model = make()
    model.set_weights([weights + 0.1 for weights in model.get_weights()])
    model.save(tmp_path / "model.keras")
    return load_model(tmp_path / "model.keras"), name


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((5, *SHAPE), dtype=np.float32)


def test_features_are_what_the_classes_are_computed_from(
    model_and_layer: tuple[Any, str], images: np.ndarray
) -> None:
    model, name = model_and_layer
    assert feature_layer(model).name == feature_layer(model, name).name == name
    features, outputs = ForwardPass(trace_model(model))(images)
    np.testing.assert_allclose(outputs, model.predict(images, verbose=0), rtol=1e-5)
    dense = next(layer for layer in model._flatten_layers() if isinstance(layer, layers.Dense))
    kernel, bias = dense.get_weights()
    logits = np.asarray(logits_twin(model)(images))
    np.testing.assert_allclose(features @ kernel + bias, logits, rtol=1e-4, atol=1e-5)


def test_attacks_get_the_gradient_of_the_logits(model_and_layer: tuple[Any, str], images: np.ndarray) -> None:
    model, _ = model_and_layer
    labels = np.arange(len(images)) % CLASSES
    estimator = KerasLogitsEstimator(model)
    gradient = estimator.loss_gradient(images, labels)
    direction = np.random.default_rng(1).standard_normal(images.shape).astype(np.float32)
    step = 1e-3

    def loss(shown: np.ndarray) -> np.ndarray:
        return estimator.compute_loss(shown.astype(np.float32), labels)

    by_difference = (loss(images + step * direction) - loss(images - step * direction)) / (2 * step)
    along = (gradient * direction).sum(axis=(1, 2, 3))
    assert np.abs(along).max() > 1e-3
    np.testing.assert_allclose(along, by_difference, rtol=0.02, atol=2e-3)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_clones_are_retrained_and_leave_the_model_as_it_was(
    model_and_layer: tuple[Any, str], images: np.ndarray, precision: str
) -> None:
    model, _ = model_and_layer
    before = [weights.copy() for weights in model.get_weights()]
    trainer = Trainer(model, FitParameters(epochs=2, batch_size=5, precision=precision))  # type: ignore[arg-type]
    convolution = next(layer for layer in trainer.model._flatten_layers() if isinstance(layer, layers.Conv2D))
    assert convolution.compute_dtype == precision.removeprefix("mixed_")
    assert trainer.model(images).dtype == "float32"
    labels = np.arange(len(images)) % CLASSES
    trainer.fit(before, images, labels, np.arange(len(images)), seed=0)
    changed = [not np.array_equal(*pair) for pair in zip(trainer.model.get_weights(), before, strict=True)]
    assert sum(changed) > len(changed) / 2, "BatchNorm's averages are among them"
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_clones_with_a_seed_have_the_same_new_weights(model_and_layer: tuple[Any, str]) -> None:
    model, _ = model_and_layer
    first, again, other = (clone(model, seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
    assert any(not np.array_equal(*pair) for pair in zip(first, other, strict=True))


def test_only_layers_of_the_last_model_can_be_named() -> None:
    with pytest.raises(ModelError, match="the model has pool, predictions"):
        feature_layer(whole_inside(), "backbone")
    assert output_kind(whole_inside()) == "softmax"


def test_where_numbers_stop_being_finite_is_told_of_a_nested_model(images: np.ndarray) -> None:
    model = pooled_inside()
    nested = model.get_layer("backbone")
    nested.layers[1].set_weights([np.full_like(nested.layers[1].get_weights()[0], np.inf)])
    with pytest.raises(ModelError, match="NaN or infinit"):
        KerasLogitsEstimator(model).loss_gradient(images, np.zeros(len(images), int))
