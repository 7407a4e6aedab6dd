"""Our compiled attacks against ART's own and against formulas written in NumPy."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from guided_retraining.attacks import KerasLogitsEstimator, make_attack
from guided_retraining.attacks.apgd import windows
from guided_retraining.attacks.norms import perturbation_norms, random_in_ball
from guided_retraining.attacks.square import square_side
from guided_retraining.models.logits import logits_twin

CARLINI = {"binary_search_steps": 2, "max_iter": 12, "initial_const": 1.0, "batch_size": 12}


@pytest.fixture(scope="module")
def stock(model: keras.Model) -> Any:
    """ART's own estimator on the same logits."""
    from art.estimators.classification import TensorFlowV2Classifier

    return TensorFlowV2Classifier(
        logits_twin(model),
        nb_classes=10,
        input_shape=(8, 8, 1),
        loss_object=keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum"),
        clip_values=(0, 1),
    )


@pytest.mark.parametrize(
    ("key", "art_class", "parameters"),
    [
        ("fgsm", "FastGradientMethod", {"eps": 0.1}),
        ("bim", "BasicIterativeMethod", {"eps": 0.1, "eps_step": 0.02, "max_iter": 8}),
        ("pgd", "ProjectedGradientDescent", {"eps": 0.1, "eps_step": 0.02, "max_iter": 8}),
        ("pgd", "ProjectedGradientDescent", {"norm": 2, "eps": 0.5, "eps_step": 0.1, "max_iter": 8}),
    ],
)
def test_the_same_images_as_art(
    key: str, art_class: str, parameters: Any, stock: Any, estimator: KerasLogitsEstimator, held_out: Any
) -> None:
    import art.attacks.evasion as evasion

    quiet = {} if key == "fgsm" else {"verbose": False}
    expected = getattr(evasion, art_class)(stock, **parameters, **quiet).generate(
        held_out[0], np.eye(10)[held_out[1]]
    )
    start = {"num_random_init": 0} if key == "pgd" else {}
    made = make_attack(key, estimator, **parameters, **start).generate(*held_out)
    np.testing.assert_allclose(made, expected, atol=2e-5)


def test_momentum_by_hand(estimator: KerasLogitsEstimator, held_out: Any) -> None:
    images, labels = held_out
    x, velocity = images.copy(), np.zeros_like(images)
    for _ in range(5):
        gradient = estimator.loss_gradient(x, labels)
        velocity = 0.9 * velocity + gradient / np.abs(gradient).sum(axis=(1, 2, 3), keepdims=True)
        x = np.clip(x + 0.03 * np.sign(velocity), 0, 1)
        x = images + np.clip(x - images, -0.1, 0.1)
    made = make_attack("mi_fgsm", estimator, eps=0.1, eps_step=0.03, max_iter=5, decay=0.9)
    assert (np.abs(made.generate(images, labels) - x) > 1e-5).mean() < 0.01  # signs of tiny values may differ


@pytest.mark.parametrize(("key", "norm"), [("l2_bim", 2), ("l1_bim", 1)])
def test_the_studys_attacks_by_hand(key: str, norm: int, model: keras.Model, held_out: Any) -> None:
    """On the probabilities, taken as logits; the gradient scaled to size one; ten steps of 0.01; radius 0.05."""
    import tensorflow as tf

    images, labels = held_out
    x = images.copy()

    def size(change: np.ndarray) -> np.ndarray:
        return np.linalg.norm(change.reshape(len(change), -1), ord=norm, axis=1)[:, None, None, None]

    for _ in range(10):
        with tf.GradientTape() as tape:
            inputs = tf.convert_to_tensor(x)
            tape.watch(inputs)
            probabilities = model(inputs, training=False)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, probabilities)
        gradient = tape.gradient(loss, inputs).numpy()
        x = np.clip(x + 0.01 * gradient / np.maximum(size(gradient), 1e-12), 0, 1)
        change = x - images
        x = (images + change * np.minimum(1, 0.05 / np.maximum(size(change), 1e-12))).astype(np.float32)
    made = make_attack(key, KerasLogitsEstimator(model)).generate(images, labels)
    np.testing.assert_allclose(made, x, atol=2e-5)


