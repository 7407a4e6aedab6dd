"""Whole runs: the table of results, blocks, memory maps, seeds; and attacks on changing weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from guided_retraining.attacks import KerasLogitsEstimator, run_attack
from guided_retraining.attacks.seeding import seeded_globals
from guided_retraining.errors import InputError
from guided_retraining.images.arrays import SelectedImages, UnitImages


@pytest.fixture(scope="module")
def some(digits: Any) -> tuple[np.ndarray, np.ndarray]:
    """Also images that the model gets wrong."""
    return digits[0][1300:1500], digits[1][1300:1500]


def test_the_table_tells_what_happened(model: keras.Model, some: Any) -> None:
    images, labels = some
    sources = np.arange(200) * 3 + 7
    result = run_attack(
        model, images, labels, attack="bim", parameters={"eps": 0.1}, seed=1, source_indices=sources
    )
    table = result.table
    assert list(table.columns) == [
        "attack", "parameters", "source_index", "true_label", "predicted_before", "predicted_after",
        "correct_before", "success", "l0", "l2", "linf", "seconds",
    ]  # fmt: skip
    before = model.predict(images, verbose=0).argmax(axis=1)
    after = model.predict(result.images, verbose=0).argmax(axis=1)
    assert (table["predicted_before"] == before).all()
    assert (table["predicted_after"] == after).all()
    assert (table["true_label"] == labels).all()
    assert (table["source_index"] == sources).all()
    assert (table["correct_before"] == (before == labels)).all()
    assert (table["success"] == ((before == labels) & (after != labels))).all()
    assert not table["correct_before"].all()  # some were wrong from the start: kept, and no success
    assert 0 < table["success"].mean() < 1
    change = (result.images - images).reshape(len(images), -1)
    np.testing.assert_allclose(table["l2"], np.linalg.norm(change, axis=1), atol=1e-5)
    np.testing.assert_allclose(table["linf"], np.abs(change).max(axis=1), atol=1e-6)
    assert json.loads(table["parameters"][0])["eps"] == 0.1
    assert (table["attack"] == "bim").all()
    assert (table["seconds"] > 0).all()


def test_blocks_memory_maps_and_progress(model: keras.Model, digits: Any, tmp_path: Path) -> None:
    stored = np.round(digits[0][1300:1500] * 255).astype(np.uint8)
    np.save(tmp_path / "images.npy", stored)
    view = UnitImages(np.load(tmp_path / "images.npy", mmap_mode="r"))
    labels = digits[1][1300:1500]
    chosen = SelectedImages(view, np.arange(10, 110))
    done: list[tuple[int, int]] = []
    blocks = run_attack(
        None, chosen, labels[10:110], attack="bim", parameters={}, seed=0, batch_size=8,
        estimator=KerasLogitsEstimator(model, workers=1),  # of several, the short last batch may end first
        progress=lambda part, whole: done.append((part, whole)),
    )  # fmt: skip
    whole = run_attack(model, view[10:110], labels[10:110], attack="bim", parameters={}, seed=0)
    np.testing.assert_allclose(blocks.images, whole.images, atol=1e-5)
    assert done == [(min(part, 100), 100) for part in range(8, 105, 8)]


@pytest.mark.parametrize("attack", ["pgd", "square", "carlini_wagner", "apgd_dlr", "deepfool"])
def test_batches_in_threads_make_the_same_images(model: keras.Model, digits: Any, attack: str) -> None:
    images, labels = digits[0][1300:1370], digits[1][1300:1370]
    few = {"max_iter": 4} | ({"binary_search_steps": 2} if attack == "carlini_wagner" else {})
    alone, beside = (
        run_attack(
            None, images, labels, attack=attack, parameters=few, seed=1, batch_size=16,
            estimator=KerasLogitsEstimator(model, workers=workers),
        )
        for workers in (1, 3)
    )  # fmt: skip
    np.testing.assert_array_equal(alone.images, beside.images)
    assert alone.table.drop(columns="seconds").equals(beside.table.drop(columns="seconds"))


def test_seeds_decide(model: keras.Model, estimator: KerasLogitsEstimator, some: Any) -> None:
    runs = [
        run_attack(None, *some, attack="pgd", parameters={"max_iter": 3}, seed=seed, estimator=estimator)
        for seed in (1, 1, 2)
    ]
    np.testing.assert_array_equal(runs[0].images, runs[1].images)
    assert not np.array_equal(runs[0].images, runs[2].images)


def test_arts_own_attacks_are_seeded_too(estimator: KerasLogitsEstimator, some: Any) -> None:
    def made(seed: int) -> np.ndarray:
        return run_attack(
            None, some[0][:20], some[1][:20], attack="art.attacks.evasion:SquareAttack",
            parameters={"eps": 0.1, "max_iter": 10, "verbose": False}, seed=seed, estimator=estimator,
        ).images  # fmt: skip

    np.random.seed(1)  # noqa: NPY002
    expected = np.random.get_state()[1].copy()  # noqa: NPY002
    np.testing.assert_array_equal(made(3), made(3))
    assert not np.array_equal(made(3), made(4))
    np.testing.assert_array_equal(np.random.get_state()[1], expected)  # noqa: NPY002


def test_global_generators_are_put_back_after_an_error() -> None:
    np.random.seed(1)  # noqa: NPY002
    expected = np.random.get_state()[1].copy()  # noqa: NPY002
    with pytest.raises(KeyError), seeded_globals(5):
        np.random.random(3)  # noqa: NPY002
        raise KeyError
    np.testing.assert_array_equal(np.random.get_state()[1], expected)  # noqa: NPY002


def test_an_empty_part(estimator: KerasLogitsEstimator) -> None:
    empty = np.empty((0, 8, 8, 1), np.float32)
    result = run_attack(
        None, empty, np.empty(0, np.int64), attack="fgsm", parameters={}, seed=0, estimator=estimator
    )
    assert result.images.shape == empty.shape
    assert len(result.table) == 0


def test_misuse(estimator: KerasLogitsEstimator, some: Any) -> None:
    common: Any = {"attack": "fgsm", "parameters": {}, "seed": 0, "estimator": estimator}
    with pytest.raises(InputError, match=r"source_indices of shape \(3,\), expected \(200,\)"):
        run_attack(None, *some, **common, source_indices=np.arange(3))
    with pytest.raises(InputError, match=r"labels of shape \(150,\)"):
        run_attack(None, some[0], some[1][:150], **common)
    with pytest.raises(InputError, match="dtype float64"):
        run_attack(None, some[0].astype(np.float64), some[1], **common)
