"""A pool of clean and adversarial images as a short JSON file that names the arrays it is made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from kedro.io import DatasetError

from guided_retraining.images.arrays import UnitImages
from guided_retraining.images.pool import LabelledPool
from guided_retraining.io.arrays import open_array
from guided_retraining.io.target import TargetDataset
from guided_retraining.storage.copies import local_path, origin
from guided_retraining.storage.files import atomic_path
from guided_retraining.storage.objects import version
from guided_retraining.storage.targets import Target, folder_of, join, relative

_ARRAYS = ("clean_images", "clean_labels", "adversarial_images")
_SMALL = ("adversarial_labels", "attacks", "sources")


class PoolDataset(TargetDataset[LabelledPool, LabelledPool]):
    """A manifest: file names relative to it, the small columns, and the fingerprint of the whole.

    The images stay in the ``.npy`` files they were saved in; nothing is copied. Loading checks that these files are
    still those of the manifest (size and time of change, or an object's version), so that a pool never mixes old and
    new images.

    Args:
        filepath: the manifest, or a URL.
        metadata: for Kedro-Viz and other plugins.
    """

    def save(self, data: LabelledPool) -> None:
        """Write the manifest of a pool whose arrays are memory-mapped files."""
        files = {name: _file_of(getattr(data, name), name) for name in _ARRAYS}
        manifest = {
            "files": {name: self._name(path) for name, path in files.items()},
            "stamps": {name: _stamp(path) for name, path in files.items()},
            "fingerprint": data.fingerprint,
            **{name: np.asarray(getattr(data, name)).tolist() for name in _SMALL},
        }
        with atomic_path(self._filepath) as temporary:
            temporary.write_text(json.dumps(manifest))

    def load(self) -> LabelledPool:
        """The pool, its arrays memory-mapped."""
        manifest = json.loads(local_path(self._filepath).read_text())
        if missing := {"files", "stamps", "fingerprint", *_SMALL} - set(manifest):
            raise DatasetError(
                f"{self._filepath} says nothing of {', '.join(sorted(missing))}: an earlier version of this project "
                "made it. Run the attack stage again (it resumes where it can)"
            )
        arrays: dict[str, Any] = {}
        unchanged = True
        for name, written in manifest["files"].items():
            path = self._local(join(folder_of(self._filepath), written))
            unchanged &= _stamp(path) == manifest["stamps"][name]
            arrays[name] = open_array(path)
        pool = LabelledPool(
            **arrays,
            adversarial_labels=np.asarray(manifest["adversarial_labels"], np.int64),
            attacks=np.asarray(manifest["attacks"], np.str_),
            sources=np.asarray(manifest["sources"], np.int64),
        )
        if unchanged:
            # Known: hashing all images again would be waste.
            pool.__dict__["fingerprint"] = manifest["fingerprint"]
        elif pool.fingerprint != manifest["fingerprint"]:
            raise DatasetError(
                f"{self._filepath} was made from other images or labels than those there now; "
                "run the attack stage again (it resumes where it can)"
            )
        return pool

    def _name(self, path: Path) -> str:
        """What the manifest calls a file: relative to itself, so that a folder of both can be moved."""
        made_from = origin(path)
        target: Target = made_from.url if made_from else path
        name = relative(target, folder_of(self._filepath))
        if name is None and isinstance(target, Path):
            raise DatasetError(
                f"{self._filepath} cannot name {target}, which only this machine has; "
                "save the pool's arrays in the same storage"
            )
        return name or str(target)

    def _local(self, target: Target) -> Path:
        try:
            path = local_path(target).resolve()
        except FileNotFoundError:
            path = None
        if path is None or not path.exists():
            raise DatasetError(
                f"{path or target}, named in {self._filepath}, is gone; run the stage that makes it again"
            )
        return path


def _file_of(array: Any, name: str) -> Path:
    stored = array.stored if isinstance(array, UnitImages) else array
    filename = getattr(stored, "filename", None)
    if filename is None:
        raise DatasetError(
            f"a pool's {name} must be a memory-mapped catalog array, found {type(stored).__name__}"
        )
    return Path(filename).resolve()


def _stamp(path: Path) -> list[int] | str:
    """The version of a file, or of the object that it is a copy of: the one read here, whatever is there now."""
    made_from = origin(path)
    return made_from.version if made_from else version(path)
