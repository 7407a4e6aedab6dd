"""Splits: each image once, each class's share, groups whole, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.readers import stratified_split

quick = settings(max_examples=60, deadline=None, derandomize=True)


@quick
@given(
    class_sizes=st.lists(st.integers(10, 60), min_size=2, max_size=6),
    shares=st.lists(st.integers(1, 5), min_size=2, max_size=4),
    seed=st.integers(0, 9),
)
def test_without_groups_sizes_are_exact_and_classes_near_their_share(
    class_sizes: list[int], shares: list[int], seed: int
) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(class_sizes)), class_sizes))
    fractions = np.array(shares) / sum(shares)
    try:
        parts = stratified_split(labels, fractions=fractions.tolist(), seed=seed)
    except ParameterError:
        assert min(class_sizes) * fractions.min() < 2
        return
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    for part, fraction in zip(parts, fractions, strict=True):
        assert abs(len(part) - fraction * len(labels)) <= 1
        counts = np.bincount(labels[part], minlength=len(class_sizes))
        assert counts.min() >= 1
        assert np.abs(counts - fraction * np.array(class_sizes)).max() <= 2


def test_sizes_are_exact_without_groups() -> None:
    labels = np.repeat(np.arange(10), 7000)
    parts = stratified_split(labels, fractions=[0.7, 0.2, 0.1], seed=3)
    assert [np.bincount(labels[part]).tolist() for part in parts] == [[4900] * 10, [1400] * 10, [700] * 10]


def test_seed_decides() -> None:
    labels = np.repeat(np.arange(3), 30)
    one, again, other = (stratified_split(labels, fractions=[0.8, 0.2], seed=s) for s in (1, 1, 2))
    assert one[0].tolist() == again[0].tolist()
    assert one[0].tolist() != other[0].tolist()


def test_a_class_of_few_images_reaches_every_split() -> None:
    labels = np.repeat([0, 1], [500, 3])
    for seed in range(20):
        parts = stratified_split(labels, fractions=[0.8, 0.1, 0.1], seed=seed)
        assert [int((labels[part] == 1).sum()) for part in parts] == [1, 1, 1]
        assert sum(map(len, parts)) == 503


@quick
@given(seed=st.integers(0, 30), tracks=st.integers(4, 12))
def test_groups_stay_whole(seed: int, tracks: int) -> None:
    rng = np.random.default_rng(seed)
    labels_of_group = np.repeat(np.arange(5), tracks)
    groups = np.repeat(np.arange(5 * tracks), rng.integers(5, 31, 5 * tracks))
    labels = labels_of_group[groups]
    parts = stratified_split(labels, fractions=[0.7, 0.2, 0.1], seed=seed, groups=groups)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(labels)))
    owners = [set(groups[part].tolist()) for part in parts]
    assert not owners[0] & owners[1]
    assert not owners[0] & owners[2]
    assert not owners[1] & owners[2]
    for part in parts:
        assert set(labels[part].tolist()) == set(range(5))
    if tracks >= 10:
        assert abs(len(parts[0]) / len(labels) - 0.7) < 0.1


def test_groups_of_several_classes_stay_whole() -> None:
    rng = np.random.default_rng(0)
    groups, labels = rng.integers(0, 40, 800), rng.integers(0, 3, 800)
    parts = stratified_split(labels, fractions=[0.5, 0.5], seed=0, groups=groups)
    assert not set(groups[parts[0]]) & set(groups[parts[1]])
    assert abs(len(parts[0]) - 400) < 40


def test_groups_of_one_image_are_as_good_as_none() -> None:
    labels = np.repeat(np.arange(4), 25)
    parts = stratified_split(labels, fractions=[0.8, 0.2], seed=1, groups=np.arange(100))
    assert [np.bincount(labels[part]).tolist() for part in parts] == [[20] * 4, [5] * 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fractions": [0.5, 0.4]}, "make 1 together"),
        ({"fractions": [1.0, 0.0]}, "numbers above 0"),
        (
            {"fractions": [0.5, 0.5], "groups": [0, 0, 0, 1, 2, 3]},
            "class 0 has 3 images in 1 groups, too few",
        ),
        ({"fractions": [0.25] * 4}, r"class \d has 3 images, too few to be in each of 4 splits"),
    ],
)
def test_impossible_splits(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        stratified_split([0, 0, 0, 1, 1, 1], seed=0, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("labels", [[], [[0, 1]], [0.5, 1.0], [-1, 0]])
def test_unfit_labels(labels: list[object]) -> None:
    with pytest.raises(InputError, match="labels: expected"):
        stratified_split(labels, fractions=[0.5, 0.5], seed=0)
    with pytest.raises(InputError, match="groups: expected"):
        stratified_split([0, 1], fractions=[0.5, 0.5], seed=0, groups=[1])
