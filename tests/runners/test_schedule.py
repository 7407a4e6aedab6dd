"""The order of a run, against what its definition says, on random graphs."""

from __future__ import annotations

import numpy as np
import pytest

from guided_retraining.runners.schedule import Schedule


def random_graph(seed: int, size: int = 25) -> dict[int, list[int]]:
    generator = np.random.default_rng(seed)
    return {n: [int(k) for k in np.flatnonzero(generator.random(n) < 0.15)] for n in range(size)}


@pytest.mark.parametrize("seed", range(10))
def test_every_node_runs_once_and_after_what_it_needs(seed: int) -> None:
    graph = random_graph(seed)
    generator = np.random.default_rng(seed)
    schedule = Schedule(graph)
    while not schedule.over:
        while (item := schedule.take()) is not None:
            assert set(graph[item]) <= set(schedule.done)
        schedule.finish(schedule.running[generator.integers(len(schedule.running))])
    assert sorted(schedule.done) == list(graph)


@pytest.mark.parametrize("seed", range(10))
def test_a_failure_blocks_its_descendants_and_nothing_else(seed: int) -> None:
    graph = random_graph(seed)
    bad = {3, 7}
    schedule = Schedule(graph)
    while not schedule.over:
        item = schedule.take()
        if item is None:
            break
        schedule.fail(item, "no") if item in bad else schedule.finish(item)
    descendants: set[int] = set()
    for item in graph:  # in topological order
        if set(graph[item]) & ((bad & set(schedule.failed)) | descendants):
            descendants.add(item)
    assert schedule.blocked == descendants - set(schedule.failed)
    assert set(schedule.done) == set(graph) - descendants - set(schedule.failed)


def test_the_longest_chain_starts_first_and_equals_keep_their_order() -> None:
    schedule = Schedule({"x": [], "y": [], "long": [], "then": ["long"], "last": ["then"]})
    assert [schedule.take() for _ in range(4)] == ["long", "x", "y", None]
