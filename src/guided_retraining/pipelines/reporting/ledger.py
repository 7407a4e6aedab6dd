"""What each stage took, in seconds and in gradient passes, as one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

COLUMNS = ["stage", "item", "seed", "seconds", "count", "gradient_passes"]
SHARED = [
    "configuration",
    "seed",
    "n_inputs",
    "fit_seconds",
]  # equal in all rows of a cell that metrics share
PREFIX = "scoring_cost_"  # before a metric's name in the names of the node's inputs


def gather_costs(
    *,
    dataset_summary: dict[str, Any],
    training_log: Mapping[int, dict[str, Any]],
    train_table: pd.DataFrame,
    validation_table: pd.DataFrame,
    test_table: pd.DataFrame,
    trace_cost: Mapping[int, dict[str, Any]],
    results: pd.DataFrame,
    **scoring_costs: Mapping[int, dict[str, Any]],
) -> pd.DataFrame:
    """One ledger of what each stage, attack, metric and configuration took in each replicate.

    Args:
        dataset_summary: of preprocessing, which all replicates share.
        training_log: of each original model.
        train_table: adversarial table with seconds and gradient passes of each image.
        validation_table: the same.
        test_table: the same.
        trace_cost: of the forward pass over each pool.
        results: of all cells.
        scoring_costs: of each metric, as ``scoring_cost_<metric>``.

    Returns:
        ``stage, item, seed`` (missing where replicates share it)``, seconds, count, gradient_passes``.
    """
    read = (
        "preprocessing",
        "read and split",
        None,
        dataset_summary["seconds"],
        sum(dataset_summary["images"].values()),
        0,
    )
    rows: list[tuple[Any, ...]] = [read]
    attacked = pd.concat([train_table, validation_table, test_table])
    scored = {
        "forward pass": trace_cost,
        **{name.removeprefix(PREFIX): cost for name, cost in scoring_costs.items()},
    }
    cells = results.drop_duplicates(SHARED)
    for seed in sorted(int(seed) for seed in results["seed"].unique()):
        log = training_log[seed]
        images = dataset_summary["images"]["train"]
        rows.append(("training", "original model", seed, log["seconds"], images, log["gradient_passes"]))
        for attack, part in attacked[attacked["seed"] == seed].groupby("attack", sort=False):
            rows.append(
                ("attack", attack, seed, part["seconds"].sum(), len(part), part["gradient_passes"].sum())
            )
        for item, costs in scored.items():
            cost = costs[seed]
            rows.append(
                ("metrics", item, seed, cost["seconds"], cost["inputs"], cost.get("gradient_passes", 0))
            )
        for key, part in cells[cells["seed"] == seed].groupby("configuration"):
            rows += [
                (stage, key, seed, part[f"{of}_seconds"].sum(), len(part), part[passes].sum())
                for stage, of, passes in (
                    ("retraining", "fit", "gradient_passes"),
                    ("re-attacks", "reattack", "reattack_gradient_passes"),
                )
                if f"{of}_seconds" in part
            ]
    ledger = pd.DataFrame(rows, columns=COLUMNS)
    return ledger.astype({"seed": "Int64", "seconds": float, "gradient_passes": float})
