"""Whether a model numbers the classes in another order than the images do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_order", "order_by_name"]


def best_order(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int
) -> tuple[NDArray[np.int64], float]:
    """The assignment of the model's classes to the images' that makes most predictions right.

    Args:
        labels: ``(n,)`` of the images.
        predicted: ``(n,)`` of the model.
        n_classes: of both.

    Returns:
        ``(n_classes,)`` the images' class for each of the model's, and the share that is right under it.

    >>> order, right = best_order(np.array([0, 0, 1, 2]), np.array([2, 2, 0, 1]), 3)
    >>> order.tolist(), right
    ([1, 2, 0], 1.0)
    """
    from scipy.optimize import linear_sum_assignment

    counts = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counts, (predicted, labels), 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return columns.astype(np.int64), float(counts[rows, columns].sum() / max(len(labels), 1))


def order_by_name(class_names: Sequence[str], order: NDArray[np.int64]) -> list[str]:
    """Class names in the model's order, as ``class_names`` takes them.

    >>> order_by_name(["a", "b", "c"], np.array([1, 2, 0]))
    ['b', 'c', 'a']
    """
    return [class_names[place] for place in order]
