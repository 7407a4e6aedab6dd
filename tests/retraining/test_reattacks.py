"""Attacks on retrained models: which, on which images, and that a share is that of the model as it is now."""

from __future__ import annotations

import numpy as np
import pytest

from guided_retraining.attacks import KerasLogitsEstimator, reattack
from guided_retraining.images.pool import LabelledPool
from guided_retraining.models.architectures import build_model
from guided_retraining.parameters.blocks import FitParameters, ReattackParameters
from guided_retraining.retraining.reattacks import Reattacks, repeated_attacks
from guided_retraining.retraining.trainer import Trainer

STUDY = {
    "fgsm": {"eps": 0.1},
    "mine": {"attack": "bim", "eps": 0.3, "max_iter": 5},
    "narrow": {"attack": "pgd", "norm": 2, "eps": 0.9},
    "carlini_wagner": {"max_iter": 5},
}


@pytest.fixture(scope="module")
def attacked() -> LabelledPool:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 90)
    images = rng.random((90, 4, 4, 1), dtype=np.float32) * 0.5
    images[np.arange(90), labels, labels, 0] += 0.5
    sources = rng.permutation(90)[:60]
    names = np.repeat(list(STUDY), 15)
    return LabelledPool(images, labels, images[sources], labels[sources], names, sources)


def test_attacks_without_an_epsilon_are_not_repeated_and_unseen_ones_get_the_largest() -> None:
    wanted = ReattackParameters(unseen={"apgd_ce": {}, "square": {"eps": 0.05}, "deepfool": {}})
    chosen = repeated_attacks(STUDY, wanted)
    assert [(one.kind, one.name, one.function) for one in chosen] == [
        ("reattacked", "fgsm", "fgsm"), ("reattacked", "mine", "bim"), ("reattacked", "narrow", "pgd"),
        ("unseen", "apgd_ce", "apgd_ce"), ("unseen", "square", "square"), ("unseen", "deepfool", "deepfool"),
    ]  # fmt: skip
    assert [one.parameters.get("eps") for one in chosen[3:]] == [0.3, 0.05, None], "0.9 is of another norm"
    assert repeated_attacks(STUDY, ReattackParameters(n_test=0, unseen={"apgd_ce": {}})) == []


def test_the_share_is_that_of_the_attack_on_the_images_it_was_replayed_on(attacked: LabelledPool) -> None:
    model = build_model("C4 P F FC8", (4, 4, 1), 3, seed=0)
    trainer = Trainer(model, FitParameters(epochs=40, batch_size=16, learning_rate=0.01))
    repeated = repeated_attacks(STUDY, ReattackParameters(n_test=30, unseen={"apgd_ce": {"max_iter": 5}}))
    measured = Reattacks(repeated, attacked, n_test=30, seed=0)
    chosen = {one.name: images for one, images in measured.chosen}
    assert [len(images) for images in chosen.values()] == [10, 10, 10, 30]
    assert set(chosen["mine"]) <= set(attacked.sources[15:30])
    assert set(chosen["apgd_ce"]) <= set(attacked.sources)

    untrained = measured.accuracies(KerasLogitsEstimator(model))
    trainer.fit(model.get_weights(), attacked, attacked.labels, np.arange(90), seed=0)
    trained = measured.accuracies(trainer.estimator)
    for name, attack, parameters in (
        ("fgsm", "fgsm", STUDY["fgsm"]),
        ("mine", "bim", {"eps": 0.3, "max_iter": 5}),
    ):
        images = chosen[name]
        expected = reattack(
            trainer.model, attacked.clean_images[images], attacked.clean_labels[images],
            attack=attack, parameters=parameters,
        )  # fmt: skip
        assert trained[f"accuracy_reattacked_{name}"] == expected
    own = [trained[f"accuracy_reattacked_{name}"] for name in ("fgsm", "mine", "narrow")]
    assert trained["accuracy_reattacked"] == pytest.approx(np.mean(own))
    assert trained["accuracy_unseen"] == trained["accuracy_unseen_apgd_ce"]
    assert trained["accuracy_reattacked_fgsm"] > untrained["accuracy_reattacked_fgsm"]
    assert measured.accuracies(trainer.estimator) == trained, "attacks draw the same each time"


def test_what_is_measured_has_a_key(attacked: LabelledPool) -> None:
    def key(seed: int = 0, n_test: int = 30, **unseen: object) -> str:
        repeated = repeated_attacks(STUDY, ReattackParameters(n_test=n_test, unseen=unseen))
        return str(Reattacks(repeated, attacked, n_test=n_test, seed=seed).key)

    keys = [key(), key(seed=1), key(n_test=31), key(n_test=60), key(apgd_ce={}), key(apgd_ce={"max_iter": 3})]
    assert len(set(keys)) == 5  # 31 images give each of three attacks the same ten as 30
    assert key() == keys[0]


def test_images_of_an_attack_that_has_none_are_not_measured(attacked: LabelledPool) -> None:
    repeated = repeated_attacks({"other": {"attack": "fgsm", "eps": 0.1}}, ReattackParameters())
    assert (
        Reattacks(repeated, attacked, n_test=10, seed=0).accuracies(
            build_model("F FC4", (4, 4, 1), 3, seed=0)
        )
        == {}
    )
