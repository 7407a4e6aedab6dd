"""Neuron coverage of single inputs: how much of a layer an input switches on, or drives where T never did."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.guidance.checks import check_activations, check_parameters
from guided_retraining.images.arrays import blocks


def neuron_coverage(activations: ArrayLike, threshold: float = 0.2) -> NDArray[np.float64]:
    """Share of a layer's neurons that are active, after scaling the layer to [0, 1] within each input.

    Args:
        activations: ``(n, d)`` real.
        threshold: in [0, 1]; a neuron is active if its scaled output is greater.

    Returns:
        ``(n,)`` float64 in [0, 1], multiples of 1/d; 0 for an input that drives all neurons alike.

    Raises:
        InputError: not finite ``(n, d)`` numbers.
        ParameterError: a threshold outside [0, 1].

    Source: Pei et al., "DeepXplore: automated whitebox testing of deep learning systems", SOSP 2017;
    the scaling within the layer is that of its implementation.

    >>> neuron_coverage([[0.0, 1.0, 2.0, 10.0], [3.0, 3.0, 3.0, 3.0]], threshold=0.15)
    array([0.5, 0. ])
    """
    a = check_activations(activations)
    check_parameters("neuron_coverage", threshold=threshold)
    scores = np.empty(len(a))
    for rows in blocks(len(a), a.shape[1] * 8, 2**22):
        block = a[rows].astype(np.float64)
        low = block.min(axis=1, keepdims=True)
        extent = block.max(axis=1, keepdims=True) - low
        block -= low
        block /= np.where(extent > 0, extent, 1.0)
        scores[rows] = np.count_nonzero(block > threshold, axis=1) / a.shape[1]
    return scores
