"""All studies of an environment that are finished, as one catalog entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import PurePosixPath
from typing import Any, NoReturn

from kedro.io import AbstractDataset, DatasetError

from guided_retraining.io.target import TargetDataset
from guided_retraining.storage.objects import exists, names
from guided_retraining.storage.targets import Target, join

MARK = "*"  # where the name of the data set stands in a file's path
TYPES = {
    ".json": "guided_retraining.io.atomic.AtomicJSONDataset",
    ".npy": "guided_retraining.io.arrays.NumpyDataset",
    ".parquet": "guided_retraining.io.atomic.AtomicParquetDataset",
}

Study = Callable[[], dict[str, Any]]


class StudiesDataset(TargetDataset[NoReturn, dict[str, Study]]):
    """What the studies of several data sets left, as far as they are finished: each of whose files are all there.

    A node that takes it runs with whatever exists; the catalog's own entries would fail for the first study without an
    answer.

    Args:
        filepath: the folder that the studies lie in, or a URL.
        pieces: files by name, relative to it; ``*`` stands for the data set.
        metadata: for Kedro-Viz and other plugins.
    """

    def __init__(
        self, *, filepath: str, pieces: Mapping[str, str], metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(filepath=filepath, metadata=metadata)
        for path in pieces.values():
            parts = PurePosixPath(path)
            if MARK not in parts.parts or parts.suffix not in TYPES:
                raise DatasetError(
                    f"{path}: expected a folder '{MARK}' in place of the data set's name, and a file of "
                    f"{', '.join(TYPES)}"
                )
        self._pieces = dict(pieces)

    def load(self) -> dict[str, Study]:
        """What reads the pieces of each finished study, by data set; nothing is read yet."""
        return {name: partial(self._study, name) for name in self._finished()}

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Each study saves its own files."""
        raise DatasetError(
            f"{self._filepath} holds studies that other entries save; it is only read as a whole"
        )

    def _study(self, dataset: str) -> dict[str, Any]:
        return {piece: self._one(path, dataset).load() for piece, path in self._pieces.items()}

    def _one(self, path: str, dataset: str) -> AbstractDataset[Any, Any]:
        kind = {"type": TYPES[PurePosixPath(path).suffix], "filepath": str(self._target(path, dataset))}
        return AbstractDataset.from_config(f"{dataset}.{path}", kind)

    def _target(self, path: str, dataset: str) -> Target:
        return join(self._filepath, path.replace(MARK, dataset))

    def _finished(self) -> list[str]:
        first = next(iter(self._pieces.values()))
        found = names(join(self._filepath, first.partition(MARK)[0]))
        return [
            name
            for name in sorted(found)
            if all(exists(self._target(path, name)) for path in self._pieces.values())
        ]

    def _exists(self) -> bool:
        return bool(self._finished())
