"""Mean ranks over data sets, and whether they differ: Friedman's test, then Nemenyi's critical difference."""

from __future__ import annotations

from functools import cache
from typing import TypedDict

import numpy as np
import pandas as pd

from guided_retraining.errors import InputError

__all__ = ["FEWEST_DATASETS", "Ranks", "mean_ranks"]

FEWEST_DATASETS = (
    5  # the test's chi-squared approximation is rough below 10 (Demsar 2006), and empty below this
)
FEWEST_ENTRIES = 3  # Friedman's test is for more than a pair
DIGITS = 12  # means that differ by rounding alone are tied


class Ranks(TypedDict):
    """What was ranked in each data set, and what the ranks show.

    Attributes:
        datasets: in which it was ranked.
        values: what the ranks are of, by data set and entry; those that are not in every data set too.
        ranks: by data set and entry, 1 for the highest value; equal values share the mean of their ranks.
        mean_ranks: over data sets, the best first.
        left_out: entries that some data set lacks, which are not ranked.
        alpha: error rate of the test.
        p_value: Friedman's; None where nothing was tested.
        critical_difference: of two mean ranks, Nemenyi's; None where nothing was tested.
        different: pairs shown to differ, the better one first, and the p-value of Nemenyi's test; none unless
            Friedman's test shows a difference at all.
        why_not: why nothing was tested, the end of a sentence; empty where it was.
    """

    datasets: list[str]
    values: dict[str, dict[str, float]]
    ranks: dict[str, dict[str, float]]
    mean_ranks: dict[str, float]
    left_out: list[str]
    alpha: float
    p_value: float | None
    critical_difference: float | None
    different: list[tuple[str, str, float]]
    why_not: str


def mean_ranks(values: pd.DataFrame, *, alpha: float = 0.05) -> Ranks:
    """Rank within each data set, and test over data sets.

    Args:
        values: a row for each data set, a column for each entry; higher is better, NaN where a data set lacks it.
        alpha: error rate of the test, in (0, 1).

    Returns:
        Ranks and test, safe for JSON.

    Raises:
        InputError: there is no data set, or one occurs twice.

    Source:
        Friedman 1937; Nemenyi 1963; Demsar 2006, "Statistical comparisons of classifiers over multiple data sets".

    >>> found = mean_ranks(pd.DataFrame({"a": [0.9, 0.8], "b": [0.7, 0.8]}, index=["digits", "mnist"]))
    >>> found["mean_ranks"], found["why_not"]
    ({'a': 1.25, 'b': 1.75}, 'there are 2 data sets, and fewer than 5 are too few to tell ranks from chance')
    """
    if values.empty or values.index.has_duplicates:
        raise InputError(
            f"Ranks: expected each data set once and at least one of them, found {list(values.index)}."
        )
    exact = values.round(DIGITS)
    ranked = exact.dropna(axis="columns")
    ranks = ranked.rank(axis="columns", ascending=False, method="average")
    found = Ranks(
        datasets=[str(name) for name in values.index],
        values={str(name): _floats(row.dropna()) for name, row in values.iterrows()},
        ranks={str(name): _floats(row) for name, row in ranks.iterrows()},
        mean_ranks=_floats(ranks.mean().sort_values(kind="stable")),
        left_out=[str(name) for name in values.columns.difference(ranked.columns, sort=False)],
        alpha=alpha,
        p_value=None,
        critical_difference=None,
        different=[],
        why_not=_why_not(*ranks.shape),
    )
    return found if found["why_not"] else _tested(found, ranks)


def _floats(row: pd.Series) -> dict[str, float]:
    return {str(key): float(value) for key, value in row.items()}


def _why_not(n_datasets: int, n_entries: int) -> str:
    if n_datasets < FEWEST_DATASETS:
        counted = "there is 1 data set" if n_datasets == 1 else f"there are {n_datasets} data sets"
        return f"{counted}, and fewer than {FEWEST_DATASETS} are too few to tell ranks from chance"
    if n_entries < FEWEST_ENTRIES:
        return f"Friedman's test compares {FEWEST_ENTRIES} or more, and every data set has only {n_entries} of them"
    return ""


@cache
def _quantile(alpha: float, k: int) -> float:
    """Of the studentized range over k entries, in units of one difference; slow to compute."""
    from scipy import stats

    return float(stats.studentized_range.ppf(1 - alpha, k, np.inf) / np.sqrt(2))


def _tested(found: Ranks, ranks: pd.DataFrame) -> Ranks:
    from scikit_posthocs import posthoc_nemenyi_friedman  # these two are slow to load
    from scipy import stats

    n, k = ranks.shape
    found["critical_difference"] = _quantile(found["alpha"], k) * float(np.sqrt(k * (k + 1) / (6 * n)))
    tied = bool((ranks.nunique(axis="columns") == 1).all())  # then Friedman's statistic is 0 / 0
    p_value = 1.0 if tied else float(stats.friedmanchisquare(*ranks.to_numpy().T)[1])
    found["p_value"] = p_value
    if p_value < found["alpha"]:
        order = list(found["mean_ranks"])
        pairs = np.asarray(posthoc_nemenyi_friedman(ranks[order].to_numpy()), dtype=float)
        found["different"] = [
            (order[better], order[worse], float(pairs[better, worse]))
            for better, worse in zip(*np.triu_indices(k, 1), strict=True)
            if pairs[better, worse] < found["alpha"]
        ]
    return found
