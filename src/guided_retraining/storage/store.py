"""Finished pieces of work in one place, a small file each, named by the fingerprint of all they depend on.

This is what makes long stages resumable and never stale: a piece is looked up by what it was computed from, so a
changed parameter, input or model simply finds nothing, and a killed run finds all that was finished.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from guided_retraining.errors import DataFileError
from guided_retraining.storage.files import atomic_path
from guided_retraining.storage.objects import exists, names, read, rename
from guided_retraining.storage.targets import Target, as_target, join


class Store:
    """Finished pieces of work in a folder, or below a URL.

    Args:
        folder: made when the first piece is put; a path or a URL.

    Pieces are dictionaries: of JSON values (kept as readable ``.json``) or of arrays and values (``.npz``).
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = as_target(folder)

    def get(self, key: str) -> dict[str, Any] | None:
        """The piece of that fingerprint, or None. A damaged file counts as none and is put aside."""
        for suffix, parse in _PARSERS.items():
            path = join(self.folder, f"{key}{suffix}")
            stream = _opened(path)
            if stream is None:
                continue
            try:
                with stream:
                    return parse(stream)
            except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile):
                rename(path, f"{key}.damaged")
        return None

    def put(self, key: str, piece: Mapping[str, Any]) -> None:
        """Keep a piece; it is there whole, or not at all."""
        if any(isinstance(value, np.ndarray) for value in piece.values()):
            path = join(self.folder, f"{key}.npz")
            with atomic_path(path) as temporary, temporary.open("wb") as stream:
                arrays: dict[str, Any] = {name: _storable(name, value) for name, value in piece.items()}
                np.savez(stream, **arrays)
        else:
            with atomic_path(join(self.folder, f"{key}.json")) as temporary:
                temporary.write_text(json.dumps(piece, sort_keys=True))

    def __contains__(self, key: str) -> bool:
        return any(exists(join(self.folder, f"{key}{suffix}")) for suffix in _PARSERS)

    def keys(self) -> set[str]:
        """The fingerprints of all pieces."""
        return {Path(name).stem for name in names(self.folder) if Path(name).suffix in _PARSERS}

    def __len__(self) -> int:
        return len(self.keys())


def _opened(path: Target) -> IO[bytes] | None:
    if isinstance(path, Path):
        return path.open("rb") if path.exists() else None
    content = read(path)
    return None if content is None else io.BytesIO(content)


def _parse_json(stream: IO[bytes]) -> dict[str, Any]:
    piece = json.load(stream)
    if not isinstance(piece, dict):
        raise ValueError("no record")
    return piece


def _parse_arrays(stream: IO[bytes]) -> dict[str, Any]:
    with np.load(stream, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


_PARSERS = {".json": _parse_json, ".npz": _parse_arrays}


def _storable(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.hasobject:
        raise DataFileError(f"a record's '{name}' holds Python objects; only numbers and text can be kept")
    return array
