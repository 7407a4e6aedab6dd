"""The results table of one data set as arrays: replicates x orderings x budgets of one configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.errors import InputError

__all__ = ["Curves", "cell", "check_results", "curves_of", "measured"]

KEYS = ["dataset", "configuration", "metric", "seed", "n_inputs", "pool_size"]
CELL = ["configuration", "metric", "seed", "n_inputs"]


@dataclass(frozen=True)
class Curves:
    """One accuracy of one configuration between no retraining and the whole pool.

    Attributes:
        values: ``(n_replicates, n_orderings, n_budgets)`` in [0, 1], NaN where a cell was not measured.
        whole: ``(n_replicates,)`` at the whole pool, never NaN.
        orderings: metrics and random, in alphabetical order.
        budgets: numbers of inputs, the largest first.
        replicates: their numbers, increasing.
        pool_size: inputs there are to choose from.
    """

    values: NDArray[np.float64]
    whole: NDArray[np.float64]
    orderings: list[str]
    budgets: list[int]
    replicates: list[int]
    pool_size: int

    @property
    def differences(self) -> NDArray[np.float64]:
        """``(n_replicates, n_orderings, n_budgets)`` accuracy minus the whole pool's in the same replicate."""
        return self.values - self.whole[:, None, None]

    def in_all_replicates(self) -> Curves:
        """The same without the orderings that were measured in some of the replicates only."""
        there = np.flatnonzero(np.isfinite(self.values).any(axis=2).all(axis=0))
        orderings = [self.orderings[place] for place in there]
        return replace(self, values=self.values[:, there], orderings=orderings)


def check_results(results: pd.DataFrame, columns: Iterable[str] = ()) -> None:
    """Refuse a results table that statistics cannot be made from.

    Args:
        results: one row per cell (data set, configuration, metric, replicate, number of inputs).
        columns: accuracy columns that are needed besides the keys.

    Raises:
        InputError: if it is empty, a column is missing, it holds several data sets, or a cell occurs twice.
    """
    missing = [name for name in [*KEYS, *columns] if name not in results.columns]
    if missing:
        raise InputError(
            f"Results: columns {missing} are missing; found {sorted(map(str, results.columns))}."
        )
    if results.empty:
        raise InputError("Results: the table has no rows; run the pipeline ordering_retraining first.")
    datasets = sorted(results["dataset"].astype(str).unique())
    if len(datasets) > 1:
        raise InputError(f"Results: expected one data set, found {datasets}; select one of them first.")
    repeated = results.duplicated(CELL)
    if repeated.any():
        first = results.loc[repeated, CELL].iloc[0].to_dict()
        raise InputError(f"Results: {int(repeated.sum())} cells occur twice, the first is {first}.")


def measured(results: pd.DataFrame, column: str) -> bool:
    """Whether an accuracy is there for any retrained model.

    Args:
        results: the results table.
        column: of the accuracy.

    Returns:
        False too where the column is missing.
    """
    return column in results and bool(results.loc[results["n_inputs"] > 0, column].notna().any())


def cell(results: pd.DataFrame, configuration: str | None, metric: str | None, n_inputs: int) -> pd.DataFrame:
    """The rows of one cell, a replicate each.

    Args:
        results: the results table of one data set.
        configuration: its key; None for any, as for the original model, which all configurations share.
        metric: its key; None for any, as at the whole pool, which all orderings share.
        n_inputs: the budget; 0 for the original model.

    Returns:
        Its rows by replicate, increasing; no rows where there is no such cell.
    """
    chosen = results["n_inputs"] == n_inputs
    if configuration is not None:
        chosen &= results["configuration"] == configuration
    if metric is not None:
        chosen &= results["metric"] == metric
    return results[chosen].drop_duplicates("seed").set_index("seed").sort_index()


def curves_of(results: pd.DataFrame, configuration: str, column: str) -> Curves:
    """One accuracy of one configuration as arrays.

    Args:
        results: the results table of one data set.
        configuration: its key.
        column: of the accuracy, in [0, 1].

    Returns:
        The curves of the replicates whose whole-pool cell was measured; maybe none.

    Raises:
        InputError: as :func:`check_results`, or if there is no such configuration.
    """
    check_results(results, [column])
    rows = results[results["configuration"] == configuration]
    if rows.empty:
        known = sorted(results["configuration"].unique())
        raise InputError(f"Results: no configuration '{configuration}'; found {known}.")
    pool_size = int(rows["pool_size"].iloc[0])
    whole = cell(rows, None, None, pool_size)[column].astype(float).dropna()
    smaller = rows[(rows["n_inputs"] > 0) & (rows["n_inputs"] < pool_size)]
    orderings = sorted(smaller["metric"].unique())
    budgets = sorted((int(n) for n in smaller["n_inputs"].unique()), reverse=True)
    index = pd.MultiIndex.from_product([whole.index, orderings, budgets])
    values = smaller.set_index(["seed", "metric", "n_inputs"])[column].astype(float).reindex(index)
    shape = (len(whole), len(orderings), len(budgets))
    return Curves(
        values=np.asarray(values, dtype=float).reshape(shape),
        whole=np.asarray(whole, dtype=float),
        orderings=orderings,
        budgets=budgets,
        replicates=[int(seed) for seed in whole.index],
        pool_size=pool_size,
    )
