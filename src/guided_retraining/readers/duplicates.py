"""Near-duplicates between two sets of images: a test image the model has all but seen in training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.images.arrays import ImageArray, blocks

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
        InputError: images of different shapes, or not of floats.
        ParameterError: a threshold outside 0..1.

    >>> a = np.linspace(0, 1, 4, dtype=np.float32).reshape(4, 1, 1, 1)
    >>> near_duplicates(a, a[2:3] + np.float32(0.01), threshold=0.02).tolist()
    [[2, 0]]
    """
    if tuple(images_a.shape[1:]) != tuple(images_b.shape[1:]) or len(images_a.shape) != 4:
        raise InputError(
            f"expected two arrays (n, h, w, c) of one image shape, got {images_a.shape}, {images_b.shape}"
        )
    for images in (images_a, images_b):
        if np.dtype(images.dtype).kind != "f":
            raise InputError(
                f"expected float32 images in [0, 1], got {images.dtype}: wrap uint8 in UnitImages"
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
    order_a, along_a = _by_widest_spread(means_a, means_a)
    order_b, along_b = _by_widest_spread(means_b, means_a)
    means_a, means_b = means_a[order_a], means_b[order_b]
    norms_a, norms_b = (np.einsum("ij,ij->i", means, means) for means in (means_a, means_b))
    slack = SLACK * float(norms_a.max())
    reach = np.sqrt(limit + slack)
    pairs: list[tuple[float, int, int]] = []
    for block in blocks(len(means_b), 4 * len(means_a), BLOCK_BYTES):
        # No image of a outside this window is near enough: it is too far along that one direction alone.
        first, last = np.searchsorted(along_a, [along_b[block][0] - reach, along_b[block][-1] + reach])
        if first == last:
            continue
        bounds = means_b[block] @ (-2 * means_a[first:last].T)
        bounds += norms_a[first:last]
        limits = limit + slack - norms_b[block] * (1 - SLACK)
        for row in np.flatnonzero(bounds.min(axis=1) <= limits):
            position = int(order_b[block.start + row])
            lower = bounds[row] + norms_b[block.start + row] * (1 - SLACK)
            found = _nearest(
                images_a, order_a[first:last], images_b[position : position + 1], lower, limit, slack
            )
            if found is not None:
                pairs.append((*found, position))
    pairs.sort()
    return np.array([(a, b) for _, a, b in pairs], np.int64).reshape(-1, 2)


def _by_widest_spread(
    means: NDArray[np.float32], spread: NDArray[np.float32]
) -> tuple[NDArray[np.int64], Any]:
    """Order images along the direction in which ``spread`` varies most: that order, and the sorted places."""
    direction = np.linalg.eigh(spread.T @ spread)[1][:, -1]
    along = means @ direction
    order = np.argsort(along, kind="stable")
    return order, along[order]


def _nearest(
    images_a: ImageArray,
    positions: NDArray[np.int64],
    image: NDArray[np.float32],
    bounds: NDArray[np.float32],
    limit: float,
    slack: float,
) -> tuple[float, int] | None:
    """The nearest image by its pixels, best bounds first, until no bound left can beat it."""
    candidates = np.flatnonzero(bounds <= limit + slack)
    candidates = candidates[np.argsort(bounds[candidates], kind="stable")]
    best: tuple[float, int] | None = None
    for part in blocks(len(candidates), 1, REFINED_AT_A_TIME):
        if best is not None and bounds[candidates[part.start]] - slack > best[0]:
            break
        chosen = positions[candidates[part]]
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
