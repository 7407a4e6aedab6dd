"""What the data sets of one file or folder have in common: where it lies, and whether it is there."""

from __future__ import annotations

from typing import Any, TypeVar

from kedro.io import AbstractDataset

from guided_retraining.storage.objects import exists
from guided_retraining.storage.targets import as_target

_Saved = TypeVar("_Saved")
_Loaded = TypeVar("_Loaded")


class TargetDataset(AbstractDataset[_Saved, _Loaded]):
    """A data set of one file or folder, or of what lies behind one URL.

    Args:
        filepath: the path, or a URL.
        metadata: for Kedro-Viz and other plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = as_target(filepath)
        self.metadata = metadata

    def _exists(self) -> bool:
        return exists(self._filepath)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
