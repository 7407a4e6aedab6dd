"""Several text files in one folder, behind one catalog entry."""

from __future__ import annotations

from collections.abc import Mapping

from guided_retraining.io.target import TargetDataset
from guided_retraining.storage.copies import local_path
from guided_retraining.storage.files import atomic_path
from guided_retraining.storage.objects import names
from guided_retraining.storage.targets import join


class TextFilesDataset(TargetDataset[Mapping[str, str], dict[str, str]]):
    """Text files by name; each is written whole or not at all, others in the folder are left as they are.

    Args:
        filepath: the folder, or a URL.
        metadata: for Kedro-Viz and other plugins.
    """

    def save(self, data: Mapping[str, str]) -> None:
        """Write each text under its name, as UTF-8."""
        for name, text in data.items():
            with atomic_path(join(self._filepath, name)) as temporary:
                temporary.write_text(text, encoding="utf-8")

    def load(self) -> dict[str, str]:
        """The text of every file of the folder."""
        return {
            name: local_path(join(self._filepath, name)).read_text("utf-8") for name in names(self._filepath)
        }

    def _exists(self) -> bool:
        return bool(names(self._filepath))
