"""What one forward pass leaves for the metrics: the pool's activations, probabilities and labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError


@dataclass(frozen=True, eq=False)
class Trace:
    """The original model's view of the pool P, whose first rows are the clean training set T.

    Args:
        activations: ``(n, d)`` float32, the last hidden dense layer's outputs; may be a memory map.
        probabilities: ``(n, k)`` float32, the softmax outputs; may be a memory map.
        labels: ``(n,)`` int64, the true classes.
        n_reference: rows [0, n_reference) are T, the reference of the surprise metrics; 1 <= n_reference <=
            n.

    Raises:
        InputError: the arrays' lengths differ, or ``n_reference`` is out of range.

    >>> trace = Trace(np.eye(3, dtype="f4"), np.eye(3, dtype="f4"), np.array([0, 1, 1]), n_reference=2)
    >>> trace.predictions, len(trace)
    (array([0, 1, 2]), 3)
    """

    activations: NDArray[Any]
    probabilities: NDArray[Any]
    labels: NDArray[Any]
    n_reference: int

    def __post_init__(self) -> None:
        n = len(self.activations)
        if self.activations.ndim != 2 or self.probabilities.ndim != 2 or self.labels.ndim != 1:
            raise InputError(
                f"a trace needs activations (n, d), probabilities (n, k) and labels (n,); got shapes "
                f"{self.activations.shape}, {self.probabilities.shape} and {self.labels.shape}"
            )
        if len(self.probabilities) != n or len(self.labels) != n:
            raise InputError(
                f"a trace needs equally many rows; got {n} activations, "
                f"{len(self.probabilities)} probabilities and {len(self.labels)} labels"
            )
        if not 1 <= self.n_reference <= n:
            raise InputError(f"n_reference is {self.n_reference}; expected 1 to {n}, the number of inputs")

    def __len__(self) -> int:
        return len(self.activations)

    @cached_property
    def predictions(self) -> NDArray[np.int64]:
        """The predicted classes, ``(n,)`` int64."""
        return np.asarray(np.argmax(self.probabilities, axis=1), dtype=np.int64)

    @property
    def reference(self) -> NDArray[Any]:
        """``(n_reference, d)``: T's activations."""
        return self.activations[: self.n_reference]

    @property
    def reference_index(self) -> NDArray[np.int64]:
        """``(n,)`` int64: each row's own position in T, and -1 for the rows behind T."""
        index = np.full(len(self), -1, dtype=np.int64)
        index[: self.n_reference] = np.arange(self.n_reference)
        return index
