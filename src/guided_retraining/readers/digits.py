"""The 1,797 handwritten digits that scikit-learn carries: nothing to download."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from guided_retraining.readers.arrays import Size, resized
from guided_retraining.readers.dataset import RawDataset, RawSplit

# The images count dark pixels in 4x4 blocks: 0..16 (scikit-learn's "Optical recognition of digits").
LARGEST = 16


def read_digits(path: Path | None = None, *, size: Size | None = None, grey: bool = False) -> RawDataset:  # noqa: ARG001
    """The 8x8 digits of ``sklearn.datasets.load_digits``.

    Args:
        path: not used: the images come with scikit-learn.
        size: height and width in pixels to resize to; None keeps 8x8.
        grey: no effect here: the images have one channel.

    Returns:
        1,797 images ``(n, 8, 8, 1)`` float32 in [0, 1]; no official test set.

    >>> digits = read_digits()
    >>> digits.train.images.shape, digits.test
    ((1797, 8, 8, 1), None)
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    scaled = (images / LARGEST).astype(np.float32).reshape(-1, 8, 8, 1)
    return RawDataset(
        RawSplit(resized(scaled, size), labels.astype(np.int64)),
        None,
        tuple(str(digit) for digit in range(10)),
    )
