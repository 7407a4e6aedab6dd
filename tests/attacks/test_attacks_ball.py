"""Every attack stays in its ball in float64: float32's rounding is taken back, anything more is refused."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest

from guided_retraining.attacks import KerasLogitsEstimator, make_attack, run_attack
from guided_retraining.attacks.norms import float32_allowance, kept_inside
from guided_retraining.attacks.robustness import RepeatedAttack, withstood
from guided_retraining.attacks.steps import project
from guided_retraining.errors import ModelError

SHAPES = [(28, 28, 1), (32, 32, 3)]  # 784 and 3,072 values
BALLS = [(1, 0.05), (2, 0.05), (np.inf, 0.1)]
SUM_ROUNDING = 1e-12  # relative, of a float64 sum over some thousand values


def sizes(images: np.ndarray, adversarial: np.ndarray, norm: float) -> np.ndarray:
    """Exact but for the last rounding: each difference in float64, added by ``math.fsum``."""
    changes = np.abs(adversarial.astype(np.float64) - images.astype(np.float64)).reshape(len(images), -1)
    if np.isinf(norm):
        return changes.max(axis=1)
    return np.array([math.fsum(row**norm) ** (1 / norm) for row in changes])


def unit_images(shape: tuple[int, int, int], n: int = 200) -> np.ndarray:
    """Bright and black pixels, as photographs of things have them."""
    grey = np.random.default_rng(0).integers(0, 256, (n, *shape))
    return (np.where(grey < 80, 0, grey) / 255).astype(np.float32)


def moved(images: np.ndarray, norm: float, eps: float) -> np.ndarray:
    """A random change of each image, projected into the ball in float32."""
    gradient = np.random.default_rng(1).standard_normal(images.shape).astype(np.float32)
    change = np.clip(images + gradient, 0, 1) - images
    return np.clip(images + np.asarray(project(keras.ops.convert_to_tensor(change), norm, eps)), 0, 1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("norm", "eps"), BALLS)
def test_float32_rounding_is_taken_back(shape: tuple[int, int, int], norm: float, eps: float) -> None:
    images = unit_images(shape)
    rounded = moved(images, norm, eps)
    over = sizes(images, rounded, norm) - eps
    allowance = float32_allowance(norm, eps, math.prod(shape))
    assert 0 < over.max() <= allowance, "some lie outside, none by more than rounding can do"
    before = rounded.copy()
    kept = kept_inside(images, rounded, norm, eps, "mine")
    assert sizes(images, kept, norm).max() <= eps * (1 + SUM_ROUNDING)
    assert kept.dtype == np.float32
    assert kept.min() >= 0
    assert kept.max() <= 1
    np.testing.assert_array_equal(rounded, before)
    np.testing.assert_array_equal(kept[over <= 0], rounded[over <= 0])
    assert np.abs(kept - rounded).max() <= 2e-7, "a bit or two of each value"
    np.testing.assert_array_equal(kept_inside(images, kept, norm, eps * (1 + SUM_ROUNDING), "mine"), kept)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("norm", "eps"), BALLS)
def test_an_attack_that_leaves_its_ball_is_refused(
    shape: tuple[int, int, int], norm: float, eps: float
) -> None:
    images = unit_images(shape)
    further = moved(images, norm, eps * 1.01)
    with pytest.raises(ModelError, match=rf"mine moved input \d+ by 0\.\d+ in L{norm:g}.*at most eps={eps}"):
        kept_inside(images, further, norm, eps, "mine")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("key", "norm"), [("l1_bim", 1), ("l2_bim", 2)])
def test_the_studys_attacks_run_on_images_of_real_size(
    shape: tuple[int, int, int], key: str, norm: float
) -> None:
    """Random weights, so random gradients: complete data sets met each way in which a sum can round."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    )
    images = unit_images(shape)
    attack = make_attack(key, KerasLogitsEstimator(model))
    made: Any = attack.generate(images, np.arange(len(images)) % 10)
    assert (sizes(images, made, norm) > 0.04).all()
    assert sizes(images, made, norm).max() <= attack.eps * (1 + SUM_ROUNDING)


class TooFar:
    """An attack of somebody's own, which takes its eps for a half."""

    def __init__(self, estimator: Any, eps: float) -> None:
        self.eps = eps

    def generate(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.clip(images + 2 * self.eps, 0, 1)


def test_an_attack_of_ones_own_is_held_to_its_ball_wherever_it_is_used(
    estimator: KerasLogitsEstimator, held_out: Any
) -> None:
    path, parameters = f"{__name__}:TooFar", {"eps": 0.1}
    with pytest.raises(
        ModelError, match=r"TooFar moved input \d+ by 0\.2 in Linf, expected at most eps=0\.1"
    ):
        run_attack(None, *held_out, attack=path, parameters=parameters, seed=0, estimator=estimator)
    repeated = [RepeatedAttack("robust", "mine", path, parameters)]
    with pytest.raises(ModelError, match=r"expected at most eps=0\.1"):
        withstood(estimator, repeated, *held_out, seed=0)


def test_values_that_are_no_image_are_refused() -> None:
    images = unit_images((2, 2, 1))
    with pytest.raises(ModelError, match=r"mine made values from .*expected \[0, 1\]"):
        kept_inside(images, images + 1, None, None, "mine")
    with pytest.raises(ModelError, match="from nan to nan"):
        kept_inside(images, np.full_like(images, np.nan), None, None, "mine")


def test_the_allowance_is_small_beside_the_ball() -> None:
    for norm, eps in BALLS:
        assert float32_allowance(norm, eps, 48 * 48 * 3) < eps / 100
