"""Fits at once equal lone fits within float32's rounding; a member's NaN stays its own. On JAX (see test_jax.py)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from guided_retraining.errors import InputError, ModelError
from guided_retraining.machine.backend import keras, ops
from guided_retraining.models.architectures import build_model
from guided_retraining.models.cloning import clone
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining import fused as fused_module
from guided_retraining.retraining.fused import FusedTrainer, as_products
from guided_retraining.retraining.trainer import Trainer

MEMBERS, N, CHOSEN = 3, 40, 22  # 22 of them in batches of 8: the last is not whole
# Largest difference of a weight after two epochs, six steps: they round otherwise, and Adam and RMSprop divide
# by the size of gradients, small ones too.
TOLERANCE = 2e-5

on_jax = pytest.mark.skipif(keras.backend.backend() != "jax", reason="for JAX, as test_jax.py runs it")


def _normalised() -> Any:
    inputs = keras.Input((6, 6, 2))
    # A bias before the normalisation has no gradient but rounding, which Adam would make as large as any.
    x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.3)(keras.activations.relu(x))
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(8, activation="relu", kernel_regularizer="l2")(x)
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(x))


def _plain() -> Any:
    return build_model("C4 C4 P D.3 F FC8 D.5", (6, 6, 2), 3, seed=0)


@cache
def _setting(
    make: Any, optimizer: str
) -> tuple[Trainer, list[Any], np.ndarray, np.ndarray, np.ndarray, list[int]]:
    rng, model = np.random.default_rng(0), make()
    trainer = Trainer(model, FitParameters(optimizer=optimizer, learning_rate=1e-3, epochs=2, batch_size=8))
    starts = [clone(model, seed=member).get_weights() for member in range(MEMBERS)]
    images = rng.random((N, 6, 6, 2), dtype=np.float32)
    indices = np.stack([np.sort(rng.permutation(N)[:CHOSEN]) for _ in range(MEMBERS)])
    return trainer, starts, images, rng.integers(0, 3, N), indices, [5, 6, 7]


@cache
def _fused(make: Any, optimizer: str, convolutions: Any) -> FusedTrainer:
    return FusedTrainer(_setting(make, optimizer)[0], convolutions=convolutions)


def _alone(trainer: Trainer, starts: Any, images: Any, labels: Any, indices: Any, seeds: Any) -> list[Any]:
    ends = []
    for start, chosen, seed in zip(starts, indices, seeds, strict=True):
        trainer.fit(start, images, labels, chosen, seed=seed)
        ends.append(trainer.model.get_weights())
    return ends


def _difference(one: list[Any], other: list[Any]) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


@on_jax
@pytest.mark.parametrize("convolutions", ["grouped", "products"])
@pytest.mark.parametrize(("make", "optimizer"), [(_plain, "rmsprop"), (_normalised, "adam")])
def test_fits_at_once_end_as_lone_ones(make: Any, optimizer: str, convolutions: Any) -> None:
    trainer, starts, images, labels, indices, seeds = _setting(make, optimizer)
    expected = _alone(trainer, starts, images, labels, indices, seeds)
    ends = _fused(make, optimizer, convolutions).fit(starts, images, labels, indices, seeds=seeds)
    for start, end, lone in zip(starts, ends, expected, strict=True):
        assert [a.shape for a in end] == [a.shape for a in lone]
        assert _difference(end, lone) < TOLERANCE
        assert _difference(end, start) > 100 * TOLERANCE, "it was trained"
    assert _difference(ends[0], ends[1]) > 100 * TOLERANCE, "members differ"


@on_jax
@pytest.mark.parametrize("convolutions", ["grouped", "products"])
def test_a_seed_decides_dropout_and_order_of_its_member_alone(convolutions: Any) -> None:
    _, starts, images, labels, indices, seeds = _setting(_plain, "rmsprop")
    fused = _fused(_plain, "rmsprop", convolutions)
    first = fused.fit(starts, images, labels, indices, seeds=seeds)
    other = fused.fit(starts, images, labels, indices, seeds=[5, 60, 7])
    assert _difference(first[1], other[1]) > 100 * TOLERANCE
    assert _difference(first[0], other[0]) == _difference(first[2], other[2]) == 0.0


@on_jax
@pytest.mark.parametrize("convolutions", ["grouped", "products"])
def test_a_member_that_falls_apart_leaves_the_others_as_they_are(convolutions: Any) -> None:
    _, starts, images, labels, indices, seeds = _setting(_normalised, "adam")
    fused = _fused(_normalised, "adam", convolutions)
    well = fused.fit(starts, images, labels, indices, seeds=seeds)
    broken = [np.full_like(weight, np.nan) for weight in starts[1]]
    ends = fused.fit([starts[0], broken, starts[2]], images, labels, indices, seeds=seeds)
    assert np.isnan(ends[1][0]).all()
    assert _difference(ends[0], well[0]) == _difference(ends[2], well[2]) == 0.0


@on_jax
def test_the_loop_of_an_accelerator_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    _, starts, images, labels, indices, seeds = _setting(_plain, "rmsprop")
    fused = _fused(_plain, "rmsprop", "grouped")
    expected = fused.fit(starts, images, labels, indices, seeds=seeds)
    monkeypatch.setattr(fused_module, "on_accelerator", lambda: True)
    ends = fused.fit(starts, images, labels, indices, seeds=seeds)
    assert all(_difference(*pair) < TOLERANCE for pair in zip(ends, expected, strict=True))


@on_jax
def test_members_of_other_lengths_are_refused() -> None:
    _, starts, images, labels, indices, seeds = _setting(_plain, "rmsprop")
    with pytest.raises(InputError, match="found 3 starts, indices of shape"):
        _fused(_plain, "rmsprop", "grouped").fit(starts, images, labels, indices[:2], seeds=seeds)


@pytest.mark.parametrize("options", [
    {"padding": "same"},
    {"padding": "valid"},
    {"padding": "same", "strides": 2},
    {"padding": "valid", "strides": (1, 2), "use_bias": False},
    {"padding": "same", "dilation_rate": 2},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 1)], ids=str)
def test_products_are_the_convolutions(options: dict[str, Any], kernel: tuple[int, int]) -> None:
    inputs = keras.Input((9, 8, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(5, kernel, **options)(inputs))
    images = np.random.default_rng(1).normal(size=(2, 9, 8, 3)).astype(np.float32)
    expected = ops.convert_to_numpy(model(images))
    with as_products(model):
        found = ops.convert_to_numpy(model(images))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert "convolution_op" not in vars(model.layers[1]), "the model is as it was"


@pytest.mark.skipif(keras.backend.backend() == "jax", reason="for other backends")
def test_other_backends_are_refused() -> None:
    with pytest.raises(ModelError, match="need JAX, found Keras backend"):
        FusedTrainer(Trainer(_plain(), FitParameters(epochs=1)))
