"""Keras models in ``.keras`` files."""

from __future__ import annotations

from typing import Any

from guided_retraining.io.target import TargetDataset
from guided_retraining.models.identity import (
    UnloadedModel,
    model_fingerprint,
    note_fingerprint,
    noted_fingerprint,
)
from guided_retraining.storage.copies import local_path
from guided_retraining.storage.files import atomic_path


class KerasModelDataset(TargetDataset[Any, Any]):
    """A ``.keras`` file, written whole or not at all, loaded without running code from it (``safe_mode``).

    Args:
        filepath: the file, or a URL.
        metadata: for Kedro-Viz and other plugins.
    """

    def save(self, data: Any) -> None:
        """Write architecture and weights."""
        with atomic_path(self._filepath) as temporary:
            data.save(temporary)
            note_fingerprint(temporary)

    def load(self) -> Any:
        """The model, not compiled."""
        from guided_retraining.models.loading import load_model

        if not self._exists():
            raise FileNotFoundError(f"there is no {self._filepath}; run the training stage first")
        return load_model(local_path(self._filepath))

    def unloaded(self) -> UnloadedModel:
        """What stands for the model; it is loaded only where another program wrote the file."""
        noted = noted_fingerprint(local_path(self._filepath))
        return UnloadedModel(noted or model_fingerprint(self.load()))
