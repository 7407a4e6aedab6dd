"""The trainer and the cells: independent of history, kept once finished, keyed by all they depend on."""

from __future__ import annotations

import random
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from guided_retraining.attacks.robustness import repeated_attacks
from guided_retraining.images.pool import LabelledPool
from guided_retraining.machine.backend import keras
from guided_retraining.models.architectures import build_model
from guided_retraining.models.forward import predicted_labels
from guided_retraining.parameters.blocks import FitParameters, ReattackParameters
from guided_retraining.parameters.configurations import ConfigurationParameters
from guided_retraining.retraining import cells as cells_module
from guided_retraining.retraining import initial as initial_module
from guided_retraining.retraining.cell import Cell
from guided_retraining.retraining.cells import finished, retrain
from guided_retraining.retraining.curve import Curve
from guided_retraining.retraining.initial import initial_weights
from guided_retraining.retraining.replicate import Replicate
from guided_retraining.retraining.trainer import Trainer, lent_trainer
from guided_retraining.storage.claims import claim
from guided_retraining.storage.store import Store


def _pool(n_clean: int, n_adversarial: int, seed: int) -> LabelledPool:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n_clean + n_adversarial)
    images = rng.random((len(labels), 4, 4, 1), dtype=np.float32) * 0.3
    images[np.arange(len(labels)), labels, labels, 0] += 0.7
    attacks = np.array(["fgsm", "bim"])[np.arange(n_adversarial) % 2]
    sources = np.arange(n_adversarial)
    return LabelledPool(
        images[:n_clean], labels[:n_clean], images[n_clean:], labels[n_clean:], attacks, sources
    )


@pytest.fixture(scope="module")
def model():
    return build_model("C4 P D.5 F FC8", (4, 4, 1), 3, seed=0)


FIT = FitParameters(epochs=3, batch_size=16)


@pytest.fixture(scope="module")
def trainer(model) -> Trainer:
    return Trainer(model, FIT)


def _same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_fit_depends_on_its_arguments_and_not_on_earlier_fits(model, trainer: Trainer) -> None:
    pool, start = _pool(60, 20, 1), model.get_weights()
    indices = np.arange(50)
    trainer.fit(start, pool, pool.labels, indices, seed=5)
    first = trainer.model.get_weights()
    trainer.fit(start, pool, pool.labels, np.arange(80), seed=6)
    trainer.fit(start, pool, pool.labels, indices, seed=5)
    assert _same(first, trainer.model.get_weights())
    trainer.fit(start, pool, pool.labels, indices, seed=7)
    assert not _same(first, trainer.model.get_weights())
    fresh = Trainer(model, FIT)
    fresh.fit(start, pool, pool.labels, indices, seed=5)
    assert _same(first, fresh.model.get_weights()), "a new trainer must do the same"
    assert _same(start, model.get_weights()), "the original model must stay as it is"


