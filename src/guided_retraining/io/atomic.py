"""Kedro's own data sets, made atomic: saved under a temporary name beside the file, then renamed."""

from __future__ import annotations

import contextvars
from pathlib import Path, PurePosixPath
from typing import Any

from kedro_datasets.json import JSONDataset
from kedro_datasets.matplotlib import MatplotlibDataset
from kedro_datasets.pandas import ParquetDataset
from kedro_datasets.text import TextDataset

from guided_retraining.files import atomic_path

_save_path: contextvars.ContextVar[Path | None] = contextvars.ContextVar("atomic save path", default=None)


class _AtomicMixin:
    """Redirects a data set's save to a temporary path and renames it afterwards."""

    _filepath: PurePosixPath

    def save(self, data: Any) -> None:
        with atomic_path(Path(self._filepath)) as temporary:
            token = _save_path.set(temporary)
            try:
                super().save(data)  # type: ignore[misc]
            finally:
                _save_path.reset(token)

    def _get_save_path(self) -> PurePosixPath:
        path = _save_path.get()
        return PurePosixPath(path) if path is not None else self._filepath


class AtomicJSONDataset(_AtomicMixin, JSONDataset):
    """A JSON file."""


class AtomicParquetDataset(_AtomicMixin, ParquetDataset):
    """A table."""


class AtomicTextDataset(_AtomicMixin, TextDataset):
    """A text file, for example the report."""


class FigureDataset(_AtomicMixin, MatplotlibDataset):
    """A figure as PNG for people and, where it consists of lines, as SVG beside it for the report.

    Args:
        vector: whether the SVG is written too, and loaded rather than the PNG.
        arguments: those of Kedro's Matplotlib data set.
    """

    def __init__(self, *, vector: bool = True, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._vector = Path(self._filepath).with_suffix(".svg") if vector else None

    def save(self, data: Any) -> None:
        """Write the PNG, and the SVG."""
        super().save(data)
        if self._vector is not None:
            # Laid out for the PNG already; doing it again would be half of a save's time.
            data.set_layout_engine("none")
            with atomic_path(self._vector) as temporary:
                data.savefig(temporary, format="svg")

    def load(self) -> bytes:
        """The SVG's or the PNG's bytes."""
        return (self._vector or Path(self._filepath)).read_bytes()
