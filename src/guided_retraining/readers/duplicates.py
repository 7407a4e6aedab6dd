"""Near-duplicates between two sets of images: a test image the model has all but seen in training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.images import ImageArray, blocks

GRID = 8  # images are compared as GRID x GRID means first
BLOCK_BYTES = 32 * 2**20
REFINED_AT_A_TIME = 64
SLACK = 1e-5  # of the squared norms: what float32 loses in |a|^2 + |b|^2 - 2ab


def near_duplicates(images_a: ImageArray, images_b: ImageArray, *, threshold: float) -> NDArray[np.int64]:
    """For each image of b its nearest image of a, where the two differ by no more than a threshold.

    The search is exact: means over cells of an 8x8 grid can only bring two images nearer, so a pair whose
    means are further apart than the threshold is ruled out without a look at its pixels.

    Args:
        images_a: ``(n, h, w, c)`` image array, float32 in [0, 1].
        images_b: ``(m, h, w, c)`` image array, float32 in [0, 1].
        threshold: largest root-mean-square difference over all pixels and channels, 0 to 1; 0 finds equal
            images.

    Returns:
        ``(p, 2)`` int64 positions in a and b, nearest pairs first.

    Raises:
        InputError: images of different shapes.
        ParameterError: a threshold outside 0..1.

    >>> a = np.linspace(0, 1, 4, dtype=np.float32).reshape(4, 1, 1, 1)
    >>> near_duplicates(a, a[2:3] + np.float32(0.01), threshold=0.02).tolist()
    [[2, 0]]
    """
    if tuple(images_a.shape[1:]) != tuple(images_b.shape[1:]) or len(images_a.shape) != 4:
        raise InputError(
            f"expected two arrays (n, h, w, c) of one image shape, got {images_a.shape}, {images_b.shape}"
        )
    if not 0 <= threshold <= 1:
        raise ParameterError(
            f"threshold: expected a root-mean-square difference from 0 to 1, got {threshold!r}"
        )
    if not len(images_a) or not len(images_b):
        return np.empty((0, 2), np.int64)
    pixels = int(np.prod(images_a.shape[1:]))
    limit = float(threshold) ** 2 * pixels  # on the sum of squares
    means_a, means_b = cell_means(images_a), cell_means(images_b)
    centre = means_a.mean(axis=0)  # small numbers lose less in the product below
    means_a -= centre
    means_b -= centre
    norms_a, norms_b = (np.einsum("ij,ij->i", means, means) for means in (means_a, means_b))
    turned = -2 * means_a.T
    pairs: list[tuple[float, int, int]] = []
    for block in blocks(len(means_b), 4 * len(means_a), BLOCK_BYTES):
        bounds = means_b[block] @ turned
        bounds += norms_a
        bounds += (norms_b[block] * (1 - SLACK))[:, None]
        limits = limit + SLACK * norms_a.max()
        for row in np.flatnonzero(bounds.min(axis=1) <= limits):
            found = _nearest(
                images_a, images_b[block.start + row : block.start + row + 1], bounds[row], limit
            )
            if found is not None:
                pairs.append((*found, block.start + int(row)))
    pairs.sort()
    return np.array([(a, b) for _, a, b in pairs], np.int64).reshape(-1, 2)


def _nearest(
    images_a: ImageArray, image: NDArray[np.float32], bounds: NDArray[np.float32], limit: float
) -> tuple[float, int] | None:
    """The nearest image by its pixels, best bounds first, until no bound left can beat it."""
    slack = SLACK * float(np.abs(bounds).max())
    candidates = np.flatnonzero(bounds <= limit + slack)
    candidates = candidates[np.argsort(bounds[candidates], kind="stable")]
    best: tuple[float, int] | None = None
    for part in blocks(len(candidates), 1, REFINED_AT_A_TIME):
        chosen = candidates[part]
        if best is not None and bounds[chosen[0]] - slack > best[0]:
            break
        difference = (images_a[chosen] - image).reshape(len(chosen), -1)
        distances = np.einsum("ij,ij->i", difference, difference, dtype=np.float64)
        nearest = int(distances.argmin())
        if distances[nearest] <= limit * (1 + 1e-6) and (best is None or distances[nearest] < best[0]):
            best = float(distances[nearest]), int(chosen[nearest])
    return best


def cell_means(images: ImageArray) -> NDArray[np.float32]:
    """Means over a grid of cells, scaled so that no two are further apart than their images.

    Args:
        images: ``(n, h, w, c)`` image array, float32 in [0, 1].

    Returns:
        ``(n, cells)`` float32: each cell's sum over its pixels and channels, divided by the root of their
        number (Cauchy-Schwarz: its squared difference is at most the sum of the pixels' squared differences).
    """
    n, height, width, channels = images.shape
    tops, lefts = (np.unique(np.arange(GRID) * side // GRID) for side in (height, width))
    counts = np.outer(np.diff([*tops, height]), np.diff([*lefts, width])) * channels
    means = np.empty((n, counts.size), np.float32)
    for block in blocks(n, 4 * height * width * channels):
        grey = images[block].sum(axis=3)
        sums = np.add.reduceat(np.add.reduceat(grey, tops, axis=1), lefts, axis=2)
        means[block] = (sums / np.sqrt(counts)).reshape(len(sums), -1)
    return means
