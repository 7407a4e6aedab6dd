"""A file that a run may have no reason to write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from guided_retraining.io.target import AroundDataset
from guided_retraining.storage.objects import exists, remove


class OptionalDataset(AroundDataset[Sequence[Any], list[Any]]):
    """One file of another type of data set, or none.

    It is saved and loaded as a list of one, or of none. Saving none removes the file of an earlier run, which would say
    what is no longer so.

    Args:
        filepath: the file, or a URL.
        dataset: its type, with its arguments but ``filepath``.
        metadata: for Kedro-Viz and other plugins.
    """

    @property
    def filepath(self) -> str:
        """The file's path or URL."""
        return str(self._filepath)

    def save(self, data: Sequence[Any]) -> None:
        """Write the one, or see that there is no file."""
        if len(data) > 1:
            raise DatasetError(f"{self._filepath} holds one at most, got {len(data)}")
        for one in data:
            self._one().save(one)
        if not data:
            remove(self._filepath)

    def load(self) -> list[Any]:
        """The one, or nothing."""
        return [self._one().load()] if exists(self._filepath) else []

    def _one(self) -> AbstractDataset[Any, Any]:
        return self._at("optional", self.filepath)
