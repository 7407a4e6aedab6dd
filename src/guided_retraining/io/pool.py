"""A pool of clean and adversarial images as a short JSON file that names the arrays it is made of."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import AbstractDataset, DatasetError

from guided_retraining.files import atomic_path
from guided_retraining.images import UnitImages
from guided_retraining.io.arrays import open_array
from guided_retraining.pool import LabelledPool

_ARRAYS = ("clean_images", "clean_labels", "adversarial_images")
_SMALL = ("adversarial_labels", "attacks", "sources")


class PoolDataset(AbstractDataset[LabelledPool, LabelledPool]):
    """A manifest: file names relative to it, the small columns, and the fingerprint of the whole.

    The images stay in the ``.npy`` files they were saved in; nothing is copied. Loading checks that these files are
    still those of the manifest (size and time of change), so that a pool never mixes old and new images.

    Args:
        filepath: the manifest.
        metadata: for Kedro-Viz and other plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def save(self, data: LabelledPool) -> None:
        """Write the manifest of a pool whose arrays are memory-mapped files."""
        files = {name: _file_of(getattr(data, name), name) for name in _ARRAYS}
        manifest = {
            "files": {name: _relative(path, self._filepath.parent) for name, path in files.items()},
            "stamps": {name: _stamp(path) for name, path in files.items()},
            "fingerprint": data.fingerprint,
            **{name: np.asarray(getattr(data, name)).tolist() for name in _SMALL},
        }
        with atomic_path(self._filepath) as temporary:
            temporary.write_text(json.dumps(manifest))

    def load(self) -> LabelledPool:
        """The pool, its arrays memory-mapped."""
        manifest = json.loads(self._filepath.read_text())
        arrays: dict[str, Any] = {}
        unchanged = True
        for name, relative in manifest["files"].items():
            path = (self._filepath.parent / relative).resolve()
            if not path.exists():
                raise DatasetError(
                    f"{path}, named in {self._filepath}, is gone; run the stage that makes it again"
                )
            unchanged &= _stamp(path) == manifest["stamps"][name]
            arrays[name] = open_array(path)
        pool = LabelledPool(
            **arrays,
            adversarial_labels=np.asarray(manifest["adversarial_labels"], np.int64),
            attacks=np.asarray(manifest["attacks"], np.str_),
            sources=np.asarray(manifest["sources"], np.int64),
        )
        if unchanged:
            pool.__dict__["fingerprint"] = manifest[
                "fingerprint"
            ]  # known; hashing all images again would be waste
        elif pool.fingerprint != manifest["fingerprint"]:
            raise DatasetError(
                f"{self._filepath} was made from other images or labels than those there now; "
                "run the attack stage again (it resumes where it can)"
            )
        return pool

    def _exists(self) -> bool:
        return self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def _file_of(array: Any, name: str) -> Path:
    stored = array.stored if isinstance(array, UnitImages) else array
    filename = getattr(stored, "filename", None)
    if filename is None:
        raise DatasetError(
            f"a pool's {name} must be a memory-mapped catalog array, found {type(stored).__name__}"
        )
    return Path(filename).resolve()


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder.resolve())).as_posix()


def _stamp(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]