def test_carlini_wagner_is_no_worse_than_arts(
    stock: Any, estimator: KerasLogitsEstimator, held_out: Any
) -> None:
    from art.attacks.evasion import CarliniL2Method

    images, labels = held_out[0][:12], held_out[1][:12]
    ours = make_attack("carlini_wagner", estimator, **CARLINI, learning_rate=0.05).generate(images, labels)
    arts = CarliniL2Method(stock, **CARLINI, learning_rate=0.05, verbose=False).generate(images, labels)
    fooled = [estimator.predict(made).argmax(axis=1) != labels for made in (ours, arts)]
    assert fooled[0].mean() >= fooled[1].mean()
    both = fooled[0] & fooled[1]
    assert both.any()
    sizes = [perturbation_norms(images, made)["l2"][both].mean() for made in (ours, arts)]
    assert sizes[0] <= sizes[1] * 1.02


def test_deepfool_is_no_worse_than_arts(stock: Any, estimator: KerasLogitsEstimator, held_out: Any) -> None:
    from art.attacks.evasion import DeepFool

    images, labels = held_out
    ours = make_attack("deepfool", estimator, max_iter=20).generate(images, labels)
    arts = DeepFool(stock, max_iter=20, epsilon=0.02, batch_size=60, verbose=False).generate(images)
    fooled = [estimator.predict(made).argmax(axis=1) != labels for made in (ours, arts)]
    assert fooled[0].mean() >= fooled[1].mean()
    both = fooled[0] & fooled[1]
    sizes = [perturbation_norms(images, made)["l2"][both].mean() for made in (ours, arts)]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.1)


@pytest.mark.parametrize("norm", [1, 2, np.inf])
def test_random_points_fill_the_ball(norm: float) -> None:
    points = random_in_ball((4000, 3, 1, 1), norm, 0.5, np.random.default_rng(0)).reshape(4000, 3)
    sizes = np.linalg.norm(points, ord=norm, axis=1)
    assert sizes.max() <= 0.5 + 1e-6
    # uniform in a ball of three dimensions: the cube of the relative size is uniform in [0, 1]
    np.testing.assert_allclose(
        np.quantile((sizes / 0.5) ** 3, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.03
    )
    assert np.abs(points.mean(axis=0)).max() < 0.02


@pytest.mark.parametrize("norm", [1, 2, np.inf])
def test_more_random_points_begin_with_the_same(norm: float) -> None:
    draws = [random_in_ball((n, 2, 2, 1), norm, 1.0, np.random.default_rng(3)) for n in (5, 9)]
    np.testing.assert_allclose(draws[0], draws[1][:5], rtol=1e-6)


def test_sizes_by_hand() -> None:
    change = np.array([[[[0.3], [0.0]], [[-0.4], [0.0]]]], np.float32)
    sizes = perturbation_norms(np.zeros_like(change), change)
    assert sizes["l0"][0] == 2
    np.testing.assert_allclose([sizes[name][0] for name in ("l1", "l2", "linf")], [0.7, 0.5, 0.4], rtol=1e-6)


@pytest.mark.parametrize("max_iter", [1, 5, 20, 100, 1000])
def test_auto_pgd_windows_cover_all_steps(max_iter: int) -> None:
    steps = [i for start, stop in windows(max_iter) for i in range(start, stop)]
    assert steps == list(range(max_iter))


def test_squares_shrink_as_published() -> None:
    sides = [square_side(i / 1000, 0.8, 32, 32) for i in range(1000)]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] == round((0.8 * 32 * 32) ** 0.5)
    assert sides[-1] == round((0.8 / 512 * 32 * 32) ** 0.5)
