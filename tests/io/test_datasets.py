"""Catalog data sets: atomic, memory-mapped, and refusing what they must."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from kedro.io import DatasetError

from guided_retraining.images.arrays import SelectedImages, UnitImages
from guided_retraining.images.pool import LabelledPool
from guided_retraining.io.arrays import NumpyDataset
from guided_retraining.io.atomic import AtomicJSONDataset, AtomicTextDataset
from guided_retraining.io.figure import FigureDataset
from guided_retraining.io.optional import OptionalDataset
from guided_retraining.io.pool import PoolDataset
from guided_retraining.io.store import StoreDataset
from guided_retraining.io.texts import TextFilesDataset


def test_uint8_images_come_back_as_float32_in_unit_range_and_mapped(tmp_path: Path) -> None:
    stored = np.arange(2 * 3 * 3 * 1, dtype=np.uint8).reshape(2, 3, 3, 1)
    dataset = NumpyDataset(filepath=str(tmp_path / "images.npy"))
    dataset.save(SelectedImages(stored, np.array([1, 0])))
    loaded = dataset.load()
    assert isinstance(loaded, UnitImages)
    assert isinstance(loaded.stored, np.memmap)
    np.testing.assert_allclose(loaded[0], stored[1].astype(np.float32) / 255, rtol=1e-6)
    assert loaded[:].dtype == np.float32
    np.testing.assert_array_equal(loaded.stored, stored[[1, 0]])


@pytest.mark.parametrize(
    "array", [np.zeros((0, 4), np.float32), np.array(3.5), np.arange(5), np.array(["a", "bb"])]
)
def test_any_plain_array_survives(tmp_path: Path, array: np.ndarray) -> None:
    dataset = NumpyDataset(filepath=str(tmp_path / "array.npy"))
    dataset.save(array)
    np.testing.assert_array_equal(dataset.load(), array)
    assert dataset.load().dtype == array.dtype


def test_objects_are_refused_both_ways(tmp_path: Path) -> None:
    path = tmp_path / "objects.npy"
    with pytest.raises(DatasetError, match="pickling"):
        NumpyDataset(filepath=str(path)).save(np.array([{}, []], dtype=object))
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DatasetError, match="Delete it and run the stage"):
        NumpyDataset(filepath=str(path)).load()


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    class Breaking:
        shape, dtype = (10, 1, 1, 1), np.dtype(np.float32)

        def __len__(self) -> int:
            return 10

        def __getitem__(self, index: object) -> np.ndarray:
            raise RuntimeError("the source went away")

    dataset = NumpyDataset(filepath=str(tmp_path / "images.npy"))
    dataset.save(np.ones(3))
    with pytest.raises(DatasetError, match="went away"):
        dataset.save(Breaking())
    np.testing.assert_array_equal(dataset.load(), np.ones(3))
    assert [path.name for path in tmp_path.iterdir()] == ["images.npy"]


def test_stock_data_sets_are_atomic_too(tmp_path: Path) -> None:
    dataset = AtomicJSONDataset(filepath=str(tmp_path / "a.json"))
    dataset.save({"a": 1})
    with pytest.raises(DatasetError):
        dataset.save({"a": object()})
    assert dataset.load() == {"a": 1}
    AtomicTextDataset(filepath=str(tmp_path / "deep" / "a.txt")).save("x")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.json", "a.txt", "deep"]


def test_figures_are_kept_as_png_and_svg(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2])
    dataset = FigureDataset(filepath=str(tmp_path / "a_figure.png"))
    dataset.save(figure)
    assert b"<svg" in dataset.load()
    assert (tmp_path / "a_figure.png").read_bytes().startswith(b"\x89PNG")


def _pool(folder: Path, value: float = 0.5) -> LabelledPool:
    def saved(name: str, array: np.ndarray) -> np.ndarray:
        dataset = NumpyDataset(filepath=str(folder / f"{name}.npy"))
        dataset.save(array)
        return dataset.load()

    rng = np.random.default_rng(0)
    return LabelledPool(
        saved("images", rng.integers(0, 256, (6, 2, 2, 1)).astype(np.uint8)),
        saved("labels", np.arange(6) % 2),
        saved("adversarial", np.full((3, 2, 2, 1), value, np.float32)),
        np.array([0, 1, 0]),
        np.array(["fgsm", "bim", "bim"]),
        np.array([4, 0, 2]),
    )


def test_a_pool_indexes_across_its_parts_without_copying_them(tmp_path: Path) -> None:
    pool = _pool(tmp_path)
    everything = pool[:]
    assert everything.dtype == np.float32
    np.testing.assert_array_equal(everything[:6], pool.clean_images[:])
    np.testing.assert_array_equal(everything[6:], pool.adversarial_images[:])
    np.testing.assert_array_equal(pool[np.array([7, 0, 8])], everything[[7, 0, 8]])
    assert pool.labels.tolist() == [0, 1, 0, 1, 0, 1, 0, 1, 0]
    assert pool.is_adversarial.tolist() == [False] * 6 + [True] * 3


def test_a_pool_survives_its_manifest_and_refuses_other_images(tmp_path: Path) -> None:
    pool = _pool(tmp_path)
    dataset = PoolDataset(filepath=str(tmp_path / "pool.json"))
    dataset.save(pool)
    loaded = dataset.load()
    assert loaded.fingerprint == pool.fingerprint
    np.testing.assert_array_equal(loaded[:], pool[:])
    assert loaded.sources.tolist() == [4, 0, 2]
    assert isinstance(loaded.adversarial_images, np.memmap)

    _pool(tmp_path)  # the same content written again is still the same pool
    assert dataset.load().fingerprint == pool.fingerprint
    _pool(tmp_path, value=0.75)
    with pytest.raises(DatasetError, match="other images or labels"):
        dataset.load()
    (tmp_path / "labels.npy").unlink()
    with pytest.raises(DatasetError, match=r"labels\.npy.*gone"):
        dataset.load()


def test_the_manifest_of_an_earlier_version_is_told_as_such(tmp_path: Path) -> None:
    dataset = PoolDataset(filepath=str(tmp_path / "pool.json"))
    dataset.save(_pool(tmp_path))
    path = tmp_path / "pool.json"
    manifest = json.loads(path.read_text())
    del manifest["sources"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(DatasetError, match=r"sources.*Run the attack stage again"):
        dataset.load()


def test_a_pool_of_arrays_in_memory_cannot_be_a_manifest(tmp_path: Path) -> None:
    pool = LabelledPool(
        np.zeros((1, 2, 2, 1)), np.zeros(1, int), np.zeros((0, 2, 2, 1)), np.zeros(0, int), np.empty(0, str),
        np.zeros(0, int),
    )  # fmt: skip
    with pytest.raises(DatasetError, match="memory-mapped"):
        PoolDataset(filepath=str(tmp_path / "pool.json")).save(pool)


def test_data_sets_pickle(tmp_path: Path) -> None:
    for kind in (NumpyDataset, AtomicJSONDataset, FigureDataset, PoolDataset, StoreDataset):
        dataset = kind(filepath=str(tmp_path / "x"))
        assert str(pickle.loads(pickle.dumps(dataset))) == str(dataset)


def test_text_files_lie_in_one_folder_by_name(tmp_path: Path) -> None:
    dataset = TextFilesDataset(filepath=str(tmp_path / "tables"))
    assert not dataset.exists()
    dataset.save({"main.csv": "a,b\n", "main.md": "µ"})
    dataset.save({"main.md": "ε"})
    assert dataset.load() == {"main.csv": "a,b\n", "main.md": "ε"}
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == ["main.csv", "main.md"]


@pytest.mark.parametrize("place", ["local", "remote"])
def test_a_file_there_is_no_reason_for_is_taken_away(place: str, tmp_path: Path, remote: str) -> None:
    folder = remote if place == "remote" else str(tmp_path)
    dataset = OptionalDataset(
        filepath=f"{folder}/06_models/card.md", dataset=f"{AtomicTextDataset.__module__}.AtomicTextDataset"
    )
    dataset.save([])
    assert dataset.load() == []
    dataset.save(["a card"])
    assert dataset.exists()
    assert dataset.load() == ["a card"]
    with pytest.raises(DatasetError, match=r"card\.md holds one at most, got 2"):
        dataset.save(["one", "two"])
    dataset.save([])
    assert not dataset.exists()
    assert dataset.load() == []