def test_the_fit_is_keras_own_training(model) -> None:
    """Without dropout and shuffling left to chance, the loop ends where ``train_on_batch`` does."""
    plain = build_model("C4 P F FC8", (4, 4, 1), 3, seed=3)
    pool = _pool(40, 0, 2)
    start = plain.get_weights()
    ours = Trainer(plain, FitParameters(epochs=2, batch_size=16, optimizer="adam"))
    cost = ours.fit(start, pool, pool.labels, np.arange(40), seed=1)

    plain.compile(optimizer=keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy")
    rng = np.random.default_rng(1)
    for _ in range(2):
        order = rng.permutation(np.arange(40))
        for position in range(0, 40, 16):
            chosen = order[position : position + 16]
            plain.train_on_batch(pool[chosen], pool.labels[chosen])
    for a, b in zip(ours.model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert cost.samples_seen == 80


def test_initial_weights_differ_by_seed_and_repeat(model) -> None:
    first = initial_weights(model, 1)
    assert _same(first, initial_weights(model, 1))
    assert not _same(first, initial_weights(model, 2))
    initial_module._drawn.clear()
    assert _same(first, initial_weights(model, 1)), "not only remembered"


def test_initial_weights_do_not_depend_on_who_else_draws(model) -> None:
    expected, stop = initial_weights(model, 1), Event()

    def drawn_anew() -> list[np.ndarray]:
        initial_module._drawn.clear()
        return initial_weights(model, 1)

    def draw() -> None:
        while not stop.is_set():
            random.random()

    other = Thread(target=draw)
    other.start()
    try:
        assert all(_same(expected, drawn_anew()) for _ in range(5))
    finally:
        stop.set()
        other.join()
    built = [build_model("C4 P D.5 F FC8", (4, 4, 1), 3, seed=1).get_weights() for _ in range(2)]
    assert _same(*built)
    assert len({weight.tobytes() for weight in built[0]}) > 3, "each layer draws its own"


def test_one_traced_function_serves_fits_of_any_size(model, monkeypatch: pytest.MonkeyPatch) -> None:
    traced, loss = [], keras.Model.compute_loss
    monkeypatch.setattr(
        keras.Model, "compute_loss", lambda self, **given: traced.append(self) or loss(self, **given)
    )
    fresh, pool = Trainer(model, FIT), _pool(60, 20, 1)
    assert len(traced) == 1
    for n in (1, 7, 16, 80):
        fresh.fit(model.get_weights(), pool, pool.labels, np.arange(n), seed=0)
    assert len(traced) == 1, "Python ran again, so the step was traced again"


ATTACKS = {"fgsm": {"eps": 0.2}, "bim": {"eps": 0.2, "max_iter": 3}, "carlini_wagner": {}}
REATTACK = ReattackParameters(unseen={"apgd_ce": {"max_iter": 5}})
ORIGINAL = ConfigurationParameters(start="original", pool="all")
CURVE = Curve(configuration=ORIGINAL, fit=FIT, budgets=4)
FRESH = replace(CURVE, configuration=ConfigurationParameters(start="fresh", pool="all"))
SCORES = np.arange(80.0)
COSTS = {
    "fit_seconds", "fit_cpu_seconds", "peak_memory_mb", "energy_wh", "reattack_seconds",
}  # fmt: skip


@pytest.fixture(scope="module")
def replicates(model) -> list[Replicate]:
    return [_replicate(model, number=number) for number in (0, 1)]


def _replicate(model, *, number: int = 0, **changed) -> Replicate:
    return Replicate(**{
        "number": number, "seed": 0, "original": model, "pool": _pool(60, 20, 1), "validation": _pool(20, 10, 2),
        "test": _pool(30, 10, 3), "attacks": repeated_attacks(ATTACKS, REATTACK), "n_validation": 12, "n_test": 14,
        **changed,
    })  # fmt: skip


def _records(cells: list[Cell], store: Store, at_once: int = 1) -> dict[int, dict]:
    return {position: record for position, record, _ in finished(cells, store, at_once=at_once)}


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[FitParameters]:
    """Ways of fitting for which a trainer was lent, one for each cell that was computed."""
    asked = []
    lend = cells_module.lent_trainer

    @contextmanager
    def counted(model, fit: FitParameters) -> Iterator[Trainer]:
        asked.append(fit)
        with lend(model, fit) as trainer:
            yield trainer

    monkeypatch.setattr(cells_module, "lent_trainer", counted)
    return asked


def test_a_finished_cell_is_found_and_an_equal_selection_shared(
    replicates: list[Replicate], tmp_path: Path, fits: list
) -> None:
    store = Store(tmp_path)
    found = {}
    for scores in (SCORES, -SCORES):
        cells = [cell for replicate in replicates for cell in CURVE.cells(replicate, scores)]
        found = _records(cells, store)
    # per metric and replicate 3 part budgets; shared: the whole pool and the original model
    assert len(fits) == 2 * (2 * 3 + 2)
    assert _records(cells, Store(tmp_path)) == found
    assert len(fits) == 16, "nothing is computed twice"


def test_another_replicate_computes_its_own_cells_and_one_less_none(
    replicates: list[Replicate], tmp_path: Path, fits: list
) -> None:
    store = Store(tmp_path)
    _records(CURVE.cells(replicates[0], SCORES), store)
    assert len(fits) == 5
    _records([cell for replicate in replicates for cell in CURVE.cells(replicate, SCORES)], store)
    assert len(fits) == 10
    _records(CURVE.cells(replicates[1], SCORES), store)
    assert len(fits) == 10


def test_replicates_differ_in_everything_that_draws(replicates: list[Replicate], tmp_path: Path) -> None:
    first, second = replicates
    assert first.draws != second.draws
    assert first.attacked_test.tolist() != second.attacked_test.tolist()
    assert first.attacked_validation.tolist() != second.attacked_validation.tolist()
    same_inputs = np.arange(0, 80, 2)
    records = _records(
        [
            Cell(replicate, start, FIT, 40, same_inputs)
            for replicate in replicates
            for start in ("fresh", "original")
        ],
        Store(tmp_path),
    )
    weights = [initial_weights(replicate.original, replicate.draws) for replicate in replicates]
    assert not _same(*weights)
    assert records[1]["right_clean"] != records[3]["right_clean"] or records[1][
        "calibration_error"
    ] != pytest.approx(records[3]["calibration_error"]), (
        "batches and dropout of the same model and inputs are drawn anew"
    )


def test_the_key_of_a_cell_covers_all_it_depends_on(model) -> None:
    chosen = np.array([1, 2, 3])
    replicate = _replicate(model)
    cell = Cell(replicate, "original", FIT, 3, chosen)
    other_model = build_model("C4 P D.5 F FC8", (4, 4, 1), 3, seed=9)
    pool = replicate.pool
    relabelled = replace(pool, clean_labels=(pool.clean_labels + 1) % 3)
    fewer = repeated_attacks({"fgsm": {"eps": 0.2}}, REATTACK)
    stronger = repeated_attacks({**ATTACKS, "fgsm": {"eps": 0.3}}, REATTACK)
    others = [
        replace(cell, indices=np.array([1, 2, 4])),
        replace(cell, start="fresh"),
        replace(cell, fit=FitParameters(epochs=4, batch_size=16)),
        replace(cell, fit=FitParameters(epochs=3, batch_size=16, precision="mixed_bfloat16")),
        *(
            replace(cell, replicate=_replicate(model, **changed))
            for changed in (
                {"number": 1}, {"seed": 1}, {"original": other_model}, {"pool": relabelled},
                {"pool": _pool(60, 20, 8)}, {"validation": _pool(20, 10, 8)}, {"test": _pool(30, 10, 8)},
                {"attacks": fewer}, {"attacks": stronger}, {"n_test": 4}, {"n_validation": 4}, {"attacks": []},
            )
        ),
    ]  # fmt: skip
    keys = {cell.key, *(other.key for other in others)}
    assert len(keys) == len(others) + 1
    assert replace(cell, replicate=_replicate(model)).key == cell.key
    original = [
        Cell(replicate, start, fit, 0, chosen[:0]).key
        for start in ("fresh", "original")
        for fit in (FIT, others[2].fit)
    ]
    assert len(set(original)) == 1, "the original model is one, however others are fitted"


def test_a_cell_reports_what_was_measured(model, trainer: Trainer) -> None:
    replicate = _replicate(model)
    cell = CURVE.cells(replicate, SCORES)[-1]
    record = retrain(cell, trainer)
    test, validation = replicate.test, replicate.validation
    right = predicted_labels(trainer.forward, test[:]) == test.labels
    assert record["accuracy_combined"] == pytest.approx(right.mean())
    assert record["accuracy_clean"] == pytest.approx(right[:30].mean())
    assert record["accuracy_replayed_bim"] == pytest.approx(right[30:][test.attacks == "bim"].mean())
    seen = predicted_labels(trainer.forward, validation[:]) == validation.labels
    assert record["validation_accuracy_combined"] == pytest.approx(seen.mean())
    assert record["validation_accuracy_clean"] == pytest.approx(seen[:20].mean())
    assert {name for name in record if "robust" in name or "unseen" in name} == {
        "accuracy_robust", "accuracy_robust_fgsm", "accuracy_robust_bim", "accuracy_unseen", "accuracy_unseen_apgd_ce",
        "validation_accuracy_robust", "right_robust", "right_unseen",
    }  # fmt: skip
    assert record["accuracy_robust"] <= min(record["accuracy_robust_fgsm"], record["accuracy_robust_bim"])
    assert record["samples_seen"] == record["gradient_passes"] == 80 * 3
    assert record["reattack_gradient_passes"] > 0
    assert record["fit_seconds"] > 0
    assert record["peak_memory_mb"] > 50
    assert 0 <= record["calibration_error"] <= 1


def test_right_and_wrong_of_each_image_are_kept(model, trainer: Trainer) -> None:
    replicate = _replicate(model)
    record = retrain(CURVE.cells(replicate, SCORES)[-1], trainer)

    def unpacked(kind: str, count: int) -> np.ndarray:
        return np.unpackbits(np.frombuffer(b64decode(record[f"right_{kind}"]), np.uint8), count=count).astype(
            bool
        )

    clean = predicted_labels(trainer.forward, replicate.test.clean_images) == replicate.test.clean_labels
    np.testing.assert_array_equal(unpacked("clean", 30), clean)
    robust = unpacked("robust", 14)
    assert robust.mean() == pytest.approx(record["accuracy_robust"])
    assert not (robust & ~clean[replicate.attacked_test]).any()
    assert unpacked("unseen", 14).mean() == pytest.approx(record["accuracy_unseen"])


def test_without_attacks_made_anew_there_are_no_such_columns(model, trainer: Trainer) -> None:
    record = retrain(CURVE.cells(_replicate(model, attacks=[]), SCORES)[0], trainer)
    assert not {name for name in record if "robust" in name or "unseen" in name or "reattack" in name}
    assert record["accuracy_clean"] >= 0


def test_an_interrupted_curve_keeps_its_finished_cells(
    replicates: list[Replicate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def stops_at_the_third(model, fit: FitParameters):
        calls.append(fit)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return lent_trainer(model, fit)

    monkeypatch.setattr(cells_module, "lent_trainer", stops_at_the_third)
    store = Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        _records(CURVE.cells(replicates[0], SCORES), store)
    assert len(store) == 2


def test_all_cells_of_a_curve_come_with_their_position(replicates: list[Replicate], tmp_path: Path) -> None:
    store, cells = Store(tmp_path), CURVE.cells(replicates[0], SCORES)
    found = _records(cells, store)
    assert sorted(found) == list(range(len(cells)))
    assert not any(one.fitted_now for one in finished(cells, store)), "all are kept"
    for position, cell in enumerate(cells):
        assert found[position]["samples_seen"] == cell.n_inputs * FIT.epochs
        assert found[position] == store.get(cell.key)


def test_a_cell_in_work_elsewhere_is_awaited_last(replicates: list[Replicate], tmp_path: Path) -> None:
    cells = CURVE.cells(replicates[0], SCORES)[1:4]
    positions = []
    with claim(tmp_path, cells[0].key) as mine:
        assert mine
        coming = finished(cells, Store(tmp_path))
        positions += [next(coming).position, next(coming).position]
    positions += [one.position for one in coming]
    assert positions == [2, 1, 0], "the largest first, and what another fits last"


def test_cells_fitted_side_by_side_end_with_the_same_bits(
    replicates: list[Replicate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, most = [], []

    @contextmanager
    def counted(model, fit: FitParameters) -> Iterator[Trainer]:
        with lent_trainer(model, fit) as own:
            inside.append(own)
            most.append(len(inside))
            assert len({id(used) for used in inside}) == len(inside), "two fits in one model"
            yield own
            inside.remove(own)

    cells = [cell for curve in (CURVE, FRESH) for cell in curve.cells(replicates[0], SCORES)]
    alone = _records(cells, Store(tmp_path / "one"))
    monkeypatch.setattr(cells_module, "lent_trainer", counted)
    beside = _records(cells, Store(tmp_path / "three"), at_once=3)
    assert len(alone) == len(beside) == len(cells)
    for position, record in alone.items():
        for name in record.keys() - COSTS:
            assert beside[position][name] == record[name], (cells[position].n_inputs, name)
    assert max(most) > 1


def test_an_error_beside_other_fits_ends_all_and_keeps_what_is_finished(
    replicates: list[Replicate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def fails_at_the_fourth(model, fit: FitParameters):
        calls.append(fit)
        if len(calls) == 4:
            raise MemoryError("no room")
        return lent_trainer(model, fit)

    monkeypatch.setattr(cells_module, "lent_trainer", fails_at_the_fourth)
    store = Store(tmp_path)
    with pytest.raises(MemoryError, match="no room"):
        _records(CURVE.cells(replicates[0], SCORES), store, at_once=2)
    assert 2 <= len(store) <= 4
    assert not list(tmp_path.glob(".*")), "claims or half files stayed"
