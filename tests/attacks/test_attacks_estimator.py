"""The estimator's predictions and gradients against ART's own and against differences."""

from __future__ import annotations

from collections import Counter
from typing import Any

import keras
import numpy as np
import pytest

from guided_retraining.attacks import KerasLogitsEstimator, compiled, make_attack
from guided_retraining.errors import InputError, ModelError, ParameterError


def numerical_gradient(function: Any, image: np.ndarray, step: float = 1e-2) -> np.ndarray:
    gradient = np.zeros_like(image, dtype=np.float64)
    for index in np.ndindex(image.shape):
        up, down = image.copy(), image.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (function(up) - function(down)) / (2 * step)
    return gradient


@pytest.fixture(scope="module")
def smooth() -> keras.Model:
    """No ReLU, so that differences are exact enough."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((3, 3, 2)),
            layers.Conv2D(3, 2, activation="tanh"),
            layers.Flatten(),
            layers.Dense(4, activation="softmax"),
        ]
    )


def logits_by_hand(model: keras.Model, images: np.ndarray) -> np.ndarray:
    hidden = keras.Model(model.inputs[0], model.layers[-2].output)(images)
    kernel, bias = model.layers[-1].get_weights()
    return np.asarray(hidden) @ kernel + bias


def test_predictions_are_logits(smooth: keras.Model) -> None:
    images = np.random.default_rng(0).random((7, 3, 3, 2), dtype=np.float32)
    np.testing.assert_allclose(
        KerasLogitsEstimator(smooth, batch_size=3).predict(images), logits_by_hand(smooth, images), atol=1e-5
    )


def test_batches_in_threads_give_what_one_after_the_other_gives(smooth: keras.Model) -> None:
    images = np.random.default_rng(0).random((50, 3, 3, 2), dtype=np.float32)
    labels = np.arange(50) % 4
    alone, beside = (KerasLogitsEstimator(smooth, batch_size=8, workers=workers) for workers in (1, 4))
    for method, given in (
        ("predict", ()),
        ("loss_gradient", (labels,)),
        ("compute_loss", (labels,)),
        ("class_gradient", (labels,)),
        ("class_gradient", ()),
    ):
        np.testing.assert_array_equal(
            getattr(alone, method)(images, *given), getattr(beside, method)(images, *given)
        )
    with pytest.raises(ModelError, match="input 37 is NaN"):
        broken = images.copy()
        broken[37] = np.nan
        beside.loss_gradient(broken, labels)


@pytest.mark.parametrize("loss", ["cross_entropy", "difference_logits_ratio"])
def test_loss_and_its_gradient(smooth: keras.Model, loss: str) -> None:
    estimator = KerasLogitsEstimator(smooth, loss=loss)
    images = np.random.default_rng(0).random((3, 3, 3, 2), dtype=np.float32)
    labels = np.array([0, 3, 1])

    def by_hand(image: np.ndarray, label: int) -> float:
        z = logits_by_hand(smooth, image[None])[0].astype(np.float64)
        if loss == "cross_entropy":
            return float(np.log(np.exp(z).sum()) - z[label])
        order = np.sort(z)[::-1]
        other = np.delete(z, label).max()
        return float(-(z[label] - other) / (order[0] - order[2]))

    expected = [by_hand(image, label) for image, label in zip(images, labels, strict=True)]
    np.testing.assert_allclose(estimator.compute_loss(images, labels), expected, atol=1e-4)
    gradients = estimator.loss_gradient(images, np.eye(4)[labels])
    for image, label, gradient in zip(images, labels, gradients, strict=True):
        numerical = numerical_gradient(lambda x, label=label: by_hand(x, label), image)
        np.testing.assert_allclose(gradient, numerical, atol=5e-3 * max(1, np.abs(numerical).max()))


def test_class_gradients_agree_with_each_other_and_with_differences(smooth: keras.Model) -> None:
    estimator = KerasLogitsEstimator(smooth, batch_size=2)
    images = np.random.default_rng(0).random((3, 3, 3, 2), dtype=np.float32)
    every = estimator.class_gradient(images)
    assert every.shape == (3, 4, 3, 3, 2)
    for label in range(4):
        one = estimator.class_gradient(images, label=label)
        assert one.shape == (3, 1, 3, 3, 2)
        np.testing.assert_allclose(one[:, 0], every[:, label], atol=1e-6)
    mixed = estimator.class_gradient(images, label=[2, 0, 1])
    np.testing.assert_allclose(mixed[:, 0], every[np.arange(3), [2, 0, 1]], atol=1e-6)
    numerical = numerical_gradient(lambda x: float(logits_by_hand(smooth, x[None])[0, 2]), images[0])
    np.testing.assert_allclose(every[0, 2], numerical, atol=1e-3)


def test_the_model_never_sees_more_than_a_batch(smooth: keras.Model) -> None:
    seen = []

    class Spy(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            if keras.backend.backend() == "jax":  # compiles for each shape, so that this runs for each
                seen.append(inputs.shape[0])
                return inputs
            import tensorflow as tf

            tf.numpy_function(lambda n: seen.append(int(n)), [tf.shape(inputs)[0]], [])
            return inputs

    model = keras.Sequential([keras.Input((3, 3, 2)), Spy(), keras.layers.Flatten(), keras.layers.Dense(4)])
    estimator = KerasLogitsEstimator(model, batch_size=16)
    seen.clear()
    images = np.random.default_rng(0).random((50, 3, 3, 2), dtype=np.float32)
    estimator.predict(images, batch_size=1000)
    estimator.loss_gradient(images, np.zeros(50, int))
    estimator.class_gradient(images)
    assert max(seen) == 16


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Counter[Any]:
    """How often the Python code of each function has run: while it was compiled, not since."""
    counts: Counter[Any] = Counter()
    compile_for = compiled.compile_for

    def counted(model: keras.Model, function: Any, *signature: Any, **sizes: Any) -> Any:
        def traced(*tensors: Any) -> Any:
            counts[function] += 1
            return function(*tensors)

        return compile_for(model, traced, *signature, **sizes)

    monkeypatch.setattr(compiled, "compile_for", counted)
    return counts


def test_one_trace_whatever_the_batch_and_parameters(
    model: keras.Model, held_out: Any, traces: Counter[Any]
) -> None:
    estimator = KerasLogitsEstimator(model)
    images, labels = held_out
    for n, eps in ((60, 0.1), (17, 0.2), (1, 0.3)):
        make_attack("pgd", estimator, eps=eps, max_iter=n).generate(images[:n], labels[:n])
        make_attack("carlini_wagner", estimator, max_iter=5, initial_const=eps).generate(
            images[:n], labels[:n]
        )
        estimator.loss_gradient(images[:n], labels[:n])
        estimator.class_gradient(images[:n], label=1)
    assert len(traces) == 6
    assert set(traces.values()) == {1}


def test_the_model_is_left_as_it_was(model: keras.Model, held_out: Any) -> None:
    before = [weights.copy() for weights in model.get_weights()]
    config = model.get_config()
    trainable = [layer.trainable for layer in model.layers]
    expected = model.predict(held_out[0], verbose=0)
    estimator = KerasLogitsEstimator(model)
    for key in ("pgd", "carlini_wagner", "deepfool"):
        make_attack(key, estimator, max_iter=3).generate(*held_out)
    np.testing.assert_array_equal(model.predict(held_out[0], verbose=0), expected)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert model.get_config() == config
    assert [layer.trainable for layer in model.layers] == trainable


def test_new_weights_are_seen_without_a_new_trace(
    held_out: Any, model: keras.Model, traces: Counter[Any]
) -> None:
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    estimator = KerasLogitsEstimator(copy)
    first = estimator.predict(held_out[0])
    copy.set_weights([weights * 0.5 for weights in model.get_weights()])
    second = estimator.predict(held_out[0])
    assert not np.allclose(first, second)
    copy.set_weights(model.get_weights())
    np.testing.assert_array_equal(estimator.predict(held_out[0]), first)
    assert list(traces.values()) == [1]


def test_half_precision_models_are_attacked(held_out: Any) -> None:
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(16, activation="relu", dtype="mixed_bfloat16"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    made = make_attack("bim", KerasLogitsEstimator(model)).generate(*held_out)
    assert made.dtype == np.float32


def test_not_finite_gradients_name_input_and_layer(held_out: Any) -> None:
    @keras.saving.register_keras_serializable(package="attack tests")
    class Logarithm(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            mean = keras.ops.mean(inputs, axis=(1, 2, 3), keepdims=True)
            return inputs * keras.ops.log(mean - 0.2)

    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            Logarithm(name="logarithm"),
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ]
    )
    estimator = KerasLogitsEstimator(model)
    images, labels = held_out
    images = np.maximum(images, 0.6)
    images[2] = 0.0
    with pytest.raises(ModelError, match=r"gradient of input 2 is NaN.*'logarithm'"):
        estimator.loss_gradient(images, labels)
    with pytest.raises(ModelError, match="gradient of input 2"):
        make_attack("bim", estimator).generate(images, labels)
    with pytest.raises(ModelError, match="gradient of input 2"):
        make_attack("carlini_wagner", estimator, max_iter=5).generate(images, labels)


def test_misuse(model: keras.Model, estimator: KerasLogitsEstimator, held_out: Any) -> None:
    with pytest.raises(ParameterError, match="Found loss 'hinge'"):
        KerasLogitsEstimator(model, loss="hinge")
    with pytest.raises(ParameterError, match="training_mode=True"):
        estimator.predict(held_out[0], training_mode=True)
    with pytest.raises(InputError, match="dtype uint8"):
        estimator.predict((held_out[0] * 255).astype(np.uint8))
    with pytest.raises(ModelError, match="only attacks"):
        estimator.fit(*held_out)
    two = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    with pytest.raises(ParameterError, match="at least 3"):
        KerasLogitsEstimator(two, loss="difference_logits_ratio")
    with pytest.raises(ModelError, match="expected a final softmax"):
        make_attack("l2_bim", KerasLogitsEstimator(two))
    with pytest.raises(ParameterError, match="at least 3 classes"):
        make_attack("apgd_dlr", KerasLogitsEstimator(two))
