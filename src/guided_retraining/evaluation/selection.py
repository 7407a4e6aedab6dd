"""Which cell to recommend: chosen on validation data only, with the rule and its stability said."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import pandas as pd

from guided_retraining.errors import InputError
from guided_retraining.evaluation.comparison import check_results

__all__ = ["Selection", "select_cell", "selection_stability"]

RULE = "the fewest inputs whose mean {column} is within one standard error of the best"


class Selection(TypedDict):
    """The chosen cell and why; ``metric`` is None for the whole pool and for the original model."""

    configuration: str | None
    metric: str | None
    n_inputs: int
    pool_size: int
    n_seeds: int
    column: str
    rule: str
    mean: float
    best_mean: float
    best_n_inputs: int
    standard_error: float | None


def select_cell(
    results: pd.DataFrame, column: str = "validation_accuracy_combined", *, n_validation: int | None = None
) -> Selection:
    """Choose configuration, metric and budget by the one-standard-error rule.

    The standard error is the best cell's, but not less than the median one of all cells: three seeds agree
    by chance now and then. With one seed it is the binomial one of the validation inputs, if their number is
    given. Among equally small budgets the highest mean wins.

    Args:
        results: the results table of one data set.
        column: the validation accuracy to choose on.
        n_validation: how many validation inputs it was measured on; used with one seed only.

    Returns:
        The selection. ``n_inputs`` 0 means that no retraining beat the original model by a standard error.

    Raises:
        InputError: if ``column`` has no value: nothing may be chosen on test data instead.

    Source: the rule is that of Breiman et al. (1984), "Classification and Regression Trees", section 3.4.3.
    """
    check_results(results, [column])
    cells = _candidates(results, column)
    if cells.empty:
        raise InputError(
            f"Results: column {column} holds no value, so nothing can be chosen. Keep a validation split, or "
            "name another column; a choice on test data would make the reported accuracy too good."
        )
    best = cells.iloc[int(cells["mean"].to_numpy(float).argmax())]
    if best["n_seeds"] > 1:
        error: float | None = float(max(best["error"], cells["error"].median()))
    else:
        error = (best["mean"] * (1 - best["mean"]) / n_validation) ** 0.5 if n_validation else None
    good = cells[cells["mean"] >= best["mean"] - (error or 0.0)]
    fewest = good[good["n_inputs"] == good["n_inputs"].min()]
    chosen = fewest.sort_values(["mean", "configuration", "metric"], ascending=[False, True, True]).iloc[0]
    return Selection(
        configuration=str(chosen["configuration"]) if chosen["n_inputs"] else None,
        metric=str(chosen["metric"]) if 0 < chosen["n_inputs"] < chosen["pool_size"] else None,
        n_inputs=int(chosen["n_inputs"]),
        pool_size=int(chosen["pool_size"]),
        n_seeds=int(chosen["n_seeds"]),
        column=column,
        rule=RULE.format(column=column),
        mean=float(chosen["mean"]),
        best_mean=float(best["mean"]),
        best_n_inputs=int(best["n_inputs"]),
        standard_error=error,
    )


def selection_stability(
    results: pd.DataFrame,
    column: str = "validation_accuracy_combined",
    *,
    report_column: str = "accuracy_combined",
) -> pd.DataFrame:
    """Leave one seed out: what would have been chosen without it, and how that choice did on it.

    The accuracies are those of the whole procedure (choosing included) on a seed it has not seen.

    Args:
        results: the results table of one data set.
        column: the validation accuracy to choose on.
        report_column: the test accuracy reported.

    Returns:
        One row per seed, ``seed, configuration, metric, n_inputs, accuracy``; no rows with fewer than three
        seeds.

    Raises:
        InputError: as :func:`select_cell`.
    """
    seeds = sorted(results["seed"].unique())
    rows = []
    for seed in seeds if len(seeds) > 2 else []:
        chosen = select_cell(results[results["seed"] != seed], column)
        accuracy = chosen_rows(results[results["seed"] == seed], chosen)[report_column].mean()
        rows.append((seed, chosen["configuration"], chosen["metric"], chosen["n_inputs"], accuracy))
    return pd.DataFrame(rows, columns=["seed", "configuration", "metric", "n_inputs", "accuracy"])


def chosen_rows(results: pd.DataFrame, chosen: Selection) -> pd.DataFrame:
    """The rows of the chosen cell, one per seed, sorted by seed.

    Args:
        results: the results table of one data set.
        chosen: the selection.

    Returns:
        Its rows; for the whole pool and the original model those of any one metric, as they are all the same.
    """
    rows = results[results["n_inputs"] == chosen["n_inputs"]]
    if chosen["configuration"] is not None:
        rows = rows[rows["configuration"] == chosen["configuration"]]
    if chosen["metric"] is not None:
        rows = rows[rows["metric"] == chosen["metric"]]
    return rows.drop_duplicates("seed").sort_values("seed")


def _candidates(results: pd.DataFrame, column: str) -> pd.DataFrame:
    measured = results[np.isfinite(results[column].astype(float))]
    grouped = measured.groupby(["configuration", "metric", "n_inputs", "pool_size"], sort=True)[column]
    cells = grouped.agg(mean="mean", sd="std", n_seeds="count").reset_index()
    # An unfinished cell with fewer seeds has a noisier mean, which is what a maximum picks.
    cells = cells[cells["n_seeds"] == cells["n_seeds"].max()]
    return cells.assign(error=cells["sd"] / np.sqrt(cells["n_seeds"]))
