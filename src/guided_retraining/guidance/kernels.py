"""A Gaussian kernel density estimate with a full covariance, in whitened coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Kernels:
    """One class's density, in coordinates where each kernel is a standard normal.

    Args:
        columns: ``(d_c,)`` int64, the activation columns that are used.
        centre: ``(d_c,)`` float64, the class mean.
        factor: ``(d_c, d_c)`` float64, whitens centred columns and divides by the bandwidth.
        kernels: ``(n_c, d_c + 1)`` float64, the members in these coordinates, and ``-|z|^2 / 2`` behind them.
        log_normaliser: ln of sqrt(det(2 pi bandwidth^2 covariance)), without the number of kernels.
    """

    columns: NDArray[np.int64]
    centre: NDArray[np.float64]
    factor: NDArray[np.float64]
    kernels: NDArray[np.float64]
    log_normaliser: float

    @classmethod
    def around(
        cls,
        members: NDArray[np.float64],
        columns: NDArray[np.int64],
        whitened: tuple[NDArray[np.float64], float],
    ) -> Kernels:
        """The density of members ``(n_c, d_c)``, given their columns and what ``whitening`` gave."""
        (n, d), (factor, log_determinant) = members.shape, whitened
        bandwidth = n ** (-1 / (d + 4))
        centre = members.mean(axis=0)
        placed = (members - centre) @ (factor / bandwidth)
        kernels = np.column_stack([placed, -0.5 * np.einsum("ij,ij->i", placed, placed)])
        log_normaliser = 0.5 * (d * np.log(2 * np.pi) + log_determinant) + d * np.log(bandwidth)
        return cls(columns, centre, factor / bandwidth, kernels, float(log_normaliser))

    def place(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """The ``(n, d_c)`` coordinates of points given as ``(n, d)``."""
        return (points[:, self.columns] - self.centre) @ self.factor
