"""A folder of finished pieces of work, one small file each, named by the fingerprint of all they depend on.

This is what makes long stages resumable and never stale: a piece is looked up by what it was computed from, so a
changed parameter, input or model simply finds nothing, and a killed run finds all that was finished.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from guided_retraining.errors import DataFileError
from guided_retraining.files import atomic_path


class Store:
    """Finished pieces of work in a folder.

    Args:
        folder: made when the first piece is put.

    Pieces are dictionaries: of JSON values (kept as readable ``.json``) or of arrays and values (``.npz``).
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def get(self, key: str) -> dict[str, Any] | None:
        """The piece of that fingerprint, or None. A damaged file counts as none and is put aside."""
        for suffix, read in ((".json", _read_json), (".npz", _read_arrays)):
            path = self.folder / f"{key}{suffix}"
            if path.exists():
                try:
                    return read(path)
                except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile):
                    path.replace(path.with_suffix(".damaged"))
        return None

    def put(self, key: str, piece: Mapping[str, Any]) -> None:
        """Keep a piece; it is there whole, or not at all."""
        if any(isinstance(value, np.ndarray) for value in piece.values()):
            with atomic_path(self.folder / f"{key}.npz") as temporary, temporary.open("wb") as stream:
                arrays: dict[str, Any] = {name: _storable(name, value) for name, value in piece.items()}
                np.savez(stream, **arrays)
        else:
            with atomic_path(self.folder / f"{key}.json") as temporary:
                temporary.write_text(json.dumps(piece, sort_keys=True))

    def __contains__(self, key: str) -> bool:
        return any((self.folder / f"{key}{suffix}").exists() for suffix in (".json", ".npz"))

    def keys(self) -> set[str]:
        """The fingerprints of all pieces."""
        return {path.stem for path in self.folder.glob("[!.]*") if path.suffix in (".json", ".npz")}

    def __len__(self) -> int:
        return len(self.keys())


def _read_json(path: Path) -> dict[str, Any]:
    piece = json.loads(path.read_text())
    if not isinstance(piece, dict):
        raise ValueError(f"{path} holds no record")
    return piece


def _read_arrays(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _storable(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise DataFileError(f"a record's '{name}' holds Python objects; only numbers and text can be kept")
    return array
