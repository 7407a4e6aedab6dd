from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from guided_retraining.guidance import DistanceSurprise
from guided_retraining.guidance.parallel import Scratch, workers


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_errors_of_workers_are_raised_and_blas_is_restored():
    before = blas_threads()

    def fail(item):
        raise RuntimeError(f"piece {item}")

    with pytest.raises(RuntimeError, match="piece 0"), workers() as run:
        run(fail, range(3))
    assert blas_threads() == before


def test_concurrent_calls_score_the_same_and_leave_blas_as_it_was(groups):
    T, t, X, x = groups
    before = blas_threads()
    metric = DistanceSurprise().fit(T, t)
    expected = metric.score_samples(X, x)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: metric.score_samples(X, x), range(40)):
            np.testing.assert_array_equal(found, expected)
    assert blas_threads() == before


def test_scratch_grows_and_is_reused(rng):
    scratch = Scratch(np.float64)
    small, large = rng.random((3, 2)), rng.random((7, 2))
    np.testing.assert_allclose(scratch.product(small, large), small @ large.T)
    np.testing.assert_allclose(scratch.product(large, large), large @ large.T)
    kept = scratch.buffer
    scratch.product(small, small)
    assert scratch.buffer is kept
