"""The folder of a data set's raw files."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from kedro.io import DatasetError

from guided_retraining.io.target import TargetDataset


class RawFolderDataset(TargetDataset[NoReturn, Path]):
    """The folder as a path: the reader named in the parameters knows which files to look for in it.

    Args:
        filepath: the folder, a local one; it need not exist for data sets that are embedded or lie elsewhere.
        metadata: for Kedro-Viz and other plugins.
    """

    def load(self) -> Path:
        """The folder's path."""
        if not isinstance(self._filepath, Path):
            raise DatasetError(
                f"{self._filepath}: raw files are read from a folder of this machine, not from a URL; "
                "set `raw` in conf/local/globals.yml to the folder they are in"
            )
        return self._filepath

    def save(self, data: NoReturn) -> None:  # noqa: ARG002
        """Raw data are never written by a pipeline."""
        raise DatasetError(f"{self._filepath} holds raw files; the pipelines only read them")

    def _exists(self) -> bool:
        return True
