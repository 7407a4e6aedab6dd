"""The worst case that robust accuracy is measured by, against ART's own attacks at equal steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from art.attacks.evasion import AutoProjectedGradientDescent, SquareAttack
from numpy.typing import NDArray
from sklearn.datasets import load_digits

from guided_retraining.attacks import KerasLogitsEstimator, make_attack
from guided_retraining.models.architectures import build_model
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.inner_attack import InnerAttack
from guided_retraining.retraining.trainer import Trainer

EPS, BATCH, POINT = 0.1, 64, 0.01
SIZES = [
    (150, 10, 30),
    pytest.param((500, 25, 150), marks=pytest.mark.slow),
]  # images, APGD's steps, Square's tries


@pytest.fixture(scope="module")
def digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    images, labels = load_digits(return_X_y=True)
    return (images.reshape(-1, 8, 8, 1) / 16).astype(np.float32), labels.astype(np.int64)


@pytest.fixture(scope="module", params=SIZES, ids=["few", "many"])
def standing(request: pytest.FixtureRequest, digits: Any) -> dict[str, dict[str, float]]:
    """Accuracy of two models, trained alike without and with attacks, under our worst case and under ART's."""
    images, labels = digits
    n_images, steps, tries = request.param
    train, test = np.arange(1200), slice(-n_images, None)
    model = build_model("digits", (8, 8, 1), 10, seed=0)
    trainer, found = Trainer(model, FitParameters(batch_size=BATCH)), {}
    for name, attack in (("plain", None), ("hardened", InnerAttack(EPS, 1, first=BATCH, batch_size=BATCH))):
        generator = np.random.default_rng(0)
        trainer.reset(model.get_weights(), generator)
        chosen = trainer.chosen(images, train)
        for _ in range(20):
            order = generator.permutation(train)[: len(train) // BATCH * BATCH]
            trainer.go_through(chosen, labels[train], order, attack=attack, generator=generator)
        found[name] = _accuracies(trainer.model, images[test], labels[test], steps, tries)
    return found


def _accuracies(
    model: Any, images: NDArray[np.float32], labels: NDArray[np.int64], steps: int, tries: int
) -> dict[str, float]:
    ours = KerasLogitsEstimator(model, batch_size=512)
    right = ours.predict(images).argmax(axis=1) == labels
    attack = make_attack("auto_attack", ours, eps=EPS, max_iter=steps, square_max_iter=tries, batch_size=512)
    found = {"clean": float(right.mean())}
    found["ours"] = float((ours.predict(attack.generate(images, labels)).argmax(axis=1) == labels).mean())
    for loss in ("cross_entropy", "difference_logits_ratio"):
        theirs = AutoProjectedGradientDescent(
            ours, norm=np.inf, eps=EPS, eps_step=2 * EPS, max_iter=steps, nb_random_init=1, batch_size=512,
            loss_type=loss, verbose=False,
        )  # fmt: skip
        right = _still(ours, theirs, images, labels, right)
    square = SquareAttack(ours, eps=EPS, max_iter=tries, batch_size=512, verbose=False)
    found["theirs"] = float(_still(ours, square, images, labels, right).mean())
    return found


def _still(
    model: KerasLogitsEstimator, attack: Any, images: NDArray[np.float32], labels: NDArray[np.int64],
    right: NDArray[np.bool_],
) -> NDArray[np.bool_]:  # fmt: skip
    """Which of the images that stood so far stand this attack too."""
    np.random.seed(0)  # noqa: NPY002  ART draws from NumPy's global state
    standing = right.copy()
    made = attack.generate(images[right], np.eye(10, dtype=np.float32)[labels[right]])
    standing[right] = model.predict(made).argmax(axis=1) == labels[right]
    return standing


@pytest.mark.parametrize("name", ["plain", "hardened"])
def test_our_worst_case_is_within_a_point_of_arts_attacks_at_equal_steps(
    standing: dict[str, dict[str, float]], name: str
) -> None:
    ours, theirs = standing[name]["ours"], standing[name]["theirs"]
    assert ours <= theirs + POINT
    assert abs(ours - theirs) <= 3 * POINT


def test_both_order_a_weak_and_a_strong_model_alike(standing: dict[str, dict[str, float]]) -> None:
    weak, strong = standing["plain"], standing["hardened"]
    assert min(weak["clean"], strong["clean"]) > 0.85
    for judge in ("ours", "theirs"):
        assert strong[judge] > weak[judge] + 0.1
