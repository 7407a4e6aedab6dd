"""Each smaller budget of each ordering held against the whole pool, the largest budget first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from guided_retraining.evaluation.curves import Curves, curves_of, measured
from guided_retraining.evaluation.findings import Difference, Step
from guided_retraining.evaluation.layout import lower_bounds, pooled_variance
from guided_retraining.evaluation.outcomes import OUTCOMES

__all__ = ["FEWEST_REPLICATES", "accepted", "fewest_accepted", "gain_over", "levels", "steps_down"]

FEWEST_REPLICATES = 3  # two differences say next to nothing about their spread


def levels(orderings: Sequence[str], baseline: str, alpha: float) -> NDArray[np.float64]:
    """The one-sided error rate of each ordering: half of alpha for the baseline, half shared by the metrics.

    Args:
        orderings: metrics, and maybe the baseline.
        baseline: the ordering that needs no ranking.
        alpha: of all together, in (0, 1).

    Returns:
        ``(n_orderings,)``; a side that is missing leaves its half to the other.

    >>> levels(["dsa", "lsa", "random"], "random", 0.05).tolist()
    [0.0125, 0.0125, 0.025]
    """
    is_baseline = np.array([ordering == baseline for ordering in orderings], dtype=bool)
    halves = 2 if is_baseline.any() and not is_baseline.all() else 1
    n_metrics = max(int((~is_baseline).sum()), 1)
    return np.where(is_baseline, alpha / halves, alpha / halves / n_metrics)


def accepted(bounds: ArrayLike, margin: float) -> NDArray[np.bool_]:
    """Which budgets are not inferior to the whole pool: every bound within the margin, all larger budgets too.

    A chain that stops at its first failure needs no correction for the budgets in it, and neither do outcomes that
    must all pass.

    Args:
        bounds: ``(n_outcomes, ..., n_orderings, n_budgets)`` lower bounds, the largest budget first; NaN fails.
        margin: the largest loss that counts as none, above 0.

    Returns:
        ``(..., n_orderings, n_budgets)``.

    Source: Maurer, Hothorn and Lehmacher (1995), fixed-sequence tests; Berger (1982), intersection-union tests.

    >>> accepted([[[-0.01, -0.03, 0.0]], [[0.0, 0.0, 0.0]]], 0.02).tolist()
    [[True, False, False]]
    """
    passes = (np.asarray(bounds, dtype=float) > -margin).all(axis=0)
    return np.logical_and.accumulate(passes, axis=-1)


def steps_down(
    results: pd.DataFrame,
    configuration: str,
    outcomes: Sequence[str],
    *,
    on: Literal["validation", "test"],
    margin: float,
    alpha: float,
    baseline: str,
) -> list[Step]:
    """Every smaller budget of every ordering of a configuration against its whole pool.

    Args:
        results: the results table of one data set.
        configuration: its key.
        outcomes: kinds of accuracy that must pass.
        on: which data.
        margin: as in :func:`accepted`.
        alpha: as in :func:`levels`.
        baseline: as in :func:`levels`.

    Returns:
        The steps, ordering by ordering, the largest budget first.

    Raises:
        InputError: if the results lack a column or mix data sets.
    """
    columns = {
        key: OUTCOMES[key].validation_column if on == "validation" else OUTCOMES[key].column
        for key in outcomes
    }
    curves = {
        key: curves_of(results, configuration, column).in_all_replicates()
        for key, column in columns.items()
        if measured(results, column)
    }
    if not curves or not next(iter(curves.values())).budgets:
        return []
    shape = next(iter(curves.values()))
    level = levels(shape.orderings, baseline, alpha)
    found = {key: _bounds(one, level) for key, one in curves.items()}
    reached = accepted(np.stack([bounds for bounds, _ in found.values()]), margin)
    return [
        _step(curves, found, reached, (o, b), margin, float(level[o]))
        for o in range(len(shape.orderings))
        for b in range(len(shape.budgets))
    ]


def fewest_accepted(steps: Sequence[Step]) -> dict[str, int | None]:
    """The fewest inputs of each ordering that are accepted with all larger budgets.

    Args:
        steps: from :func:`steps_down`.

    Returns:
        Numbers of inputs by ordering; None where no budget was accepted.
    """
    fewest: dict[str, int | None] = {}
    for step in steps:
        fewest.setdefault(step["metric"], None)
        if step["reached"] and step["passes"]:
            fewest[step["metric"]] = step["n_inputs"]
    return fewest


def gain_over(before: pd.DataFrame, after: pd.DataFrame, column: str, level: float) -> Difference | None:
    """One cell minus another in the same replicates, with a lower bound from their own spread.

    Args:
        before: rows of a cell by replicate.
        after: rows of the other by replicate.
        column: of the accuracy.
        level: one-sided error rate, in (0, 1).

    Returns:
        The difference, without a bound for fewer than three replicates; None where one was not measured.
    """
    from scipy import stats

    if column not in before or column not in after:
        return None
    differences = (after[column] - before[column]).astype(float).dropna().to_numpy()
    if not len(differences):
        return None
    low = None
    if len(differences) >= FEWEST_REPLICATES:
        variance, df = pooled_variance(differences[:, None])
        low = float(differences.mean() - stats.t.isf(level, df) * np.sqrt(variance))
    return Difference(mean=float(differences.mean()), low=low, spread="own")


def _bounds(curves: Curves, level: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    if len(curves.replicates) >= FEWEST_REPLICATES:
        return lower_bounds(curves.differences, level)
    shape = curves.values.shape[1:]
    return np.full(shape, np.nan), np.zeros(shape, dtype=bool)


def _step(
    curves: Mapping[str, Curves],
    found: Mapping[str, tuple[NDArray[np.float64], NDArray[np.bool_]]],
    chain: NDArray[np.bool_],
    place: tuple[int, int],
    margin: float,
    level: float,
) -> Step:
    ordering, budget = place
    shape = next(iter(curves.values()))
    differences = {}
    for key, one in curves.items():
        mean, low = float(one.differences[(slice(None), *place)].mean()), float(found[key][0][place])
        differences[key] = Difference(
            mean=mean if np.isfinite(mean) else None,
            low=low if np.isfinite(low) else None,
            spread="own" if found[key][1][place] else "pooled",
        )
    lows = [one["low"] for one in differences.values() if one["low"] is not None]
    known = len(lows) == len(differences)
    return Step(
        metric=shape.orderings[ordering],
        n_inputs=shape.budgets[budget],
        share_of_pool=shape.budgets[budget] / shape.pool_size,
        level=level,
        differences=differences,
        loses_at_most=min(1.0, max(0.0, -min(lows))) if known else None,  # bounds know no end at 100 %
        passes=min(lows) > -margin if known else None,
        reached=budget == 0 or bool(chain[ordering, budget - 1]),
    )
