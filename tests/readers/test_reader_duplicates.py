"""Near-duplicates against all pairs of pixels compared one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reader_samples as samples
from guided_retraining.errors import InputError, ParameterError
from guided_retraining.images.arrays import SelectedImages, UnitImages
from guided_retraining.readers import duplicates, near_duplicates

quick = settings(max_examples=30, deadline=None, derandomize=True)


def naive(a: np.ndarray, b: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    found = []
    for j in range(len(b)):
        rms = [float(np.sqrt(np.mean((a[i].astype(float) - b[j]) ** 2))) for i in range(len(a))]
        best = int(np.argmin(rms))
        if rms[best] <= threshold:
            found.append((rms[best], best, j))
    return [(i, j) for _, i, j in sorted(found)]


@quick
@given(
    seed=st.integers(0, 50),
    shape=st.sampled_from([(1, 1, 1), (8, 8, 1), (9, 13, 3), (28, 28, 1), (20, 7, 3)]),
    threshold=st.sampled_from([0.004, 0.02, 0.1, 0.5]),
)
def test_finds_what_all_pairs_find(seed: int, shape: tuple[int, int, int], threshold: float) -> None:
    rng = np.random.default_rng(seed)
    a = rng.random((30, *shape)).astype(np.float32)
    noise = rng.normal(0, [[0.001], [0.01], [0.05]] * 4, (12, int(np.prod(shape)))).reshape(12, *shape)
    b = np.concatenate([a[:12] + noise, rng.random((10, *shape))]).clip(0, 1).astype(np.float32)
    assert [tuple(pair) for pair in near_duplicates(a, b, threshold=threshold).tolist()] == naive(
        a, b, threshold
    )


def test_equal_images_at_threshold_zero() -> None:
    images = UnitImages(samples.pixels(0, 50, 28, 28, 3))
    some = SelectedImages(images, np.array([7, 3, 41]))
    assert sorted(near_duplicates(images, some, threshold=0).tolist()) == [[3, 1], [7, 0], [41, 2]]


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = (np.random.default_rng(i).random((40, 10, 10, 1)).astype(np.float32) for i in range(2))
    whole = near_duplicates(a, b, threshold=0.6)
    monkeypatch.setattr(duplicates, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(duplicates, "REFINED_AT_A_TIME", 3)
    assert len(whole) == 40
    np.testing.assert_array_equal(near_duplicates(a, b, threshold=0.6), whole)


def test_misuse() -> None:
    a = np.zeros((2, 4, 4, 1), np.float32)
    with pytest.raises(InputError, match=r"one image shape"):
        near_duplicates(a, np.zeros((2, 4, 5, 1), np.float32), threshold=0.1)
    with pytest.raises(InputError, match="wrap uint8 in UnitImages"):
        near_duplicates(a, a.astype(np.uint8), threshold=0.1)
    with pytest.raises(ParameterError, match="from 0 to 1, got 3"):
        near_duplicates(a, a, threshold=3)
    assert near_duplicates(a, a[:0], threshold=0.1).shape == (0, 2)
