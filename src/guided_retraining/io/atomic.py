"""Kedro's own data sets, made atomic: saved under a temporary name, then renamed or uploaded."""

from __future__ import annotations

import contextvars
from pathlib import Path, PurePosixPath
from typing import Any

from kedro.io import DatasetError
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import ParquetDataset
from kedro_datasets.text import TextDataset

from guided_retraining.storage.copies import local_path
from guided_retraining.storage.files import atomic_path
from guided_retraining.storage.objects import exists
from guided_retraining.storage.targets import as_target

_save_path: contextvars.ContextVar[Path | None] = contextvars.ContextVar("atomic save path", default=None)


class AtomicMixin:
    """Redirects a data set's save to a temporary path and renames it afterwards.

    Kedro's part sees local files only: its own save opens the object itself, and what was written when an error came
    would become the object.

    Args:
        filepath: the file, or a URL.
        arguments: those of Kedro's data set.
    """

    _filepath: PurePosixPath

    def __init__(self, *, filepath: str, **arguments: Any) -> None:
        self._target = as_target(filepath)
        remote = not isinstance(self._target, Path)
        refused = sorted({"credentials", "fs_args"} & set(arguments)) if remote else []
        if refused:
            raise DatasetError(
                f"{filepath}: {' and '.join(refused)} of a URL belong into fsspec's own configuration, "
                "where all data sets and stores find them; see docs/scaling.md"
            )
        super().__init__(filepath="remote" if remote else filepath, **arguments)  # type: ignore[call-arg]
        if remote:
            self._filepath = PurePosixPath(self.filepath)

    @property
    def filepath(self) -> str:
        """The file's path or URL."""
        return str(self._filepath) if isinstance(self._target, Path) else self._target

    def save(self, data: Any) -> None:
        with atomic_path(self._target) as temporary:
            token = _save_path.set(temporary)
            try:
                super().save(data)  # type: ignore[misc]
            finally:
                _save_path.reset(token)

    def _get_save_path(self) -> PurePosixPath:
        path = _save_path.get()
        return PurePosixPath(path) if path is not None else self._filepath

    def _get_load_path(self) -> PurePosixPath:
        return PurePosixPath(local_path(self._target))

    def _exists(self) -> bool:
        return exists(self._target)

    def _describe(self) -> dict[str, Any]:
        return {**super()._describe(), "filepath": self.filepath}  # type: ignore[misc]

    def _init_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super()._init_config()  # type: ignore[misc]
        return {**config, **config.pop("arguments", {})}


class AtomicJSONDataset(AtomicMixin, JSONDataset):
    """A JSON file."""


class AtomicParquetDataset(AtomicMixin, ParquetDataset):
    """A table."""


class AtomicTextDataset(AtomicMixin, TextDataset):
    """A text file, for example the report."""
