"""mixed_bfloat16, weights drawn anew, and steps of a user's own: what the trainer keeps in each case."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from guided_retraining.machine.backend import keras
from guided_retraining.models.architectures import build_model
from guided_retraining.models.forward import ForwardPass
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining import chosen as chosen_module
from guided_retraining.retraining import fit_loop, fit_loop_jax
from guided_retraining.retraining import initial as initial_module
from guided_retraining.retraining import trainer as trainer_module
from guided_retraining.retraining.initial import initial_weights
from guided_retraining.retraining.trainer import Trainer

MIXED = FitParameters(
    optimizer="adam", learning_rate=5e-3, epochs=12, batch_size=16, precision="mixed_bfloat16"
)


def _images(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    images = rng.random((n, 4, 4, 1), dtype=np.float32) * 0.3
    images[np.arange(n), labels, labels, 0] += 0.7
    return images, labels


@pytest.fixture(scope="module")
def mixed() -> Trainer:
    return Trainer(_plain(), MIXED)


def _plain() -> Any:
    return build_model("C4 P F FC8", (4, 4, 1), 3, seed=0)


def test_mixed_precision_computes_in_bfloat16_learns_and_keeps_float32_weights(mixed: Trainer) -> None:
    assert [layer.compute_dtype for layer in mixed.model.layers[1:-1]] == ["bfloat16"] * 4
    assert mixed.model.layers[-1].compute_dtype == "float32"
    images, labels = _images(200, 0)
    mixed.fit(_plain().get_weights(), images, labels, np.arange(200), seed=1)
    first = mixed.model.get_weights()
    assert {weight.dtype.name for weight in first} == {"float32"}
    fresh, true = _images(100, 1)
    assert (mixed.forward(fresh)[0].argmax(axis=1) == true).mean() > 0.9
    mixed.fit(_plain().get_weights(), images, labels, np.arange(200), seed=1)
    for a, b in zip(first, mixed.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_trained_in_mixed_precision_is_evaluated_in_float32(mixed: Trainer) -> None:
    images, labels = _images(50, 2)
    mixed.fit(_plain().get_weights(), images, labels, np.arange(50), seed=3)
    plain = build_model("C4 P F FC8", (4, 4, 1), 3, seed=5)
    plain.set_weights(mixed.model.get_weights())
    expected = ForwardPass(plain)(images)[0]
    np.testing.assert_array_equal(mixed.forward(images)[0], expected)
    for size in (1, 7, 50):  # the batch an image is in changes at most the order of sums
        alone = ForwardPass(mixed.forward.model, batch_size=size)(images)[0]
        np.testing.assert_allclose(alone, expected, atol=1e-6)


def test_initial_weights_are_drawn_once_for_a_seed_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build_model("F FC8", (4, 4, 1), 3, seed=0)
    size = sum(weight.nbytes for weight in model.get_weights())
    kept = initial_module._drawn
    kept.clear()
    monkeypatch.setattr(initial_module, "KEPT_BYTES", 2 * size)
    drawn = {seed: initial_weights(model, seed) for seed in (0, 1, 2)}
    assert [seed for _, seed in kept] == [1, 2]
    for seed in (2, 0, 1):
        for a, b in zip(initial_weights(model, seed), drawn[seed], strict=True):
            np.testing.assert_array_equal(a, b)
    monkeypatch.setattr(initial_module, "KEPT_BYTES", 0)
    initial_weights(model, 9)
    assert [seed for _, seed in kept] == [9]


def test_a_step_compiled_for_an_accelerator_is_the_same_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU, which no test machine has; without dropout, whose draws XLA makes in its own way."""
    images, labels = _images(70, 4)
    fit = FitParameters(optimizer="adam", epochs=2, batch_size=16)
    start = _plain().get_weights()
    ends = []
    for xla in (False, True):
        for module in (fit_loop, fit_loop_jax):
            monkeypatch.setattr(module, "on_accelerator", lambda xla=xla: xla)
        trainer = Trainer(_plain(), fit)
        for _ in range(2):
            trainer.fit(start, images, labels, np.arange(70), seed=1)
        ends.append(trainer.model.get_weights())
    for plain, compiled in zip(*ends, strict=True):
        np.testing.assert_allclose(compiled, plain, atol=1e-4)


