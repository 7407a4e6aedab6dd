"""The trainer and the cells: independent of history, kept once finished, keyed by all they depend on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from guided_retraining.images.pool import LabelledPool
from guided_retraining.models.architectures import build_model
from guided_retraining.models.forward import predicted_labels
from guided_retraining.parameters.blocks import ConfigurationParameters, FitParameters, ReattackParameters
from guided_retraining.retraining.cells import CellInputs, CellRunner
from guided_retraining.retraining.curve import CurveTask, Selection, selections
from guided_retraining.retraining.initial import InitialWeights
from guided_retraining.retraining.reattacks import Reattacks, repeated_attacks
from guided_retraining.retraining.shared import lender
from guided_retraining.retraining.trainer import Trainer
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
    from guided_retraining.machine.backend import keras

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
    initial = InitialWeights(model)
    assert _same(initial(1), initial(1))
    assert _same(initial(1), InitialWeights(model)(1))
    assert not _same(initial(1), initial(2))


def test_initial_weights_do_not_depend_on_who_else_draws(model) -> None:
    expected, stop = InitialWeights(model)(1), Event()

    def draw() -> None:
        while not stop.is_set():
            random.random()

    other = Thread(target=draw)
    other.start()
    try:
        assert all(_same(expected, InitialWeights(model)(1)) for _ in range(5))
    finally:
        stop.set()
        other.join()
    built = [build_model("C4 P D.5 F FC8", (4, 4, 1), 3, seed=1).get_weights() for _ in range(2)]
    assert _same(*built)
    assert len({weight.tobytes() for weight in built[0]}) > 3, "each layer draws its own"


def test_one_traced_function_serves_fits_of_any_size(model, trainer: Trainer) -> None:
    pool = _pool(60, 20, 1)
    for n in (1, 7, 16, 80):
        trainer.fit(model.get_weights(), pool, pool.labels, np.arange(n), seed=0)
    assert np.isfinite(trainer.model.get_weights()[0]).all()


ATTACKS = {"fgsm": {"eps": 0.2}, "bim": {"eps": 0.2, "max_iter": 3}, "carlini_wagner": {}}
REATTACK = ReattackParameters(n_test=10, unseen={"apgd_ce": {"max_iter": 5}})
TASK = CurveTask(
    configuration=ConfigurationParameters(start="original", pool="all"),
    fit=FIT,
    seeds=(0, 1),
    budgets=4,
    study_seed=0,
)


def _runner(
    model, trainer: Trainer, folder: Path, pool: LabelledPool | None = None, n_reattacked: int = 10
) -> CellRunner:
    test = _pool(20, 10, 3)
    reattacks = Reattacks(repeated_attacks(ATTACKS, REATTACK), test, n_test=n_reattacked, seed=0)
    return CellRunner(
        CellInputs(model, pool or _pool(60, 20, 1), _pool(20, 10, 2), test, reattacks),
        store=Store(folder),
        lend=lambda fit: nullcontext(trainer),
        initial=InitialWeights(model),
    )


def test_selections_take_the_best_scores_first() -> None:
    pool = _pool(60, 20, 1)
    scores = np.arange(80.0)
    chosen = selections(TASK, scores, pool)
    assert [(s.n_inputs, s.seed) for s in chosen] == [(n, s) for n in (0, 20, 40, 60, 80) for s in (0, 1)]
    assert chosen[2].indices.tolist() == list(range(60, 80))
    adversarial = replace(TASK, configuration=ConfigurationParameters(start="original", pool="adversarial"))
    assert selections(adversarial, scores, pool)[2].indices.tolist() == list(range(75, 80))
    fresh = replace(TASK, configuration=ConfigurationParameters(start="fresh", pool="all"))
    assert selections(fresh, scores, pool)[0].n_inputs == 20


def test_keep_clean_always_trains_on_the_clean_set() -> None:
    pool = _pool(60, 20, 1)
    row = ConfigurationParameters(start="original", pool="all", keep_clean=True)
    chosen = selections(replace(TASK, configuration=row), np.arange(80.0), pool)
    assert chosen[-1].n_inputs == 20
    assert set(range(60)) <= set(chosen[2].indices.tolist())
    assert len(chosen[2].indices) == 65


def test_random_has_an_order_of_its_own_for_each_seed() -> None:
    pool = _pool(60, 20, 1)
    chosen = selections(replace(TASK, per_seed_scores=True), np.arange(80.0), pool)
    first, second = chosen[2].indices, chosen[3].indices
    assert not np.array_equal(first, second)


def test_a_finished_cell_is_found_and_an_equal_selection_shared(
    model, trainer: Trainer, tmp_path: Path
) -> None:
    fits = []

    def counted(fit: FitParameters) -> AbstractContextManager[Trainer]:
        fits.append(fit)
        return nullcontext(trainer)

    runner = _runner(model, trainer, tmp_path)
    runner.lend = counted
    for scores in (np.arange(80.0), -np.arange(80.0)):
        for selection in selections(TASK, scores, runner.inputs.pool):
            runner.run(TASK, selection)
    # per metric: 3 part budgets x 2 seeds; shared: the whole pool x 2 seeds, and the original model once
    assert len(fits) == 2 * 6 + 2 + 1
    again = _runner(model, trainer, tmp_path)
    again.lend = None  # type: ignore[assignment]
    assert again.run(TASK, selections(TASK, np.arange(80.0), runner.inputs.pool)[3]) == runner.run(
        TASK, selections(TASK, np.arange(80.0), runner.inputs.pool)[3]
    )


def test_the_key_of_a_cell_covers_all_it_depends_on(model, trainer: Trainer, tmp_path: Path) -> None:
    runner = _runner(model, trainer, tmp_path)
    selection = Selection(0, 3, np.array([1, 2, 3]))
    other_model = build_model("C4 P D.5 F FC8", (4, 4, 1), 3, seed=9)
    relabelled = replace(runner.inputs.pool, clean_labels=(runner.inputs.pool.clean_labels + 1) % 3)
    keys = [
        runner.inputs.key(TASK, selection),
        runner.inputs.key(TASK, replace(selection, seed=1)),
        runner.inputs.key(TASK, replace(selection, indices=np.array([1, 2, 4]))),
        runner.inputs.key(replace(TASK, study_seed=1), selection),
        runner.inputs.key(replace(TASK, fit=FitParameters(epochs=4, batch_size=16)), selection),
        runner.inputs.key(
            replace(TASK, fit=FitParameters(epochs=3, batch_size=16, precision="mixed_bfloat16")), selection
        ),
        runner.inputs.key(
            replace(TASK, configuration=ConfigurationParameters(start="fresh", pool="all")), selection
        ),
        _runner(other_model, trainer, tmp_path).inputs.key(TASK, selection),
        _runner(model, trainer, tmp_path, relabelled).inputs.key(TASK, selection),
        _runner(model, trainer, tmp_path, _pool(60, 20, 8)).inputs.key(TASK, selection),
        _runner(model, trainer, tmp_path, n_reattacked=4).inputs.key(TASK, selection),
    ]
    assert len(set(keys)) == len(keys)
    assert runner.inputs.key(replace(TASK, budgets=(3,)), selection) == keys[0], (
        "another set of budgets is no other cell"
    )


def test_a_cell_reports_what_was_measured(model, trainer: Trainer, tmp_path: Path) -> None:
    runner = _runner(model, trainer, tmp_path)
    selection = selections(TASK, np.arange(80.0), runner.inputs.pool)[-1]
    cell = runner.run(TASK, selection)
    test = runner.inputs.test
    right = predicted_labels(trainer.forward, test[:]) == test.labels
    assert cell["accuracy_combined"] == pytest.approx(right.mean())
    assert cell["accuracy_clean"] == pytest.approx(right[:20].mean())
    assert cell["accuracy_replayed_bim"] == pytest.approx(right[20:][test.attacks == "bim"].mean())
    assert {name for name in cell if "reattacked" in name or "unseen" in name} == {
        "accuracy_reattacked", "accuracy_reattacked_fgsm", "accuracy_reattacked_bim",
        "accuracy_unseen", "accuracy_unseen_apgd_ce",
    }  # fmt: skip
    assert 0 <= cell["accuracy_reattacked"] <= 1
    assert cell["samples_seen"] == 80 * 3
    assert cell["fit_seconds"] > 0
    assert cell["peak_memory_mb"] > 50


def test_an_interrupted_curve_keeps_its_finished_cells(model, trainer: Trainer, tmp_path: Path) -> None:
    runner = _runner(model, trainer, tmp_path)
    todo = selections(TASK, np.arange(80.0), runner.inputs.pool)
    calls = []

    def stops_at_the_third(fit: FitParameters) -> AbstractContextManager[Trainer]:
        calls.append(fit)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return nullcontext(trainer)

    runner.lend = stops_at_the_third
    with pytest.raises(KeyboardInterrupt):
        for selection in todo:
            runner.run(TASK, selection)
    assert len(runner.store) == 2


def test_all_cells_of_a_curve_come_with_their_position(model, trainer: Trainer, tmp_path: Path) -> None:
    runner = _runner(model, trainer, tmp_path)
    todo = selections(TASK, np.arange(80.0), runner.inputs.pool)
    found = {position: cell for position, cell, _ in runner.run_all(TASK, todo)}
    assert sorted(found) == list(range(len(todo)))
    assert not any(cell.fitted_now for cell in runner.run_all(TASK, todo)), "all are kept"
    for position, selection in enumerate(todo):
        assert found[position]["samples_seen"] == selection.n_inputs * FIT.epochs
        assert found[position] == runner.run(TASK, selection)


def test_a_cell_in_work_elsewhere_is_awaited_last(model, trainer: Trainer, tmp_path: Path) -> None:
    runner = _runner(model, trainer, tmp_path)
    todo = selections(TASK, np.arange(80.0), runner.inputs.pool)[2:5]
    positions = []
    with claim(tmp_path, runner.inputs.key(TASK, todo[0])) as mine:
        assert mine
        cells = runner.run_all(TASK, todo)
        positions += [next(cells)[0], next(cells)[0]]
    positions += [finished.position for finished in cells]
    assert positions == [2, 1, 0], "the largest first, and what another fits last"


def test_cells_fitted_side_by_side_end_with_the_same_bits(model, trainer: Trainer, tmp_path: Path) -> None:
    alone, beside = _runner(model, trainer, tmp_path / "one"), _runner(model, trainer, tmp_path / "three")
    beside.fits_at_once, beside.lend = 3, lender(model)
    inside, most = [], []

    @contextmanager
    def counted(fit: FitParameters, lend=beside.lend) -> Iterator[Trainer]:
        with lend(fit) as own:
            inside.append(own)
            most.append(len(inside))
            assert len({id(used) for used in inside}) == len(inside), "two fits in one model"
            yield own
            inside.remove(own)

    beside.lend = counted
    fresh = replace(TASK, configuration=ConfigurationParameters(start="fresh", pool="all"))
    for task in (TASK, fresh):
        todo = selections(task, np.arange(80.0), alone.inputs.pool)
        first, second = ({p: cell for p, cell, _ in one.run_all(task, todo)} for one in (alone, beside))
        assert len(first) == len(second) == len(todo)
        for position, cell in first.items():
            for name in cell.keys() - {"fit_seconds", "fit_cpu_seconds", "peak_memory_mb", "energy_wh"}:
                assert second[position][name] == cell[name], (todo[position], name)
    assert max(most) > 1


def test_an_error_beside_other_fits_ends_all_and_keeps_what_is_finished(model, tmp_path: Path) -> None:
    runner = _runner(model, None, tmp_path)
    runner.fits_at_once, lend, calls = 2, lender(model), []

    @contextmanager
    def fails_at_the_fourth(fit: FitParameters) -> Iterator[Trainer]:
        calls.append(fit)
        if len(calls) == 4:
            raise MemoryError("no room")
        with lend(fit) as trainer:
            yield trainer

    runner.lend = fails_at_the_fourth
    with pytest.raises(MemoryError, match="no room"):
        list(runner.run_all(TASK, selections(TASK, np.arange(80.0), runner.inputs.pool)))
    assert 2 <= len(runner.store) <= 4
    assert not list(tmp_path.glob(".*")), "claims or half files stayed"
