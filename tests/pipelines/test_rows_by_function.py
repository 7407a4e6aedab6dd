"""What a row of YAML does is said by its function, and every column of a cell reaches the results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from guided_retraining.errors import ParameterError
from guided_retraining.guidance import row_metric
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.configurations import ConfigurationParameters
from guided_retraining.pipelines.ordering_retraining.nodes import finish_results
from guided_retraining.pipelines.reporting.figures import describe_rankings
from guided_retraining.retraining.selection import select


@pytest.fixture
def pool() -> LabelledPool:
    images, labels = np.zeros((30, 2, 2, 1), np.float32), np.zeros(30, np.int64)
    return LabelledPool(images, labels, images[:10], labels[:10], np.full(10, "fgsm"), np.arange(10))


def first_budgets(name: str, parameters: dict[str, Any], pool: LabelledPool) -> list[set[int]]:
    configuration = ConfigurationParameters(start="fresh", pool="all")
    scores = None if row_metric(name, parameters).per_seed else np.arange(40.0)
    return [
        set(select(scores, pool, configuration, 4, seed=(0, replicate))[10].tolist()) for replicate in (0, 1)
    ]


def test_random_is_drawn_anew_for_each_replicate_whatever_its_row_is_called(pool: LabelledPool) -> None:
    one, other = first_budgets("chance", {"function": "random"}, pool)
    assert one != other
    one, other = first_budgets("entropy_by_class", {"function": "softmax_entropy"}, pool)
    assert one == other == set(range(30, 40))


def test_the_name_of_a_metric_cannot_stand_for_another_one() -> None:
    with pytest.raises(ParameterError, match=r"'random' is one of ours.*function: deep_gini"):
        row_metric("random", {"function": "deep_gini"})
    assert row_metric("deep_gini", {"function": "deep_gini", "wrapper": "class_balanced"}).key == "deep_gini"


def test_scores_that_are_drawn_are_no_scores_to_show(pool: LabelledPool) -> None:
    rows = {"chance": {"function": "random"}, "dsa": {}, "lsa": {}}
    probabilities = np.tile(np.array([[0.4, 0.6]], np.float32), (40, 1))
    values = zip(rows, (np.arange(40.0), np.arange(40.0), np.arange(40.0)[::-1]), strict=True)
    shown, *_ = describe_rankings(
        pools={3: pool}, probabilities={3: probabilities}, metric_parameters=rows, replicates=(3,), seed=0,
        **{f"scores_{name}": {3: one} for name, one in values},
    )  # fmt: skip
    titles = [axes.get_title().split(":")[0] for axes in shown.axes if axes.get_title()]
    assert titles == ["LSA", "DSA"]


def test_a_column_that_nobody_planned_for_reaches_the_results() -> None:
    cell = {
        "configuration": "config_1", "metric": "dsa", "seed": 0, "n_inputs": 5, "pool_size": 10,
        "accuracy_clean": 0.9, "accuracy_replayed": 0.4, "accuracy_combined": 0.65,
        "validation_accuracy_combined": 0.6, "fit_seconds": 1.0, "fit_cpu_seconds": 1.0, "epochs": 3,
        "samples_seen": 15, "peak_memory_mb": 100.0, "energy_wh": None,
    }  # fmt: skip
    own = {"gradient_passes": 30, "accuracy_corrupted": 0.5, "of_my_own": "kept"}
    bits = {"right_clean": "gA==", "attacked": "AQAAAA=="}
    results, correctness = finish_results(pd.DataFrame([{**own, **cell, **bits}]), dataset="mine")
    assert set(results) >= {*cell, *own, "dataset"}
    assert results.loc[0, list(own)].to_dict() == own
    columns = list(results)
    assert columns[:6] == ["dataset", "configuration", "metric", "seed", "n_inputs", "pool_size"]
    assert columns.index("accuracy_combined") < columns.index("accuracy_corrupted")
    assert not {*bits} & {*columns}, "bits have a table of their own"
    assert correctness.loc[0, "right_clean"] == b"\x80"
    assert correctness.loc[0, "attacked"] == b"\x01\x00\x00\x00"
