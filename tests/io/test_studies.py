"""The entry of all finished studies: what exists is taken, what is missing makes nothing fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.io import DatasetError

from guided_retraining.io.arrays import NumpyDataset
from guided_retraining.io.atomic import AtomicJSONDataset
from guided_retraining.io.studies import StudiesDataset

PIECES = {"answer": "08/*/answer.json", "labels": "05/*/labels.npy"}


def written(place: str) -> StudiesDataset:
    for name in ("digits", "mnist"):
        AtomicJSONDataset(filepath=f"{place}/08/{name}/answer.json").save({"of": name})
    NumpyDataset(filepath=f"{place}/05/mnist/labels.npy").save(np.arange(3))
    return StudiesDataset(filepath=place, pieces=PIECES)


def check(studies: StudiesDataset) -> None:
    assert studies.exists()
    found: dict[str, Any] = studies.load()
    assert list(found) == ["mnist"], "digits has no labels yet"
    pieces = found["mnist"]()
    assert pieces["answer"] == {"of": "mnist"}
    assert pieces["labels"].tolist() == [0, 1, 2]


def test_finished_studies_are_read_from_a_folder(tmp_path: Path) -> None:
    check(written(str(tmp_path)))


def test_and_from_behind_a_url(remote: str) -> None:
    check(written(remote))


def test_no_study_is_no_error(tmp_path: Path) -> None:
    empty = StudiesDataset(filepath=str(tmp_path / "none"), pieces=PIECES)
    assert not empty.exists()
    assert empty.load() == {}


@pytest.mark.parametrize("path", ["08/answer.json", "08/*/model.keras", "08/answer_*.json"])
def test_a_piece_that_cannot_be_told_apart_or_read_is_refused(path: str) -> None:
    with pytest.raises(DatasetError, match=r"expected a folder '\*'"):
        StudiesDataset(filepath="data", pieces={"answer": path})


def test_it_is_only_read(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="only read as a whole"):
        StudiesDataset(filepath=str(tmp_path), pieces=PIECES).save({"mnist": None})
