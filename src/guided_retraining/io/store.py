"""The store of finished pieces of work, as a catalog entry."""

from __future__ import annotations

from typing import NoReturn

from kedro.io import DatasetError

from guided_retraining.io.target import TargetDataset
from guided_retraining.storage.store import Store


class StoreDataset(TargetDataset[NoReturn, Store]):
    """A handle on a :class:`~guided_retraining.storage.store.Store`; its node reads and puts pieces by itself.

    Args:
        filepath: the store's folder, or a URL.
        metadata: for Kedro-Viz and other plugins.
    """

    def load(self) -> Store:
        """The handle."""
        return Store(self._filepath)

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Pieces are put through the handle."""
        raise DatasetError(
            f"{self._filepath} is filled piece by piece through its handle, not saved as a whole"
        )

    def _exists(self) -> bool:
        return True
