"""Figures as files; apart from other files, so that whoever only reads a table loads no Matplotlib."""

from __future__ import annotations

from typing import Any

from kedro_datasets.matplotlib import MatplotlibDataset

from guided_retraining.io.atomic import AtomicMixin
from guided_retraining.storage.copies import local_path
from guided_retraining.storage.files import atomic_path
from guided_retraining.storage.targets import with_suffix


class FigureDataset(AtomicMixin, MatplotlibDataset):
    """A figure as PNG for people and, where it consists of lines, as SVG beside it for the report.

    Args:
        vector: whether the SVG is written too, and loaded rather than the PNG.
        arguments: those of Kedro's Matplotlib data set.
    """

    def __init__(self, *, vector: bool = True, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._vector = with_suffix(self._target, ".svg") if vector else None

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
        return local_path(self._vector or self._target).read_bytes()
