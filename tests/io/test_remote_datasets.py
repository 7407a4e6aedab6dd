"""Catalog data sets behind a URL do what they do in a folder."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from kedro.io import DataCatalog, DatasetError

from guided_retraining.images.arrays import UnitImages
from guided_retraining.images.pool import LabelledPool
from guided_retraining.io.arrays import NumpyDataset
from guided_retraining.io.atomic import (
    AtomicJSONDataset,
    AtomicParquetDataset,
    AtomicTextDataset,
)
from guided_retraining.io.figure import FigureDataset
from guided_retraining.io.model import KerasModelDataset
from guided_retraining.io.pool import PoolDataset
from guided_retraining.io.raw import RawFolderDataset
from guided_retraining.io.store import StoreDataset
from guided_retraining.io.texts import TextFilesDataset
from guided_retraining.storage import copies
from guided_retraining.storage.files import atomic_path


def test_images_are_mapped_from_a_local_copy(remote: str) -> None:
    dataset = NumpyDataset(filepath=f"{remote}/images.npy")
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"memory://study/images.npy is not there; run the stage"):
        dataset.load()
    stored = np.arange(18, dtype=np.uint8).reshape(2, 3, 3, 1)
    dataset.save(UnitImages(stored))
    assert dataset.exists()
    loaded = dataset.load()
    assert isinstance(loaded.stored, np.memmap)
    np.testing.assert_array_equal(loaded.stored, stored)
    assert len(dataset.preview()) > 100


def test_a_failed_save_keeps_the_old_object(remote: str) -> None:
    class Breaking:
        shape, dtype = (10, 1, 1, 1), np.dtype(np.float32)

        def __len__(self) -> int:
            return 10

        def __getitem__(self, index: object) -> np.ndarray:
            raise RuntimeError("the source went away")

    dataset = NumpyDataset(filepath=f"{remote}/images.npy")
    dataset.save(np.ones(3))
    with pytest.raises(DatasetError, match="went away"):
        dataset.save(Breaking())
    np.testing.assert_array_equal(dataset.load(), np.ones(3))
    assert list(MemoryFileSystem.store) == ["/study/images.npy"]


def test_a_damaged_object_is_named_by_its_url(remote: str) -> None:
    with atomic_path(f"{remote}/images.npy") as temporary:
        temporary.write_bytes(b"no array")
    with pytest.raises(DatasetError, match=r"memory://study/images.npy is damaged .*Delete it"):
        NumpyDataset(filepath=f"{remote}/images.npy").load()


def test_kedros_own_data_sets_leave_no_half_object(remote: str) -> None:
    """Kedro opens the object itself: what it had written when the error came would stay."""
    notes = AtomicJSONDataset(filepath=f"{remote}/a.json", save_args={"indent": 1})
    notes.save({"a": 1})
    with pytest.raises(DatasetError):
        notes.save({"a": object()})
    assert notes.load() == {"a": 1}
    assert "1" in notes.preview()
    table = AtomicParquetDataset(filepath=f"{remote}/deep/a.parquet")
    table.save(pd.DataFrame({"n": [1, 2]}))
    with pytest.raises(DatasetError):
        table.save(pd.DataFrame({"n": [1, object()]}))
    assert table.load()["n"].tolist() == [1, 2]
    assert table.preview(nrows=1)["data"] == [[1]]
    text = AtomicTextDataset(filepath=f"{remote}/a.html")
    assert not text.exists()
    text.save("<p>")
    assert text.exists()
    assert text.load() == "<p>"
    assert sorted(MemoryFileSystem.store) == ["/study/a.html", "/study/a.json", "/study/deep/a.parquet"]
    assert text.filepath == f"{remote}/a.html"
    assert f"{remote}/a.html" in str(text)


def test_credentials_in_an_entry_are_refused_where_they_would_do_nothing(remote: str) -> None:
    with pytest.raises(DatasetError, match=r"credentials of a URL belong into fsspec's own configuration"):
        AtomicJSONDataset(filepath=f"{remote}/a.json", credentials={"key": "k"})


def test_figures_are_kept_as_png_and_svg(remote: str) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2])
    dataset = FigureDataset(filepath=f"{remote}/a_figure.png")
    dataset.save(figure)
    assert b"<svg" in dataset.load()
    assert len(dataset.preview()) > 1000
    assert sorted(MemoryFileSystem.store) == ["/study/a_figure.png", "/study/a_figure.svg"]


def test_text_files_come_back_by_name(remote: str) -> None:
    dataset = TextFilesDataset(filepath=f"{remote}/tables")
    assert not dataset.exists()
    dataset.save({"main.csv": "a,b\n", "main.md": "ε"})
    assert dataset.load() == {"main.csv": "a,b\n", "main.md": "ε"}
    assert sorted(MemoryFileSystem.store) == ["/study/tables/main.csv", "/study/tables/main.md"]


def test_a_model_comes_back(remote: str) -> None:
    from guided_retraining.machine.backend import keras

    model = keras.Sequential(
        [
            keras.Input((2, 2, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    dataset = KerasModelDataset(filepath=f"{remote}/model.keras")
    with pytest.raises(DatasetError, match=r"there is no memory://study/model.keras"):
        dataset.load()
    dataset.save(model)
    for loaded, saved in zip(dataset.load().get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(loaded, saved)


def _save(remote: str, name: str, array: np.ndarray) -> np.ndarray:
    dataset = NumpyDataset(filepath=f"{remote}/05/{name}.npy")
    dataset.save(array)
    return dataset.load()


def _pool(remote: str, value: float = 0.5) -> LabelledPool:
    rng = np.random.default_rng(0)
    return LabelledPool(
        _save(remote, "images", rng.integers(0, 256, (6, 2, 2, 1)).astype(np.uint8)),
        _save(remote, "labels", np.arange(6) % 2),
        _save(remote, "adversarial", np.full((3, 2, 2, 1), value, np.float32)),
        np.array([0, 1, 0]),
        np.array(["fgsm", "bim", "bim"]),
        np.array([4, 0, 2]),
    )


def test_a_pool_names_its_arrays_relative_to_itself_and_refuses_other_images(
    remote: str, monkeypatch
) -> None:
    pool = _pool(remote)
    dataset = PoolDataset(filepath=f"{remote}/pools/train_pool.json")
    assert not dataset.exists()
    dataset.save(pool)
    assert dataset.exists()
    manifest = json.loads(MemoryFileSystem.store["/study/pools/train_pool.json"].getvalue())
    assert manifest["files"]["clean_images"] == "../05/images.npy"

    loaded = dataset.load()
    assert "fingerprint" in loaded.__dict__, "known from the manifest, not hashed again"
    assert loaded.fingerprint == pool.fingerprint
    np.testing.assert_array_equal(loaded[:], pool[:])
    assert isinstance(loaded.adversarial_images, np.memmap)

    _pool(remote)  # the same content written again is still the same pool
    assert dataset.load().fingerprint == pool.fingerprint
    _pool(remote, value=0.75)
    with pytest.raises(DatasetError, match="other images or labels"):
        dataset.load()
    del MemoryFileSystem.store["/study/05/labels.npy"]
    with pytest.raises(DatasetError, match=r"memory://study/05/labels.npy.*gone"):
        dataset.load()


def test_a_pool_is_stamped_with_the_version_it_was_read_in(remote: str) -> None:
    pool = _pool(remote)
    _save(remote, "adversarial", np.full((3, 2, 2, 1), 0.75, np.float32))  # while the pool is being made
    dataset = PoolDataset(filepath=f"{remote}/05/train_pool.json")
    dataset.save(pool)
    with pytest.raises(DatasetError, match="other images or labels"):
        dataset.load()


def test_a_moved_prefix_keeps_its_pools(remote: str) -> None:
    pool = _pool(remote)
    PoolDataset(filepath=f"{remote}/05/train_pool.json").save(pool)
    for name in list(MemoryFileSystem.store):
        MemoryFileSystem.store[name.replace("/study/", "/moved/")] = MemoryFileSystem.store.pop(name)
    loaded = PoolDataset(filepath="memory://moved/05/train_pool.json").load()
    np.testing.assert_array_equal(loaded[:], pool[:])


def test_a_pool_behind_a_url_names_no_local_arrays(remote: str, tmp_path: Path) -> None:
    pool = _pool(str(tmp_path))
    with pytest.raises(DatasetError, match=r"cannot name .*images.npy, which only this machine has"):
        PoolDataset(filepath=f"{remote}/train_pool.json").save(pool)
    local = PoolDataset(filepath=str(tmp_path / "train_pool.json"))
    local.save(_pool(remote))
    assert len(local.load()) == 9, "the other way round works"


def test_a_second_load_fetches_nothing(remote: str, monkeypatch) -> None:
    PoolDataset(filepath=f"{remote}/05/train_pool.json").save(_pool(remote))
    first = PoolDataset(filepath=f"{remote}/05/train_pool.json").load()
    monkeypatch.setattr(copies, "download", lambda url, path: pytest.fail(f"{url} was fetched twice"))
    second = PoolDataset(filepath=f"{remote}/05/train_pool.json").load()
    np.testing.assert_array_equal(first[:], second[:])


def test_a_store_is_a_handle_on_the_url(remote: str) -> None:
    store = StoreDataset(filepath=f"{remote}/cells").load()
    store.put("a", {"x": 1})
    assert list(MemoryFileSystem.store) == ["/study/cells/a.json"]


def test_raw_files_are_local(remote: str) -> None:
    with pytest.raises(DatasetError, match=r"s3://bucket/raw: raw files are read from a folder .*`raw`"):
        RawFolderDataset(filepath="s3://bucket/raw").load()


def test_data_sets_pickle_and_tell_how_they_were_made(remote: str) -> None:
    for kind in (NumpyDataset, AtomicJSONDataset, FigureDataset, PoolDataset, StoreDataset):
        dataset = kind(filepath=f"{remote}/x")
        assert str(pickle.loads(pickle.dumps(dataset))) == str(dataset)
    entries = {
        "figure": {
            "type": "guided_retraining.io.figure.FigureDataset",
            "filepath": f"{remote}/a.png",
            "vector": False,
            "save_args": {"dpi": 150},
        }
    }
    assert DataCatalog.from_config(entries).to_config()[0]["figure"] == entries["figure"]
