"""What the data sets of one file or folder have in common: where it lies, whether it is there, what writes it."""

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


class AroundDataset(TargetDataset[_Saved, _Loaded]):
    """A data set whose files are those of another type of data set.

    Args:
        filepath: the path, or a URL.
        dataset: the other type, with its arguments but ``filepath``.
        metadata: for Kedro-Viz and other plugins.
    """

    def __init__(
        self, *, filepath: str, dataset: str | dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> None:
        super().__init__(filepath=filepath, metadata=metadata)
        self._dataset = {"type": dataset} if isinstance(dataset, str) else dict(dataset)

    def _at(self, name: str, filepath: str) -> AbstractDataset[Any, Any]:
        """The other data set of one file, under a name for its messages."""
        return AbstractDataset.from_config(name, {**self._dataset, "filepath": filepath})

    def _describe(self) -> dict[str, Any]:
        return {**super()._describe(), "dataset": self._dataset["type"]}
