"""Attacks made anew on a model: which, on which images, and that what withstands does so against the model as it is."""

from __future__ import annotations

import numpy as np
import pytest

from guided_retraining.attacks import KerasLogitsEstimator, run_attack, withstood
from guided_retraining.attacks.robustness import RepeatedAttack, repeated_attacks
from guided_retraining.models.architectures import build_model
from guided_retraining.parameters.blocks import FitParameters, ReattackParameters
from guided_retraining.retraining.trainer import Trainer

STUDY = {
    "fgsm": {"eps": 0.1},
    "mine": {"attack": "bim", "eps": 0.1, "max_iter": 7},
    "narrow": {"attack": "pgd", "norm": 2, "eps": 0.3},
    "carlini_wagner": {"max_iter": 5},
}
Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def data() -> Data:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 90)
    images = rng.random((90, 4, 4, 1), dtype=np.float32) * 0.5
    images[np.arange(90), labels, labels, 0] += 0.5
    return images, labels


@pytest.fixture(scope="module")
def trainer(data: Data) -> Trainer:
    model = build_model("C4 P F FC8", (4, 4, 1), 3, seed=0)
    trainer = Trainer(model, FitParameters(epochs=40, batch_size=16, learning_rate=0.01))
    trainer.fit(model.get_weights(), *data, np.arange(90), seed=0)
    return trainer


def test_attacks_without_an_epsilon_are_not_repeated_and_unseen_ones_get_the_largest() -> None:
    wanted = ReattackParameters(unseen={"apgd_ce": {}, "square": {"eps": 0.05}, "deepfool": {}})
    chosen = repeated_attacks(STUDY, wanted)
    assert [(one.kind, one.name, one.function) for one in chosen] == [
        ("robust", "fgsm", "fgsm"), ("robust", "mine", "bim"), ("robust", "narrow", "pgd"),
        ("unseen", "apgd_ce", "apgd_ce"), ("unseen", "square", "square"), ("unseen", "deepfool", "deepfool"),
    ]  # fmt: skip
    assert [one.parameters.get("eps") for one in chosen[3:]] == [0.1, 0.05, None], "0.3 is of another norm"


def test_what_withstands_is_what_the_attack_leaves_right(data: Data, trainer: Trainer) -> None:
    attacks = repeated_attacks(STUDY, ReattackParameters())
    found = withstood(trainer.estimator, attacks, *data, seed=3)
    assert list(found) == ["fgsm", "mine", "narrow"]
    clean = trainer.forward(data[0])[0].argmax(axis=1) == data[1]
    fgsm = run_attack(trainer.model, *data, attack="fgsm", parameters={"eps": 0.1}, seed=0).table
    np.testing.assert_array_equal(found["fgsm"], fgsm["correct_before"] & ~fgsm["success"])
    assert 0 < found["mine"].mean() < clean.mean()
    for standing in found.values():
        assert not (standing & ~clean).any(), "an image that is wrong already cannot withstand"


def test_leaving_fooled_images_alone_never_helps_the_model(data: Data, trainer: Trainer) -> None:
    """An attack that stops at the first point that fools the model finds at least what the last point finds."""
    full = run_attack(
        trainer.model, *data, attack="bim", parameters={"eps": 0.1, "max_iter": 7}, seed=0
    ).table
    standing = withstood(
        trainer.estimator,
        [RepeatedAttack("robust", "bim", "bim", {"eps": 0.1, "max_iter": 7})],
        *data,
        seed=0,
    )["bim"]
    last_point = (full["correct_before"] & ~full["success"]).to_numpy(bool)
    assert not (standing & ~last_point).any()
    assert last_point.mean() - standing.mean() < 0.05, "and hardly more"


def test_the_worst_case_is_the_same_however_it_is_found(data: Data, trainer: Trainer) -> None:
    attacks = repeated_attacks(STUDY, ReattackParameters())
    each = withstood(trainer.estimator, attacks, *data, seed=3)
    before = trainer.estimator.gradient_passes
    withstood(trainer.estimator, attacks, *data, seed=3)
    all_of_them = trainer.estimator.gradient_passes - before
    short = withstood(trainer.estimator, attacks, *data, seed=3, worst_case_only=True)
    assert trainer.estimator.gradient_passes - before - all_of_them < all_of_them
    for found in (each, short):
        worst = np.logical_and.reduce(list(found.values()))
        assert abs(worst.mean() - np.logical_and.reduce(list(each.values())).mean()) < 0.03
    assert (short["narrow"] <= short["mine"]).all(), "images that fell are not shown to the next attack"


def test_a_trained_model_withstands_more_and_the_estimator_follows_the_weights(
    data: Data, trainer: Trainer
) -> None:
    attacks = repeated_attacks(STUDY, ReattackParameters(unseen={"apgd_ce": {"max_iter": 5}}))
    trained = withstood(trainer.estimator, attacks, *data, seed=0)
    kept = trainer.model.get_weights()
    untrained = build_model("C4 P F FC8", (4, 4, 1), 3, seed=0)
    trainer.model.set_weights(untrained.get_weights())
    fresh = withstood(trainer.estimator, attacks, *data, seed=0)
    expected = withstood(KerasLogitsEstimator(untrained), attacks, *data, seed=0)
    trainer.model.set_weights(kept)
    again = withstood(trainer.estimator, attacks, *data, seed=0)
    for name, standing in fresh.items():
        np.testing.assert_array_equal(standing, expected[name])
        assert standing.mean() < trained[name].mean()
        np.testing.assert_array_equal(again[name], trained[name])


def test_gradient_passes_are_counted(data: Data, trainer: Trainer) -> None:
    estimator = KerasLogitsEstimator(trainer.model)
    run_attack(None, *data, attack="fgsm", parameters={}, seed=0, estimator=estimator)
    # one gradient, and a forward pass (a third) before and after
    assert estimator.gradient_passes == pytest.approx(90 * (1 + 2 / 3))
    estimator.gradient_passes = 0.0
    run_attack(None, *data, attack="bim", parameters={"max_iter": 7}, seed=0, estimator=estimator)
    assert estimator.gradient_passes == pytest.approx(90 * (7 + 2 / 3))
    estimator.gradient_passes = 0.0  # the study's attacks have an estimator of their own, on probabilities
    run_attack(None, *data, attack="l1_bim", parameters={"max_iter": 7}, seed=0, estimator=estimator)
    assert estimator.gradient_passes == pytest.approx(90 * (7 + 2 / 3))


def test_nothing_right_is_nothing_attacked(data: Data, trainer: Trainer) -> None:
    wrong = (trainer.forward(data[0])[0].argmax(axis=1) + 1) % 3
    before = trainer.estimator.gradient_passes
    found = withstood(
        trainer.estimator, repeated_attacks(STUDY, ReattackParameters()), data[0], wrong, seed=0
    )
    assert not any(standing.any() for standing in found.values())
    assert trainer.estimator.gradient_passes - before == pytest.approx(90 / 3), "one forward pass"