@pytest.mark.parametrize("device_bytes", [2**30, 100])
def test_images_kept_on_the_device_give_the_same_bits(
    monkeypatch: pytest.MonkeyPatch, device_bytes: int
) -> None:
    images, labels = _images(70, 5)
    chosen = np.arange(5, 65)[::-1].copy()
    trainer = Trainer(_plain(), FitParameters(epochs=2, batch_size=16))
    monkeypatch.setattr(trainer_module, "CHUNK_BYTES", 16 * 64 * 2)  # two batches a chunk
    start = _plain().get_weights()
    trainer.fit(start, images, labels, chosen, seed=1)
    expected = trainer.model.get_weights()
    carried = []
    monkeypatch.setattr(chosen_module, "on_accelerator", lambda: True)
    monkeypatch.setattr(chosen_module, "DEVICE_BYTES", device_bytes)
    whole = chosen_module._on_device
    monkeypatch.setattr(chosen_module, "_on_device", lambda *given: carried.append(1) or whole(*given))
    trainer.fit(start, images, labels, chosen, seed=1)
    assert len(carried) == (device_bytes == 2**30), "once a fit, if there is room"
    for a, b in zip(expected, trainer.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


REGULARISED = """
import numpy as np
from guided_retraining.machine.backend import keras
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.initial import initial_weights
from guided_retraining.retraining.trainer import Trainer
keras.utils.set_random_seed(0)
layers = keras.layers
model = keras.Sequential([
    keras.Input((4, 4, 1)), layers.Conv2D(4, 3, kernel_regularizer="l2"), layers.BatchNormalization(),
    layers.Flatten(), layers.Dropout(0.3), layers.Dense(3, activation="softmax"),
])
rng = np.random.default_rng(0)
images, labels = rng.random((70, 4, 4, 1), dtype=np.float32), rng.integers(0, 3, 70)
trainer = Trainer(model, FitParameters(epochs=2, batch_size=16))
trainer.fit(initial_weights(model, 4), images, labels, np.arange(70), seed=1)
end = [array.tobytes().hex() for array in (*trainer.model.get_weights(), trainer.forward(images)[0])]
"""


def test_another_process_ends_with_the_same_bits() -> None:
    here: dict[str, Any] = {}
    exec(REGULARISED, here)
    assert len(here["end"]) == 9
    there = subprocess.run(
        [sys.executable, "-c", f"{REGULARISED}print(end)"], capture_output=True, text=True, check=True
    ).stdout
    assert there.strip() == str(here["end"])


def test_a_step_holds_the_layers_own_losses_and_moving_averages() -> None:
    """Regularisation, batch normalisation: the plain step ends where Keras's ``train_on_batch`` does."""
    from guided_retraining.machine.backend import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            layers.Conv2D(4, 3, kernel_regularizer=keras.regularizers.L2(0.1)),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    images, labels = _images(40, 4)
    trainer = Trainer(model, FitParameters(epochs=1, batch_size=16))
    trainer.fit(model.get_weights(), images, labels, np.arange(40), seed=2)
    model.compile(optimizer=keras.optimizers.RMSprop(1e-3), loss="sparse_categorical_crossentropy")
    order = np.random.default_rng(2).permutation(40)
    for position in range(0, 40, 16):
        chosen = order[position : position + 16]
        model.train_on_batch(images[chosen], labels[chosen])
    for a, b in zip(trainer.model.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "jax", reason="of JAX, which queues work; test_jax.py runs it")
def test_a_fit_has_ended_when_it_returns() -> None:
    trainer = Trainer(
        build_model("C16 P F FC8", (32, 32, 1), 3, seed=0), FitParameters(epochs=2, batch_size=64)
    )
    rng = np.random.default_rng(0)
    images, labels = rng.random((256, 32, 32, 1), dtype=np.float32), rng.integers(0, 3, 256)
    trainer.fit(trainer.model.get_weights(), images, labels, np.arange(256), seed=0)
    assert all(variable.value.is_ready() for variable in trainer.model.variables)
