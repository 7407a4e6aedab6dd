"""Fetch a data set's published files."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from guided_retraining.machine.progress import Ticker
from guided_retraining.parameters.blocks import SourceParameters
from guided_retraining.readers.download import download

logger = logging.getLogger(__name__)


def fetch(raw: Path, source: SourceParameters, *, dataset: str) -> dict[str, Any]:
    """Fetch what is missing and verify all of it against the published checksums.

    Args:
        raw: the folder to put the files in.
        source: may name a mirror.
        dataset: which one.

    Returns:
        Names and sizes of the files.
    """
    with Ticker(f"downloading {dataset}", 1, unit="files") as ticker:

        def progress(file: str, done: int, size: int) -> None:
            ticker.tick(0, f"{file}: {done / 2**20:.0f} of {size / 2**20:.0f} MiB")

        files = download(dataset, raw, base_url=source.mirror, progress=progress)
    logger.info("%s: %d files in %s, all as published", dataset, len(files), raw)
    return {"files": {file.name: file.stat().st_size for file in files}}
