"""Several text files in one folder, behind one catalog entry."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset

from guided_retraining.storage.copies import local_path
from guided_retraining.storage.files import atomic_path
from guided_retraining.storage.objects import names
from guided_retraining.storage.targets import as_target, join


class TextFilesDataset(AbstractDataset[Mapping[str, str], dict[str, str]]):
    """Text files by name; each is written whole or not at all, others in the folder are left as they are.

    Args:
        filepath: the folder, or a URL.
        metadata: for Kedro-Viz and other plugins.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._target = as_target(filepath)
        self.metadata = metadata

    def save(self, data: Mapping[str, str]) -> None:
        """Write each text under its name, as UTF-8."""
        for name, text in data.items():
            with atomic_path(join(self._target, name)) as temporary:
                temporary.write_text(text, encoding="utf-8")

    def load(self) -> dict[str, str]:
        """The text of every file of the folder."""
        return {name: local_path(join(self._target, name)).read_text("utf-8") for name in self._names()}

    def _names(self) -> list[str]:
        folder = self._target
        return (
            sorted(path.name for path in folder.glob("[!.]*")) if isinstance(folder, Path) else names(folder)
        )

    def _exists(self) -> bool:
        return bool(self._names())

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._target)}
