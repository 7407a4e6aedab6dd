"""Right or wrong of each test image, unpacked: replicates x images."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.errors import InputError
from guided_retraining.evaluation.curves import cell

__all__ = ["right_of"]

EVERY_IMAGE = "clean"  # the kind measured on all test images; others on those at the positions `attacked`


def right_of(
    correctness: pd.DataFrame,
    kind: str,
    configuration: str | None,
    metric: str | None,
    n_inputs: int,
    n_test: int,
) -> pd.DataFrame | None:
    """Which test images the models of a cell get right.

    Args:
        correctness: ``configuration, metric, seed, n_inputs`` and packed bits ``right_<kind>``; ``attacked`` holds
            the int32 positions of the images that kinds other than ``clean`` were measured on.
        kind: of accuracy: ``clean``, ``robust`` or ``unseen``.
        configuration: of the cell; None for the original model.
        metric: of the cell; None for the whole pool and the original model.
        n_inputs: of the cell.
        n_test: clean test images.

    Returns:
        A row for each replicate, a column for each test image: 1 right, 0 wrong, NaN not measured in that replicate.
        None where the kind or the cell is missing.

    Raises:
        InputError: fewer bits than images.
    """
    column = f"right_{kind}"
    if column not in correctness:
        return None
    rows = cell(correctness, configuration, metric, n_inputs).dropna(subset=[column])
    if rows.empty:
        return None
    right = np.full((len(rows), n_test), np.nan)
    for place, (_, row) in enumerate(rows.iterrows()):
        images = np.arange(n_test) if kind == EVERY_IMAGE else np.frombuffer(row["attacked"], dtype="<i4")
        right[place, images] = _unpacked(row[column], len(images), column)
    return pd.DataFrame(right, index=rows.index)


def _unpacked(bits: bytes, n: int, column: str) -> NDArray[np.uint8]:
    packed = np.frombuffer(bits, dtype=np.uint8)
    if 8 * len(packed) < n or 8 * len(packed) >= n + 8:
        raise InputError(
            f"Correctness: {column} holds {len(packed)} bytes, expected {-(-n // 8)} for {n} test images; the table "
            "and the test images are of different runs."
        )
    return np.unpackbits(packed, count=n)
