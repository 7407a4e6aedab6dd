"""Every attack of the registry keeps the same promises."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from guided_retraining.attacks import ATTACKS, KerasLogitsEstimator, check_attack, make_attack
from guided_retraining.attacks.making import attack_ball
from guided_retraining.attacks.norms import perturbation_norms
from guided_retraining.errors import ParameterError

QUICK: dict[str, dict[str, Any]] = {
    "carlini_wagner": {"max_iter": 30, "binary_search_steps": 3},
    "deepfool": {"max_iter": 20},
    "apgd_ce": {"max_iter": 20},
    "apgd_dlr": {"max_iter": 20},
    "square": {"max_iter": 100},
    "auto_attack": {"max_iter": 15, "square_max_iter": 60},
}
STUDY = ("l2_bim", "l1_bim")
EPS = 0.15


def parameters(key: str) -> dict[str, Any]:
    has_ball = "eps" in ATTACKS[key].parameters and key not in STUDY
    return {**QUICK.get(key, {}), **({"eps": EPS} if has_ball else {})}


@pytest.fixture(scope="module")
def made(estimator: KerasLogitsEstimator, held_out: Any) -> dict[str, Any]:
    images, labels = held_out
    return {key: make_attack(key, estimator, **parameters(key)).generate(images, labels) for key in ATTACKS}


@pytest.mark.parametrize("key", ATTACKS)
def test_results_are_images_inside_the_ball(key: str, made: Any, held_out: Any) -> None:
    images, adversarial = held_out[0], made[key]
    assert adversarial.dtype == np.float32
    assert adversarial.shape == images.shape
    assert adversarial.min() >= 0
    assert adversarial.max() <= 1
    norm, eps = attack_ball(key, parameters(key))
    if eps is not None:
        change = adversarial.astype(np.float64) - images
        size = np.linalg.norm(change.reshape(len(images), -1), ord=norm, axis=1)
        assert size.max() <= eps * (1 + 1e-12)


@pytest.mark.parametrize("key", [key for key in ATTACKS if key not in STUDY])
def test_an_attack_fools_the_model(key: str, made: Any, held_out: Any, model: keras.Model) -> None:
    fooled = model.predict(made[key], verbose=0).argmax(axis=1) != held_out[1]
    least = 0.95 if key in ("carlini_wagner", "deepfool") else 0.2
    assert fooled.mean() >= least


def test_strong_attacks_are_at_least_as_strong(made: Any, held_out: Any, model: keras.Model) -> None:
    success = {
        key: (model.predict(made[key], verbose=0).argmax(axis=1) != held_out[1]).mean() for key in ATTACKS
    }
    assert success["pgd"] >= success["fgsm"] - 0.05
    assert success["apgd_ce"] >= success["pgd"] - 0.05
    assert success["auto_attack"] >= success["apgd_ce"] - 0.02


def test_carlini_wagner_needs_less_than_deepfool(made: Any, held_out: Any, model: keras.Model) -> None:
    sizes = {}
    for key in ("carlini_wagner", "deepfool"):
        fooled = model.predict(made[key], verbose=0).argmax(axis=1) != held_out[1]
        sizes[key] = np.where(fooled, perturbation_norms(held_out[0], made[key])["l2"], np.inf)
    assert np.median(sizes["carlini_wagner"]) <= np.median(sizes["deepfool"]) * 1.15


@pytest.mark.parametrize("key", ATTACKS)
def test_the_same_seed_gives_the_same_images(
    key: str, made: Any, held_out: Any, estimator: KerasLogitsEstimator
) -> None:
    np.random.seed(5)  # noqa: NPY002  the global generator must not matter
    again = make_attack(key, estimator, **parameters(key)).generate(*held_out)
    np.testing.assert_array_equal(again, made[key])


@pytest.mark.parametrize("key", ["pgd", "square", "apgd_ce"])
def test_another_seed_gives_other_images(
    key: str, made: Any, held_out: Any, estimator: KerasLogitsEstimator
) -> None:
    other = make_attack(key, estimator, **{**parameters(key), "seed": 7}).generate(*held_out)
    assert not np.array_equal(other, made[key])


@pytest.mark.parametrize("key", ["fgsm", "bim", "pgd", "mi_fgsm", "carlini_wagner", "deepfool", "l2_bim"])
def test_the_batch_size_does_not_matter(
    key: str, made: Any, held_out: Any, estimator: KerasLogitsEstimator
) -> None:
    again = make_attack(key, estimator, **{**parameters(key), "batch_size": 17}).generate(*held_out)
    assert np.median(np.abs(again - made[key]).reshape(len(again), -1).max(axis=1)) < 1e-4


@pytest.mark.parametrize("key", ["fgsm", "carlini_wagner", "deepfool", "apgd_ce", "l1_bim"])
def test_labels_may_be_indices_one_hot_or_left_out(
    key: str, made: Any, held_out: Any, estimator: KerasLogitsEstimator
) -> None:
    images, labels = held_out
    attack = make_attack(key, estimator, **parameters(key))
    np.testing.assert_array_equal(attack.generate(images, np.eye(10)[labels]), made[key])
    np.testing.assert_array_equal(attack.generate(x=images), made[key])  # the model is right on all of them


@pytest.mark.parametrize("key", ["fgsm", "pgd", "carlini_wagner"])
def test_targeted_attacks_reach_their_class(key: str, held_out: Any, estimator: KerasLogitsEstimator) -> None:
    images, labels = held_out
    wanted = (labels + 1) % 10
    options = {**parameters(key), "targeted": True, **({"eps": 0.5} if key != "carlini_wagner" else {})}
    reached = estimator.predict(make_attack(key, estimator, **options).generate(images, wanted))
    before = (estimator.predict(images).argmax(axis=1) == wanted).mean()
    assert (reached.argmax(axis=1) == wanted).mean() > before + 0.3


@pytest.mark.parametrize("key", ATTACKS)
def test_no_images_give_no_images(key: str, estimator: KerasLogitsEstimator) -> None:
    empty = np.empty((0, 8, 8, 1), np.float32)
    assert make_attack(key, estimator).generate(empty, np.empty(0, np.int64)).shape == empty.shape


@pytest.mark.parametrize("key", ATTACKS)
def test_defaults_are_valid_and_described(key: str) -> None:
    row = ATTACKS[key]
    assert check_attack(key, {}) == {name: one.default for name, one in row.parameters.items()}
    assert row.label
    assert row.source


@pytest.mark.parametrize("key", ATTACKS)
def test_a_row_and_its_class_have_the_same_parameters(key: str, estimator: KerasLogitsEstimator) -> None:
    row = ATTACKS[key]
    attack = make_attack(key, estimator)
    named = {*row.parameters, *row.fixed} - {"softmax_as_logits"}
    assert named <= set(attack.attack_params)
    for name in named - {"norm"}:
        assert getattr(attack, name) == {**row.fixed, **row.parameters}[name].default
    of_class = {name for other in ATTACKS.values() if other.target == row.target
                for name in (*other.parameters, *other.fixed)}  # fmt: skip
    assert of_class - {"softmax_as_logits"} == set(attack.attack_params), (
        "each argument has its bounds in a row"
    )


def test_arguments_of_a_class_are_checked_by_its_rows(estimator: KerasLogitsEstimator) -> None:
    from guided_retraining.attacks.apgd import AutoPGD
    from guided_retraining.attacks.iterative import IterativeGradientAttack

    class Mine(IterativeGradientAttack):
        pass

    for make, text in (
        (
            lambda: AutoPGD(estimator, loss_type="hinge"),
            "AutoPGD: found loss_type='hinge', expected cross_entropy",
        ),
        (lambda: AutoPGD(estimator, norm=1), "AutoPGD: found norm=1, expected 2 or inf"),
        (
            lambda: IterativeGradientAttack(estimator, scaled="yes"),
            "found scaled='yes', expected true or false",
        ),
        (
            lambda: IterativeGradientAttack(estimator, decay=-1),
            "decay=-1, expected a number of 0 or more, or null",
        ),
        (lambda: Mine(estimator, eps=8), r"Mine: found eps=8, expected a number in \(0, 1\]"),
    ):
        with pytest.raises(ParameterError, match=text):
            make()
    assert IterativeGradientAttack(estimator, norm=1, eps=np.float32(12)).norm == 1


@pytest.mark.parametrize("norm", [1, 2, "inf"])
def test_pgd_has_three_norms(norm: Any, held_out: Any, estimator: KerasLogitsEstimator) -> None:
    images, labels = held_out
    eps = {1: 4.0, 2: 1.0, "inf": 0.15}[norm]
    attack = make_attack("pgd", estimator, norm=norm, eps=eps, eps_step=eps / 4, num_random_init=2)
    adversarial = attack.generate(images, labels)
    change = adversarial.astype(np.float64) - images
    assert np.linalg.norm(change.reshape(len(images), -1), ord=float(norm), axis=1).max() <= eps * (1 + 1e-12)
    assert (estimator.predict(adversarial).argmax(axis=1) != labels).mean() > 0.3


def test_carlini_wagner_confidence_is_kept(held_out: Any, estimator: KerasLogitsEstimator) -> None:
    images, labels = held_out
    sure = make_attack("carlini_wagner", estimator, confidence=2.0).generate(images, labels)
    logits = estimator.predict(sure)
    own = logits[np.arange(len(labels)), labels]
    logits[np.arange(len(labels)), labels] = -np.inf
    fooled = logits.max(axis=1) > own
    assert fooled.mean() > 0.9
    assert (logits.max(axis=1) - own)[fooled].min() >= 2.0 - 1e-3


def test_a_confident_model_still_has_a_direction(held_out: Any, model: keras.Model) -> None:
    """With logits 200 times as large the softmax is one-hot, and cross-entropy has no gradient left."""
    confident = keras.models.clone_model(model)
    confident.set_weights(model.get_weights())
    last = confident.layers[-1]
    last.set_weights([weights * 200 for weights in last.get_weights()])
    images, labels = held_out
    plain = make_attack("fgsm", KerasLogitsEstimator(model), eps=0.15).generate(images, labels)
    sharp = make_attack("fgsm", KerasLogitsEstimator(confident), eps=0.15).generate(images, labels)
    fooled = [
        (network.predict(x, verbose=0).argmax(axis=1) != labels).mean()
        for network, x in ((model, plain), (confident, sharp))
    ]
    assert fooled[1] >= fooled[0] - 0.1
