"""Run independent pieces of array work on all cores of this process.

A matrix product already uses all cores, but the element-wise passes between two products do not. So each
worker does its own pieces, products and passes, with BLAS held at one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import RLock, local
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from guided_retraining.machine.parallel import cores

Item = TypeVar("Item")


class Run(Protocol):
    """Calls a function on each item, on all workers, waits, and raises the first error again."""

    def __call__(self, function: Callable[[Item], object], items: Iterable[Item]) -> None: ...


_ONE_AT_A_TIME = RLock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS at one thread; other threads that ask for the same wait until it is given back.

    The setting belongs to the process: two holders that overlap would restore each other's, and two scorings
    at once would only compete for the same cores.

    Yields:
        Nothing.
    """
    with _ONE_AT_A_TIME, threadpool_limits(1, user_api="blas"):
        yield


@contextmanager
def workers() -> Iterator[Run]:
    """Open a pool with one worker a core; what it gives runs a function on each item and waits.

    Yields:
        What runs a function on many items, see ``Run``.
    """
    with one_blas_thread(), ThreadPoolExecutor(cores()) as pool:

        def run(function: Callable[[Item], object], items: Iterable[Item]) -> None:
            for _ in pool.map(function, items):
                pass

        yield run


class Scratch(local):
    """A buffer for each thread that products are written to: fresh memory costs a page fault per 4 KiB.

    Args:
        dtype: of the operands and the results.
    """

    def __init__(self, dtype: Any) -> None:
        self.buffer = np.empty(0, dtype=dtype)

    def product(self, left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
        """Multiply into the buffer; the result is valid until this thread's next product.

        Args:
            left: ``(a, d)``.
            right: ``(b, d)``.

        Returns:
            ``left @ right.T``, ``(a, b)``.
        """
        size = len(left) * len(right)
        if len(self.buffer) < size:
            self.buffer = np.empty(size, dtype=self.buffer.dtype)
        return np.matmul(left, right.T, out=self.buffer[:size].reshape(len(left), len(right)))
