"""How the metrics rank the pool before any retraining, as numbers: quality, what pairs share, stability."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from guided_retraining.guidance.quality import apfd, faults_found, first_of, overlap, rank_correlation
from guided_retraining.guidance.wrappers import ranking
from guided_retraining.report.palette import metric_order
from guided_retraining.report.scores import adversarial_above_clean

__all__ = ["FIRST", "pair_rows", "quality_rows", "stability_rows"]

FIRST = (0.01, 0.05, 0.10)  # shares of the pool, in the columns ..._first_1, _5 and _10


def quality_rows(
    orders: Mapping[str, ArrayLike],
    scores: Mapping[str, ArrayLike],
    faults: ArrayLike,
    is_adversarial: ArrayLike,
    *,
    replicate: int = 0,
) -> pd.DataFrame:
    """How good each order of one replicate is before any retraining.

    Args:
        orders: ``(n,)`` positions in the pool, best first, for each metric.
        scores: ``(n,)`` of the metrics that score.
        faults: ``(n,)`` bool, whether the original model misclassifies that input of the pool.
        is_adversarial: ``(n,)`` bool.
        replicate: its number.

    Returns:
        ``metric, seed, apfd, faults, faults_first_1, _5, _10`` (shares of the faults)``, adversarial_above_clean``;
        NaN where there is no fault to find, or no score.

    Raises:
        InputError: if an order is not a permutation of the pool.
    """
    faulty = np.asarray(faults, dtype=bool)
    rows = []
    for metric in metric_order(orders):
        found = (
            faults_found(orders[metric], faulty, FIRST) / faulty.sum()
            if faulty.any()
            else [np.nan] * len(FIRST)
        )
        known = metric in scores
        above = adversarial_above_clean(scores[metric], is_adversarial) if known else float("nan")
        rows.append((metric, replicate, apfd(orders[metric], faulty), int(faulty.sum()), *found, above))
    firsts = [f"faults_first_{share * 100:.0f}" for share in FIRST]
    return pd.DataFrame(
        rows, columns=["metric", "seed", "apfd", "faults", *firsts, "adversarial_above_clean"]
    )


def pair_rows(
    orders: Mapping[str, ArrayLike], scores: Mapping[str, ArrayLike], *, replicate: int = 0
) -> pd.DataFrame:
    """What each pair of metrics has in common in one replicate.

    Args:
        orders: ``(n,)`` positions in the pool, best first, for each metric.
        scores: ``(n,)`` of the metrics that score.
        replicate: its number.

    Returns:
        ``metric, other, seed, rank_correlation, shared_first_1, _5, _10`` (shares of the first inputs); the
        correlation is NaN where one of the two has no scores, or only one score.

    Raises:
        InputError: if an order is not a permutation of the pool.
    """
    ranked, scored = metric_order(orders), metric_order(scores)
    columns = ["metric", "other", "seed", "rank_correlation", *(f"shared_first_{s * 100:.0f}" for s in FIRST)]
    if len(ranked) < 2:
        return pd.DataFrame(columns=columns)
    stacked = np.stack([np.asarray(orders[metric]) for metric in ranked])
    shared = [overlap(stacked, first_of(stacked.shape[1], share)) for share in FIRST]
    values = [np.asarray(scores[metric], dtype=float) for metric in scored]
    alike = rank_correlation(np.stack(values)) if values else np.empty((0, 0))
    rows = []
    for (i, one), (j, other) in combinations(enumerate(ranked), 2):
        both = one in scores and other in scores
        value = float(alike[scored.index(one), scored.index(other)]) if both else np.nan
        rows.append((one, other, replicate, value, *(float(matrix[i, j]) for matrix in shared)))
    return pd.DataFrame(rows, columns=columns)


def stability_rows(scores: Mapping[str, Mapping[int, ArrayLike]]) -> pd.DataFrame:
    """How far two replicates rank the same inputs alike, for each metric and pair of replicates.

    Args:
        scores: by metric and replicate, ``(n,)`` of the same inputs in every replicate: the clean ones.

    Returns:
        ``metric, seed, other_seed, n_inputs, first, rank_correlation, overlap``, the latter of the first ``first``
        inputs; the correlation is NaN where all scores are equal.
    """
    rows = []
    for metric in metric_order(scores):
        numbers = sorted(scores[metric])
        stacked = np.array([np.asarray(scores[metric][number], dtype=float) for number in numbers])
        if len(numbers) < 2:
            continue
        n = stacked.shape[1]
        first, alike = first_of(n, FIRST[-1]), rank_correlation(stacked)
        shared = overlap(np.stack([ranking(row) for row in stacked]), first)
        rows += [
            (metric, numbers[i], numbers[j], n, first, float(alike[i, j]), float(shared[i, j]))
            for i, j in combinations(range(len(numbers)), 2)
        ]
    return pd.DataFrame(
        rows, columns=["metric", "seed", "other_seed", "n_inputs", "first", "rank_correlation", "overlap"]
    )
