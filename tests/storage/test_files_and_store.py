"""Atomic files, fingerprints and the store of finished work."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from guided_retraining.errors import DataFileError
from guided_retraining.images.arrays import SelectedImages, UnitImages
from guided_retraining.storage.files import atomic_path
from guided_retraining.storage.fingerprint import fingerprint
from guided_retraining.storage.store import Store


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "a.txt"
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new"
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "new"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_files_are_readable_by_others_as_the_umask_says(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a") as temporary:
        temporary.write_text("x")
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~umask


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataFileError, match="cannot write"), atomic_path(tmp_path / "file" / "a.txt"):
        pass


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="space"), atomic_path(tmp_path / "a") as temporary:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())


def test_fingerprints_tell_content_shape_type_and_order_apart() -> None:
    array = np.arange(6, dtype=np.float32)
    distinct = [
        fingerprint(array),
        fingerprint(array.reshape(2, 3)),
        fingerprint(array.astype(np.float64)),
        fingerprint(array, 1),
        fingerprint(1, array),
        fingerprint([array.tolist()]),
        fingerprint("1"),
        fingerprint(1),
    ]
    assert len(set(distinct)) == len(distinct)
    assert fingerprint(array[::-1]) != fingerprint(array)
    assert fingerprint(array[::2]) == fingerprint(array[::2].copy())


def test_views_of_images_have_the_fingerprint_of_what_they_show() -> None:
    stored = np.random.default_rng(0).integers(0, 256, (9, 2, 2, 1)).astype(np.uint8)
    assert fingerprint(SelectedImages(stored, np.array([3, 1]))) == fingerprint(stored[[3, 1]])
    assert fingerprint(UnitImages(stored)) == fingerprint(stored)


@pytest.mark.parametrize("place", ["folder", "url"])
def test_records_and_arrays_are_found_again_by_key(
    place: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store = Store(tmp_path / "store" if place == "folder" else f"{request.getfixturevalue('remote')}/cells")
    assert store.get("a") is None
    assert store.keys() == set()
    store.put("a", {"accuracy": 0.5, "energy": None})
    store.put("b", {"images": np.eye(2), "name": np.array(["x"]), "seconds": 1.5})
    assert store.get("a") == {"accuracy": 0.5, "energy": None}
    piece = store.get("b")
    assert piece is not None
    np.testing.assert_array_equal(piece["images"], np.eye(2))
    assert float(piece["seconds"]) == 1.5
    assert store.keys() == {"a", "b"}
    assert len(store) == 2
    assert "a" in store
    assert "c" not in store


@pytest.mark.parametrize("damage", [b"", b'{"accuracy": 0.', b"[]", b"\x00\x01"])
def test_a_damaged_record_counts_as_none_and_is_put_aside(tmp_path: Path, damage: bytes) -> None:
    store = Store(tmp_path)
    for suffix in (".json", ".npz"):
        path = tmp_path / f"a{suffix}"
        path.write_bytes(damage)
        assert store.get("a") is None
        assert not path.exists()
    store.put("a", {"x": 1})
    assert store.get("a") == {"x": 1}
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": 1}


def test_objects_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="'bad'"):
        Store(tmp_path).put("a", {"ok": np.zeros(1), "bad": np.array([{}], dtype=object)})
    assert not list(tmp_path.iterdir())
