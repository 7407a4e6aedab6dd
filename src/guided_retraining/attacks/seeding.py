"""ART draws from Python's and NumPy's global generators; here they are lent to it and put back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

__all__ = ["seeded_globals"]


@contextmanager
def seeded_globals(seed: int) -> Iterator[None]:
    """Seed the global generators inside the block; afterwards they are in the state they were in before.

    Args:
        seed: 0 to 2**32 - 1.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002
