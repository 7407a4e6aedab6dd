"""A curve of the study, one configuration with one metric, and the inputs of each of its cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import ConfigurationParameters, FitParameters
from guided_retraining.retraining.orderings import budget_steps, candidates, rank


@dataclass(frozen=True)
class Selection:
    """The inputs of one cell."""

    seed: int
    n_inputs: int
    indices: NDArray[np.int64]  # sorted: the set decides, not the order in which it was ranked


@dataclass(frozen=True)
class CurveTask:
    """All that one curve (a configuration and a metric) needs besides the images.

    Attributes:
        configuration: where weights start, what is ranked.
        fit: how each model is fitted.
        seeds: one model for each seed at each budget.
        budgets: equal steps, or numbers of inputs.
        study_seed: mixed into all draws.
        per_seed_scores: whether the metric draws its scores anew for each seed (the random baseline).
    """

    configuration: ConfigurationParameters
    fit: FitParameters
    seeds: tuple[int, ...]
    budgets: int | tuple[int, ...]
    study_seed: int
    per_seed_scores: bool = False


def selections(task: CurveTask, scores: NDArray[Any], pool: LabelledPool) -> list[Selection]:
    """The inputs of every cell of a curve, smallest budget first.

    Args:
        task: the curve.
        scores: ``(n,)`` of the pool, higher = earlier.
        pool: clean, then adversarial training inputs.

    Raises:
        ParameterError: a budget above the number of inputs that can be chosen.
    """
    ranked_pool = "adversarial" if task.configuration.keep_clean else task.configuration.pool
    ranked = candidates(ranked_pool, pool.n_clean, len(pool))
    always = np.arange(pool.n_clean if task.configuration.keep_clean else 0, dtype=np.int64)
    steps = budget_steps(task.budgets, len(ranked))
    if task.configuration.start == "original":
        steps = [0, *steps]
    orders = {seed: ranked[_order(task, scores[ranked], seed)] for seed in task.seeds}
    return [
        Selection(
            seed,
            steps_n,
            np.sort(np.concatenate([always, orders[seed][:steps_n]])) if steps_n else always[:0],
        )
        for steps_n in steps
        for seed in task.seeds
    ]


def _order(task: CurveTask, scores: NDArray[Any], seed: int) -> NDArray[np.int64]:
    # A metric drawn anew for each seed is an order without scores: all tied, so the seeded draw decides alone.
    return rank(np.zeros(len(scores)) if task.per_seed_scores else scores, seed=(task.study_seed, seed))
