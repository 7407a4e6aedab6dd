"""Several files behind one catalog entry, one for each replicate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kedro.io import DatasetError

from guided_retraining.io.replicates import ReplicatedArraysDataset, ReplicatesDataset

JSON = {"type": "guided_retraining.io.atomic.AtomicJSONDataset", "save_args": {"indent": 1}}


def test_each_replicate_has_a_file_that_is_read_when_asked_for(tmp_path: Path) -> None:
    dataset = ReplicatedArraysDataset(filepath=str(tmp_path / "scores_*.npy"))
    assert not dataset.exists()
    dataset.save({0: np.arange(3), 12: np.arange(4)})
    assert {path.name for path in tmp_path.iterdir()} == {"scores_0.npy", "scores_12.npy"}
    (tmp_path / "scores_12.npy").write_bytes(b"damaged")
    loaded = dataset.load()
    assert list(loaded) == [0, 12]
    assert isinstance(loaded[0], np.memmap)
    with pytest.raises(DatasetError, match="damaged"):
        loaded[12]


def test_replicates_may_come_one_after_the_other_and_others_stay(tmp_path: Path) -> None:
    dataset = ReplicatesDataset(filepath=str(tmp_path / "cost_*.json"), dataset=JSON)
    dataset.save({3: {"seconds": 1.0}})
    dataset.save({1: {"seconds": 2.0}})
    dataset.save({3: {"seconds": 4.0}})
    assert {number: dataset.load()[number] for number in dataset.load()} == {
        1: {"seconds": 2.0},
        3: {"seconds": 4.0},
    }


def test_files_of_other_names_are_none_of_its(tmp_path: Path) -> None:
    for name in ("cost_1.json.partial", "cost_.json", "cost_a.json", "other_1.json"):
        (tmp_path / name).write_text("{}")
    dataset = ReplicatesDataset(filepath=str(tmp_path / "cost_*.json"), dataset=JSON)
    assert not dataset.exists()
    assert len(dataset.load()) == 0


def test_a_replicate_that_is_missing_is_named(tmp_path: Path) -> None:
    dataset = ReplicatesDataset(filepath=str(tmp_path / "cost_*.json"), dataset=JSON)
    dataset.save({0: {}})
    with pytest.raises(DatasetError, match=r"cost_\*\.json: there is none of replicate 2; run the stage"):
        dataset.load()[2]


def test_a_name_without_a_place_for_the_replicate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="where the number of the replicate belongs"):
        ReplicatesDataset(filepath=str(tmp_path / "cost.json"), dataset=JSON)


def test_behind_a_url_it_is_the_same(remote: str) -> None:
    dataset = ReplicatedArraysDataset(filepath=f"{remote}/04_feature/digits/scores_*.npy")
    assert not dataset.exists()
    dataset.save({0: np.arange(3), 1: np.arange(4)})
    assert [len(dataset.load()[number]) for number in dataset.load()] == [3, 4]
