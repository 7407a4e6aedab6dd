"""What the results say over their seeds: means, areas under the curves, differences to random selection."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd

from guided_retraining.errors import InputError
from guided_retraining.evaluation.permutation import permutation_p
from guided_retraining.evaluation.statistics import compare_paired, holm, mean_interval

__all__ = ["area_differences", "areas", "budget_differences", "check_results", "metrics_differ", "summarise"]

CELL = ["configuration", "metric", "n_inputs"]
KEYS = ["dataset", "configuration", "metric", "seed", "n_inputs", "pool_size"]
COMPARED = ["difference", "low", "high", "p_value", "p_holm", "p_sign_flip", "effect_size", "n_seeds"]


def check_results(results: pd.DataFrame, columns: Iterable[str] = ()) -> None:
    """Refuse a results table that statistics cannot be made from.

    Args:
        results: one row per cell (data set, configuration, metric, seed, number of inputs).
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
    repeated = results.duplicated(["configuration", "metric", "seed", "n_inputs"])
    if repeated.any():
        cell = results.loc[repeated, ["configuration", "metric", "seed", "n_inputs"]].iloc[0].to_dict()
        raise InputError(f"Results: {int(repeated.sum())} cells occur twice, the first is {cell}.")


def summarise(
    results: pd.DataFrame, column: str = "accuracy_combined", *, confidence: float = 0.95
) -> pd.DataFrame:
    """Mean and interval over seeds of each configuration, metric and budget.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]) to summarise.
        confidence: of the intervals, in (0, 1).

    Returns:
        ``configuration, metric, n_inputs, pool_size, mean, low, high, half_width, sd, n_seeds``; interval
        columns are NaN where there is one seed.

    Raises:
        InputError: as :func:`check_results`.
    """
    check_results(results, [column])
    rows = []
    for key, cell in results.groupby(CELL, sort=True):
        interval = mean_interval(cell[column], confidence=confidence, bounds=(0.0, 1.0))
        rows.append((*_tuple(key), int(cell["pool_size"].iloc[0]), interval.mean, interval.low, interval.high,
                     interval.half_width, interval.sd, interval.n))  # fmt: skip
    names = [*CELL, "pool_size", "mean", "low", "high", "half_width", "sd", "n_seeds"]
    return pd.DataFrame(rows, columns=names)


def areas(results: pd.DataFrame, column: str = "accuracy_combined") -> pd.DataFrame:
    """Area under each accuracy-budget curve, divided by its width: the mean accuracy over all budgets.

    Only budgets that all metrics of a configuration have for that seed enter, so that areas can be compared.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]).

    Returns:
        ``configuration, metric, seed, area``.

    Raises:
        InputError: as :func:`check_results`.
    """
    check_results(results, [column])
    rows = []
    for (configuration, seed), curves in results.groupby(["configuration", "seed"], sort=True):
        table = curves.pivot(index="n_inputs", columns="metric", values=column).sort_index()
        table = table.dropna(axis=1, how="all").dropna(axis=0)
        if table.empty:
            continue
        budgets = table.index.to_numpy(float)
        values = table.to_numpy(float)
        width = budgets[-1] - budgets[0]
        area = np.trapezoid(values, budgets, axis=0) / width if width else values[0]
        rows += [(configuration, metric, seed, a) for metric, a in zip(table.columns, area, strict=True)]
    return pd.DataFrame(rows, columns=["configuration", "metric", "seed", "area"])


def area_differences(
    results: pd.DataFrame,
    column: str = "accuracy_combined",
    *,
    baseline: str = "random",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Each metric against the baseline in mean accuracy over all budgets: the main comparison.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]) compared.
        baseline: the metric that the others are compared with.
        confidence: of the intervals, in (0, 1); they are not corrected for the number of comparisons.

    Returns:
        ``configuration, metric, difference, low, high, p_value, p_holm, p_sign_flip, effect_size, n_seeds``,
        Holm's correction over all rows; no rows if the baseline is not among the metrics.

    Raises:
        InputError: as :func:`check_results`.
    """
    curves = areas(results, column).assign(n_inputs=-1)
    compared = _compare(curves, "area", baseline, confidence)
    return compared.drop(columns="n_inputs")


def budget_differences(
    results: pd.DataFrame,
    column: str = "accuracy_combined",
    *,
    baseline: str = "random",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Each metric against the baseline at each budget.

    The original model (n = 0) and the whole pool are left out: there all metrics are the same by
    construction.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]) compared.
        baseline: the metric that the others are compared with.
        confidence: of the intervals, in (0, 1); they are not corrected for the number of comparisons.

    Returns:
        As :func:`area_differences`, with ``n_inputs``.

    Raises:
        InputError: as :func:`check_results`.
    """
    check_results(results, [column])
    ranked = results[(results["n_inputs"] > 0) & (results["n_inputs"] < results["pool_size"])]
    return _compare(ranked, column, baseline, confidence)


def metrics_differ(
    results: pd.DataFrame, column: str = "accuracy_combined", *, seed: int = 0
) -> pd.DataFrame:
    """Do the metrics differ at all in a configuration? A permutation test of the areas within seeds.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]) compared.
        seed: of the permutations drawn.

    Returns:
        ``configuration, n_metrics, n_seeds, best, worst, spread`` (best minus worst mean area)``, p_value,
        p_holm``.

    Raises:
        InputError: as :func:`check_results`.
    """
    rows = []
    for configuration, curves in areas(results, column).groupby("configuration", sort=True):
        table = curves.pivot(index="seed", columns="metric", values="area").dropna()
        means = table.mean().to_numpy(float)
        if not len(means) or not len(table):
            continue
        best, worst = table.columns[int(means.argmax())], table.columns[int(means.argmin())]
        p = permutation_p(table.to_numpy(float), seed=seed)
        rows.append((configuration, table.shape[1], len(table), best, worst, float(np.ptp(means)), p))
    names = ["configuration", "n_metrics", "n_seeds", "best", "worst", "spread", "p_value"]
    found = pd.DataFrame(rows, columns=names)
    return found.assign(p_holm=holm(found["p_value"]))


def _compare(table: pd.DataFrame, column: str, baseline: str, confidence: float) -> pd.DataFrame:
    rows = []
    for (configuration, n_inputs), cell in table.groupby(["configuration", "n_inputs"], sort=True):
        by_seed = cell.pivot(index="seed", columns="metric", values=column)
        if baseline not in by_seed:
            continue
        for metric in by_seed.columns.drop(baseline):
            found = compare_paired(by_seed[metric], by_seed[baseline], confidence=confidence)
            d = found.difference
            rows.append((configuration, metric, n_inputs, d.mean, d.low, d.high, found.p_value, float("nan"),
                         found.p_sign_flip, found.effect_size, d.n))  # fmt: skip
    compared = pd.DataFrame(rows, columns=[*CELL, *COMPARED])
    return compared.assign(p_holm=holm(compared["p_value"].to_numpy(float)))


def _tuple(key: Hashable) -> tuple[Hashable, ...]:
    return key if isinstance(key, tuple) else (key,)
