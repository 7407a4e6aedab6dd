"""Strategies that make attacks of their own: what they cost, what they train on, that they end the same each time."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guided_retraining.attacks.robustness import repeated_attacks
from guided_retraining.errors import ParameterError
from guided_retraining.images.pool import LabelledPool
from guided_retraining.machine.backend import keras
from guided_retraining.models.architectures import build_model
from guided_retraining.models.forward import FORWARD
from guided_retraining.parameters.blocks import (
    AttackParameters,
    FitParameters,
    ReattackParameters,
    RetrainingParameters,
)
from guided_retraining.parameters.configurations import BudgetFractions, ConfigurationParameters
from guided_retraining.parameters.study import parse_study
from guided_retraining.retraining import overfitting, rounds
from guided_retraining.retraining.cell import Cell
from guided_retraining.retraining.cells import finished, retrain
from guided_retraining.retraining.curve import Curve
from guided_retraining.retraining.inner_attack import InnerAttack
from guided_retraining.retraining.replicate import Replicate
from guided_retraining.retraining.trainer import Trainer
from guided_retraining.storage.store import Store

FIT = FitParameters(epochs=4, batch_size=16)
EPS = 0.2
ATTACK = AttackParameters(attacks={"fgsm": {"eps": EPS}})
N_CLEAN, N_ADVERSARIAL, POOL_PASSES = 96, 32, 640.0
WHOLE_PRICE = POOL_PASSES + FIT.epochs * (N_CLEAN + N_ADVERSARIAL)


def _pool(n_clean: int, n_adversarial: int, seed: int) -> LabelledPool:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n_clean + n_adversarial)
    images = rng.random((len(labels), 4, 4, 1), dtype=np.float32) * 0.3
    images[np.arange(len(labels)), labels, labels, 0] += 0.7
    attacks, sources = np.full(n_adversarial, "fgsm"), np.arange(n_adversarial)
    return LabelledPool(
        images[:n_clean], labels[:n_clean], images[n_clean:], labels[n_clean:], attacks, sources
    )


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    return Trainer(build_model("C4 P F FC8", (4, 4, 1), 3, seed=0), FIT)


@pytest.fixture(scope="module")
def replicate(trainer: Trainer) -> Replicate:
    model = build_model("C4 P F FC8", (4, 4, 1), 3, seed=0)
    pool = _pool(N_CLEAN, N_ADVERSARIAL, 1)
    trainer.fit(model.get_weights(), pool, pool.labels, np.arange(N_CLEAN), seed=0)
    model.set_weights(trainer.model.get_weights())
    return Replicate(
        0, 0, model, pool, _pool(48, 16, 2), _pool(48, 16, 3),
        attacks=repeated_attacks(ATTACK.attacks, ReattackParameters()),
        n_validation=48, n_test=48, pool_passes=POOL_PASSES,
    )  # fmt: skip


def _curve(strategy: Any, metric: str = "random", *, fit: FitParameters = FIT, **row: Any) -> Curve:
    configuration = {"start": "original", **row, "strategy": strategy}
    study = RetrainingParameters(
        budgets=BudgetFractions(fractions=("1/2", 1)), configurations={"mine": configuration}
    )
    return Curve.of(study, fit, ATTACK, ("mine", metric), {})


def _cells(replicate: Replicate, *asked: Any, **row: Any) -> list[Cell]:
    return _curve(*asked, **row).cells(replicate, np.zeros(len(replicate.pool)))


WAYS: list[tuple[Any, str, dict[str, Any]]] = [
    ("adversarial_training", "random", {}),
    ({"adversarial_training": {"steps": 3}}, "random", {"start": "fresh"}),
    ({"adversarial_training": {"share": 0.5}}, "deep_gini", {}),
    ({"adversarial_training": {"share": 0.25, "steps": 3, "rest": "fgsm", "lowest_first": True}}, "dsa", {}),
    ("clean_continuation", "random", {}),
    ({"rounds": {"steps": 3}}, "random", {"pool": "adversarial"}),
    ({"rounds": {"rounds": 2, "steps": 2}}, "lsa", {"pool": "all"}),
    ({"rounds": {"rounds": 2, "steps": 2}}, "deep_gini", {"pool": "all", "keep_clean": True}),
]


@pytest.mark.parametrize(("strategy", "metric", "row"), WAYS)
def test_a_cell_costs_what_was_planned_and_no_more_than_retraining_on_the_pool(
    strategy: Any, metric: str, row: dict[str, Any], replicate: Replicate, trainer: Trainer
) -> None:
    cells = [cell for cell in _cells(replicate, strategy, metric, **row) if cell.n_inputs]
    assert len(cells) == 2
    record = retrain(cells[-1], trainer)
    assert record["gradient_passes"] == pytest.approx(cells[-1].passes)
    n_scored = 3 * (N_CLEAN + N_ADVERSARIAL)  # rounding to whole batches, and scoring in rounds
    assert record["gradient_passes"] <= WHOLE_PRICE + FIT.epochs * N_CLEAN + FORWARD * n_scored
    if "rounds" not in strategy:
        assert 0.9 * WHOLE_PRICE - FIT.batch_size * 4 <= record["gradient_passes"] <= WHOLE_PRICE
    assert cells[0].passes < cells[-1].passes
    assert np.isfinite(record["accuracy_clean"])


@pytest.mark.parametrize(("strategy", "metric", "row"), WAYS)
def test_a_cell_ends_with_the_same_bits_whatever_was_fitted_before(
    strategy: Any, metric: str, row: dict[str, Any], replicate: Replicate, trainer: Trainer
) -> None:
    cell, other = _cells(replicate, strategy, metric, **row)[-1], _cells(replicate, "adversarial_training")[1]
    retrain(cell, trainer)
    first = trainer.model.get_weights()
    retrain(other, trainer)
    retrain(cell, trainer)
    for a, b in zip(first, trainer.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_budgets_are_the_same_in_all_replicates_and_orders_as_they_are_compared_at_them(
    replicate: Replicate,
) -> None:
    asked: list[tuple[Any, ...]] = [
        ({"adversarial_training": {"share": 0.5}}, "random"),
        ("clean_continuation",),
    ]
    dearer = dataclasses.replace(replicate, number=1, pool_passes=1.3 * POOL_PASSES)
    for one in asked:
        budgets = [[cell.n_inputs for cell in _cells(each, *one)] for each in (replicate, dearer)]
        assert budgets[0] == budgets[1]
    scored, unscored = (_cells(replicate, asked[0][0], order) for order in ("deep_gini", "random"))
    assert [cell.n_inputs for cell in scored] == [cell.n_inputs for cell in unscored]
    most = [cell.hardening.presentations for cell in (scored[-1], unscored[-1]) if cell.hardening]
    assert most[0] < most[1], "scoring takes its price away from training"
    stored = [
        _curve("retraining").paid_before(Cell(one, "fresh", FIT, 3, np.arange(3)))
        for one in (replicate, dearer)
    ]
    assert stored[1] == pytest.approx(1.3 * stored[0]), (
        "what its own attacks took is the price of each replicate"
    )


def test_what_two_strategies_do_differs_and_so_does_their_name_in_the_store(replicate: Replicate) -> None:
    keys = [_cells(replicate, strategy, metric, **row)[-1].key for strategy, metric, row in WAYS]
    keys += [_cells(replicate, {"adversarial_training": {"eps": 0.1}})[-1].key]
    assert len(set(keys)) == len(keys)
    assert _cells(replicate, "adversarial_training")[0].key == _cells(replicate, "rounds")[0].key, (
        "the original"
    )


def test_finished_cells_are_found_again(replicate: Replicate, tmp_path: Path) -> None:
    cells, store = _cells(replicate, "adversarial_training"), Store(tmp_path)
    first = {one.position: one for one in finished(cells, store)}
    assert all(one.fitted_now for one in first.values())
    again = {one.position: one for one in finished(_cells(replicate, "adversarial_training"), store)}
    assert not any(one.fitted_now for one in again.values())
    assert {k: one.record for k, one in first.items()} == {k: one.record for k, one in again.items()}


def test_adversarial_training_makes_harder_to_fool_than_longer_training_on_clean_inputs(
    replicate: Replicate, trainer: Trainer
) -> None:
    fit = FIT.model_copy(update={"epochs": 20})
    robust = {}
    for strategy in ("adversarial_training", "clean_continuation"):
        cell = _curve(strategy, fit=fit).cells(replicate, np.zeros(len(replicate.pool)))[-1]
        robust[strategy] = retrain(cell, trainer)["accuracy_robust"]
    assert robust["adversarial_training"] > robust["clean_continuation"] + 0.1


# --- the attack inside the step


@pytest.mark.parametrize(("steps", "rest"), [(1, 0), (3, 1)])
def test_the_inner_attack_stays_in_its_ball_raises_the_loss_and_leaves_the_rest(
    replicate: Replicate, steps: int, rest: int
) -> None:
    from guided_retraining.attacks import KerasLogitsEstimator

    attack = InnerAttack(EPS, steps, first=10, batch_size=16, rest_steps=rest)
    images, labels = replicate.pool.clean_images[:16], replicate.pool.clean_labels[:16]
    estimator = KerasLogitsEstimator(replicate.original, batch_size=16)
    noise = np.random.default_rng(0).uniform(-EPS, EPS, images.shape).astype(np.float32)
    image = estimator.image_signature()
    run = estimator.compiled(
        ("inner", steps, rest), lambda: lambda logits_of, *given: (attack(logits_of, *given),),
        [image, ((None,), "int64"), image],
    )  # fmt: skip
    (made,) = run(images, labels, noise)
    assert np.abs(made - images).max() <= EPS + 1e-6
    assert 0 <= made.min() <= made.max() <= 1
    before, after = (estimator.compute_loss(x, labels) for x in (np.clip(images + noise, 0, 1), made))
    assert after[:10].mean() > before[:10].mean()
    assert np.array_equal(made[10:], images[10:]) == (rest == 0)
    assert attack.passes == 10 * steps + 6 * rest


def test_the_attack_sees_no_dropout_and_leaves_moving_averages_alone() -> None:
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5), keras.layers.Dense(3, activation="softmax"),
        ]
    )  # fmt: skip
    pool = _pool(32, 0, 0)
    trainer = Trainer(model, FitParameters(epochs=1, batch_size=16))
    order, ends = np.arange(32), []
    for attack in (None, InnerAttack(1e-9, 1, first=16, batch_size=16)):
        generator = np.random.default_rng(0)
        trainer.reset(model.get_weights(), generator)
        trainer.go_through(
            trainer.chosen(pool.clean_images, order), pool.clean_labels, order, attack=attack,
            generator=generator,
        )  # fmt: skip
        ends.append(trainer.model.get_weights())
    for plain, attacked in zip(*ends, strict=True):  # an attack of no size is no attack
        np.testing.assert_allclose(attacked, plain, atol=1e-5)


def test_what_a_metric_puts_first_gets_the_attack(
    replicate: Replicate, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[np.ndarray] = []
    go_through = Trainer.go_through

    def watched(self: Trainer, chosen: Any, labels: Any, order: Any, **more: Any) -> None:
        shown.append(order.reshape(-1, FIT.batch_size))
        go_through(self, chosen, labels, order, **more)

    monkeypatch.setattr(Trainer, "go_through", watched)
    cell = _cells(replicate, {"adversarial_training": {"share": 0.25}}, "deep_gini")[-1]
    retrain(cell, trainer)
    probabilities = replicate.original.predict(replicate.pool.clean_images, verbose=0)
    gini = 1 - (probabilities**2).sum(axis=1)
    first_epoch = shown[0]
    attacked, rest = first_epoch[:, :4].ravel(), first_epoch[:, 4:].ravel()
    assert len(set(attacked)) == N_CLEAN // 4
    assert not set(attacked) & set(rest)
    assert gini[attacked].min() >= gini[rest].max() - 1e-6


# --- rounds


def test_rounds_go_on_from_weights_and_perturbations_and_choose_nothing_twice(
    replicate: Replicate, trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, starts, chosen = [], [], []
    attack, following = rounds._attack, rounds._next

    def watched_attack(trainer: Trainer, how: Any, images: Any, start: Any, labels: Any) -> Any:
        weights.append(trainer.model.get_weights())
        made = attack(trainer, how, images, start, labels)
        starts.append((np.array(start), made))
        assert np.abs(made - images).max() <= EPS + 1e-6
        return made

    def watched_next(*given: Any) -> Any:
        found = following(*given)
        chosen.append(found[0])
        return found

    monkeypatch.setattr(rounds, "_attack", watched_attack)
    monkeypatch.setattr(rounds, "_next", watched_next)
    cell = _cells(replicate, {"rounds": {"rounds": 3, "steps": 2}}, "deep_gini", pool="adversarial")[-1]
    retrain(cell, trainer)
    assert len(weights) == len(chosen) == 3
    assert all(np.array_equal(a, b) for a, b in zip(weights[0], replicate.start, strict=True))
    assert not np.array_equal(weights[1][0], weights[0][0]), "the second round attacks the retrained model"
    earlier = len(starts[0][1])
    np.testing.assert_array_equal(starts[1][0][:earlier], starts[0][1])
    together = np.concatenate(chosen)
    assert len(set(together)) == len(together) == cell.n_inputs
    assert together.min() >= N_CLEAN, "adversarial inputs alone"


def test_one_round_is_one_choice_from_the_original_models_attacks(replicate: Replicate) -> None:
    cell = _cells(replicate, {"rounds": {"rounds": 1, "steps": 2}}, "random", pool="adversarial")[-1]
    assert cell.hardening is not None
    assert cell.hardening.values["rounds"] == 1
    assert cell.hardening.presentations == FIT.epochs * cell.n_inputs


# --- catastrophic overfitting


def test_one_step_training_that_falls_apart_is_told(
    replicate: Replicate, trainer: Trainer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stands_one_step_alone(estimator: Any, attacks: Any, images: Any, labels: Any, **more: Any) -> Any:
        return {attack.name: np.full(len(labels), attack.name == "fgsm") for attack in attacks}

    monkeypatch.setattr(overfitting, "withstood", stands_one_step_alone)
    record = retrain(_cells(replicate, "adversarial_training")[-1], trainer)
    assert record["catastrophic_overfitting"] == 1.0
    assert caplog.text.count("catastrophic overfitting") == 1
    assert "100.0 % of validation images stand FGSM, 0.0 % PGD" in caplog.text


def test_a_sound_training_is_not_called_fallen(replicate: Replicate, trainer: Trainer) -> None:
    record = retrain(_cells(replicate, "adversarial_training")[-1], trainer)
    assert record["catastrophic_overfitting"] == 0.0
    assert record["watched_fgsm"] >= record["watched_pgd"]


# --- parameters


def _study(row: dict[str, Any], attacks: dict[str, Any] | None = None) -> Any:
    return parse_study(
        "mine",
        {
            "source": {"reader": "digits"},
            "model": {"architecture": "digits"},
            "attack": {"attacks": attacks or {"fgsm": {"eps": 0.1}}},
            "metrics": {"random": {}, "dsa": {}},
            "ordering_retraining": {"configurations": {"mine": {"start": "fresh", **row}}},
        },
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"strategy": "adverserial_training"}, "Did you mean 'adversarial_training'"),
        ({"strategy": {"rounds": {"round": 2}}}, "no such parameter 'round'"),
        ({"strategy": {"adversarial_training": {"share": 0}}}, "share=0, expected a number above 0"),
        ({"strategy": {"rounds": {}, "retraining": {}}}, "expected one name"),
        ({"strategy": "adversarial_training", "pool": "adversarial"}, "trains on the clean images"),
        ({"metrics": ["das"]}, "Did you mean 'dsa'"),
        ({"budgets": [3, 2]}, "increasing list"),
    ],
)
def test_a_wrong_row_is_refused_before_any_work(row: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterError, match="mine") as caught:
        _study(row)
    assert said in str(caught.value)


def test_a_strategy_without_a_size_to_attack_with_is_refused() -> None:
    with pytest.raises(ParameterError, match="give it an `eps`"):
        _study({"strategy": "rounds"}, {"carlini_wagner": {}})
    _study({"strategy": {"rounds": {"eps": 0.1}}}, {"carlini_wagner": {}})


def test_a_metric_that_is_switched_off_is_no_order_of_any_configuration() -> None:
    assert _study({"metrics": ["dsa", "lsa"]}).orders("mine") == ["dsa"]
    with pytest.raises(ParameterError, match=r"all of \['lsa'\] are switched off"):
        _study({"metrics": ["lsa"]})


def test_only_orders_that_matter_are_compared() -> None:
    assert _study({}).orders("mine") == ["random", "dsa"]
    assert _study({"metrics": ["dsa"]}).orders("mine") == ["dsa"]
    assert _study({"strategy": "adversarial_training"}).orders("mine") == ["random"]
    assert _study({"strategy": {"adversarial_training": {"share": 0.5}}}).orders("mine") == ["random", "dsa"]
    rounds = ConfigurationParameters(start="original", strategy="rounds")
    first = rounds.orders({"lsa": {}, "dsa": {}, "random": {}}, "random")
    assert first == ["random", "lsa", "dsa"], "the drawn order stands for all at the largest budget"
    assert rounds.orders({"lsa": {}, "dsa": {}}, None) == ["lsa", "dsa"]


def test_a_model_that_cannot_be_scored_yet_gets_a_drawn_order(
    replicate: Replicate, trainer: Trainer, caplog: pytest.LogCaptureFixture
) -> None:
    model = build_model("C4 P F FC8", (4, 4, 1), 3, seed=0)
    model.set_weights(
        [np.zeros_like(weight) for weight in model.get_weights()]
    )  # all images look alike to it
    blank = dataclasses.replace(replicate, original=model)
    attacked = _cells(blank, {"adversarial_training": {"share": 0.5}}, "dsa")[-1]
    record = retrain(attacked, trainer)
    assert "drawn order for once: DSA needs reference inputs of at least two predicted classes" in caplog.text
    assert record["gradient_passes"] == attacked.passes
