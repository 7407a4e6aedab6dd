"""The chain of attacks of an assessment: nothing rises, each adds to those before, the same seed says the same."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from guided_retraining.attacks import KerasLogitsEstimator
from guided_retraining.attacks.assessment import assessment_attacks, standing_by_eps, worst_case
from guided_retraining.attacks.robustness import RepeatedAttack, withstood
from guided_retraining.errors import ParameterError
from guided_retraining.machine.backend import keras

EPS = 0.1


def linear_model(n_classes: int) -> keras.Model:
    """Each class is told by the brightness of a pixel of its own."""
    model = keras.Sequential([keras.Input((3, 3, 1)), keras.layers.Flatten(), keras.layers.Dense(n_classes)])
    kernel = np.zeros((9, n_classes), np.float32)
    kernel[np.arange(n_classes), np.arange(n_classes)] = 10
    model.set_weights([kernel, np.zeros(n_classes, np.float32)])
    return model


@pytest.fixture(scope="module")
def estimator() -> KerasLogitsEstimator:
    return KerasLogitsEstimator(linear_model(3))


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    """Images whose own pixel is ahead of the others by 0 to 0.5, so that half of it is the eps that fools."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 120)
    images = np.full((120, 3, 3, 1), 0.4, np.float32)
    images[np.arange(120), 0, labels, 0] += np.linspace(0.004, 0.5, 120, dtype=np.float32)
    return images, labels


def test_what_stands_is_what_a_linear_model_can_stand(
    estimator: KerasLogitsEstimator, data: tuple[np.ndarray, np.ndarray]
) -> None:
    images, labels = data
    ahead = np.linspace(0.004, 0.5, 120)
    found = worst_case(estimator, images, labels, EPS, seed=0, steps=10)
    assert list(found) == ["clean", "fgsm", "pgd", "apgd_ce", "apgd_dlr", "square"]
    np.testing.assert_array_equal(found["square"], ahead > 2 * EPS)
    chain = list(found.values())
    assert all((after <= before).all() for before, after in pairwise(chain))


def test_the_curve_falls_and_ends_where_the_model_does(
    estimator: KerasLogitsEstimator, data: tuple[np.ndarray, np.ndarray]
) -> None:
    images, labels = data
    told: list[float] = []
    curve = standing_by_eps(
        estimator, images, labels, [0.05, 0.1, 0.2], seed=0, steps=10, done=lambda eps, _: told.append(eps)
    )
    assert told == [0.05, 0.1, 0.2]
    assert list(curve) == [0.0, 0.05, 0.1, 0.2]
    for eps, standing in curve.items():
        np.testing.assert_array_equal(standing, np.linspace(0.004, 0.5, 120) > 2 * eps)


def test_an_attack_that_is_known_is_not_made_again_and_counts(
    estimator: KerasLogitsEstimator, data: tuple[np.ndarray, np.ndarray]
) -> None:
    known = np.arange(120) >= 100
    found = worst_case(estimator, *data, 1e-6, seed=0, steps=2, known={"pgd": known})
    np.testing.assert_array_equal(found["pgd"], known)
    assert found["fgsm"].all()


def test_the_first_attack_of_the_chain_is_as_if_it_were_alone(
    estimator: KerasLogitsEstimator, data: tuple[np.ndarray, np.ndarray]
) -> None:
    chain = worst_case(estimator, *data, EPS, seed=0, steps=4)
    alone = RepeatedAttack("robust", "fgsm", "fgsm", {"eps": EPS})
    np.testing.assert_array_equal(chain["fgsm"], withstood(estimator, [alone], *data, seed=0)["fgsm"])
    again = worst_case(estimator, *data, EPS, seed=0, steps=4)
    for attack, standing in chain.items():
        np.testing.assert_array_equal(standing, again[attack])


def test_two_classes_are_not_shown_the_ratio_of_three_logits(data: tuple[np.ndarray, np.ndarray]) -> None:
    two = KerasLogitsEstimator(linear_model(2))
    images, labels = data[0][data[1] < 2], data[1][data[1] < 2]
    assert "apgd_dlr" not in worst_case(two, images, labels, EPS, seed=0, steps=2)


def test_more_steps_make_all_attacks_of_many_steps_longer() -> None:
    few, many = (assessment_attacks(0.03, steps) for steps in (20, 100))
    assert [many[one]["max_iter"] / few[one]["max_iter"] for one in list(few)[1:]] == [5, 5, 5, 5]
    assert assessment_attacks(0.03, 1)["pgd"]["max_iter"] == 1


def test_grey_levels_for_eps_are_refused(
    estimator: KerasLogitsEstimator, data: tuple[np.ndarray, np.ndarray]
) -> None:
    with pytest.raises(ParameterError, match="8 / 255"):
        worst_case(estimator, *data, 8, seed=0)
