"""Metrics of the softmax outputs alone: how unsure the model is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError
from guided_retraining.guidance.checks import check_classes, check_probabilities
from guided_retraining.images.arrays import blocks


def deep_gini(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Gini impurity of the softmax outputs, 1 - sum p_i^2: 0 when sure, 1 - 1/k when all classes are equal.

    Args:
        probabilities: ``(n, k)`` in [0, 1], rows summing to 1.

    Returns:
        ``(n,)`` float64, higher = less sure.

    Raises:
        InputError: not probabilities.

    Source: Feng et al., "DeepGini: prioritizing massive tests to enhance the robustness of deep neural networks",
    ISSTA 2020.

    >>> deep_gini([[1.0, 0.0], [0.5, 0.5]])
    array([0. , 0.5])
    """
    p = check_probabilities(probabilities)
    return 1.0 - np.einsum("ij,ij->i", p, p, dtype=np.float64)


def softmax_entropy(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Shannon entropy of the softmax outputs in bits, -sum p_i log2 p_i.

    Args:
        probabilities: ``(n, k)`` in [0, 1], rows summing to 1.

    Returns:
        ``(n,)`` float64 in [0, log2 k], higher = less sure.

    Raises:
        InputError: not probabilities.

    Source: Shannon, "A mathematical theory of communication", 1948; as a test metric: Weiss and Tonella, "Simple
    techniques work surprisingly well for neural network test prioritization and active learning", ISSTA 2022.

    >>> softmax_entropy([[1.0, 0.0], [0.5, 0.5]])
    array([0., 1.])
    """
    p = check_probabilities(probabilities)
    scores = np.empty(len(p))
    for rows in blocks(len(p), p.shape[1] * 8):
        block = np.maximum(p[rows].astype(np.float64), 0.0)
        logs = np.log2(block, out=np.zeros_like(block), where=block > 0)
        scores[rows] = 0.0 - np.einsum("ij,ij->i", block, logs)
    return scores


def margin(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Nearness of the two likeliest classes, -(p1 - p2).

    Args:
        probabilities: ``(n, k)`` in [0, 1], rows summing to 1.

    Returns:
        ``(n,)`` float64 in [-1, 0], higher = less sure.

    Raises:
        InputError: not probabilities.

    Source: Scheffer, Decomain and Wrobel, "Active hidden Markov models for information extraction", IDA 2001.

    >>> margin([[0.75, 0.25], [0.5, 0.5]])
    array([-0.5,  0. ])
    """
    p = check_probabilities(probabilities)
    top = np.partition(p, p.shape[1] - 2, axis=1)[:, -2:].astype(np.float64)
    return top[:, 0] - top[:, 1]


def max_softmax(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Lack of confidence in the likeliest class, -max p_i.

    Args:
        probabilities: ``(n, k)`` in [0, 1], rows summing to 1.

    Returns:
        ``(n,)`` float64 in [-1, -1/k], higher = less sure.

    Raises:
        InputError: not probabilities.

    Source: Hendrycks and Gimpel, "A baseline for detecting misclassified and out-of-distribution examples
    in neural
    networks", ICLR 2017.

    >>> max_softmax([[0.75, 0.25]])
    array([-0.75])
    """
    return -check_probabilities(probabilities).max(axis=1, initial=-np.inf).astype(np.float64)


def cross_entropy_loss(probabilities: ArrayLike, labels: ArrayLike) -> NDArray[np.float64]:
    """The model's loss on each input, -ln p[label]: it uses the true labels, so it is an upper baseline.

    A stored probability of 0 counts as the smallest normal number of its dtype, so that no score is infinite.

    Args:
        probabilities: ``(n, k)`` in [0, 1], rows summing to 1.
        labels: ``(n,)`` integers in [0, k), the true classes.

    Returns:
        ``(n,)`` float64, higher = worse.

    Raises:
        InputError: not probabilities, or labels of another length or outside [0, k).

    >>> cross_entropy_loss([[1.0, 0.0], [0.5, 0.5]], [0, 1]).round(4)
    array([0.    , 0.6931])
    """
    p = check_probabilities(probabilities)
    y = check_classes(labels, len(p), "labels")
    if len(y) and not 0 <= y.min() <= y.max() < p.shape[1]:
        raise InputError(
            f"labels run from {y.min()} to {y.max()}; expected 0 to {p.shape[1] - 1}, as there "
            f"are {p.shape[1]} probabilities"
        )
    return 0.0 - np.log(np.maximum(p[np.arange(len(p)), y], np.finfo(p.dtype).tiny).astype(np.float64))
