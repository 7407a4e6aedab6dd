"""The ledger counts every piece of work once: each replicate's, and of shared cells one."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from guided_retraining.pipelines.reporting.ledger import COLUMNS, gather_costs


def attacked(seed: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "attack": ["fgsm", "fgsm", "bim"],
            "seed": seed,
            "seconds": [0.1, 0.2, 1.0],
            "gradient_passes": [1, 1, 10],
        }
    )


@pytest.fixture
def given() -> dict[str, Any]:
    cells = pd.DataFrame(
        {
            "configuration": "config_1", "metric": ["dsa", "random"] * 2, "seed": 4, "n_inputs": [5, 5, 9, 9],
            "fit_seconds": [1.0, 2.0, 7.0, 7.0], "gradient_passes": [50.0, 50.0, 90.0, 90.0],
            "reattack_seconds": [0.5, 0.5, 0.25, 0.25], "reattack_gradient_passes": [30.0, 31.0, 32.0, 32.0],
        }
    )  # fmt: skip
    return {
        "dataset_summary": {"seconds": 3.0, "images": {"train": 9, "validation": 3, "test": 4}},
        "training_log": {n: {"seconds": 5.0 + n, "gradient_passes": 90} for n in (4, 6)},
        "train_table": pd.concat([attacked(4), attacked(6)]),
        "validation_table": attacked(4),
        "test_table": attacked(6).iloc[:0],
        "trace_cost": {n: {"seconds": 0.5, "inputs": 12, "gradient_passes": 4} for n in (4, 6)},
        "results": pd.concat([cells, cells.assign(seed=6)]),
        "scoring_cost_dsa": {n: {"seconds": 0.7, "inputs": 12} for n in (4, 6)},
        "scoring_cost_random": {n: {"seconds": 0.0, "inputs": 12} for n in (4, 6)},
    }


def row(ledger: pd.DataFrame, stage: str, item: str, seed: int | None) -> list[float]:
    same = ledger["seed"].isna() if seed is None else ledger["seed"] == seed
    found = ledger[(ledger["stage"] == stage) & (ledger["item"] == item) & same]
    assert len(found) == 1
    return [float(value) for value in found.iloc[0][["seconds", "count", "gradient_passes"]]]


def test_every_stage_is_counted_for_each_replicate(given: dict[str, Any]) -> None:
    ledger = gather_costs(**given)
    assert list(ledger) == COLUMNS
    assert row(ledger, "preprocessing", "read and split", None) == [3.0, 16, 0]
    assert row(ledger, "training", "original model", 6) == [11.0, 9, 90]
    assert row(ledger, "attack", "fgsm", 4) == pytest.approx([0.6, 4, 4])
    assert row(ledger, "attack", "bim", 6) == [1.0, 1, 10]
    assert row(ledger, "metrics", "forward pass", 4) == [0.5, 12, 4]
    assert row(ledger, "metrics", "dsa", 4) == [0.7, 12, 0]


def test_a_cell_that_metrics_share_is_counted_once(given: dict[str, Any]) -> None:
    ledger = gather_costs(**given)
    assert row(ledger, "retraining", "config_1", 4) == [10.0, 3, 190]
    assert row(ledger, "re-attacks", "config_1", 4) == [1.25, 3, 93]


def test_a_study_that_attacks_no_retrained_model_has_no_such_rows(given: dict[str, Any]) -> None:
    plain = given["results"].drop(columns=["reattack_seconds", "reattack_gradient_passes"])
    assert "re-attacks" not in set(gather_costs(**{**given, "results": plain})["stage"])


def test_a_metric_may_bear_the_name_of_an_argument(given: dict[str, Any]) -> None:
    ledger = gather_costs(**given, scoring_cost_results={n: {"seconds": 9.0, "inputs": 12} for n in (4, 6)})
    assert row(ledger, "metrics", "results", 4) == [9.0, 12, 0]
