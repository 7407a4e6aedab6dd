"""From the scores of a pool to the inputs of each budget."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.configurations import BudgetFractions, Budgets, ConfigurationParameters


def rank(scores: NDArray[np.floating], *, seed: int | tuple[int, ...]) -> NDArray[np.int64]:
    """Positions from the highest score to the lowest; ties in an order drawn with the seed, never in storage order.

    Args:
        scores: ``(n,)``, higher = earlier; infinities are ordered, NaN is refused.
        seed: of the draw that breaks ties.

    Returns:
        ``(n,)`` int64 positions.

    Raises:
        InputError: NaN scores, or not one-dimensional.

    >>> rank(np.array([0.1, 0.9, 0.5]), seed=0).tolist()
    [1, 2, 0]
    """
    scores = np.asarray(scores)
    if scores.ndim != 1:
        raise InputError(f"scores must be one-dimensional, one for each input; found shape {scores.shape}")
    if np.isnan(scores).any():
        raise InputError(
            f"{int(np.isnan(scores).sum())} of {len(scores)} scores are NaN; an order needs numbers"
        )
    tie_breaker = np.random.default_rng(seed).permutation(len(scores))
    return np.lexsort((tie_breaker, -scores)).astype(np.int64)


def budget_steps(budgets: Budgets, n_candidates: int) -> list[int]:
    """The numbers of inputs to retrain with; the last one is the whole pool of candidates.

    Args:
        budgets: a number of equal steps, shares, or the numbers themselves.
        n_candidates: inputs that can be chosen.

    Raises:
        ParameterError: more steps than candidates, or a number above them.

    >>> budget_steps(4, 10)
    [2, 5, 8, 10]
    >>> budget_steps((3, 6), 10)
    [3, 6, 10]
    >>> budget_steps(BudgetFractions(fractions=("1/32", "1/4", 1)), 100)
    [3, 25, 100]
    """
    if isinstance(budgets, BudgetFractions):
        return sorted({max(1, round(share * n_candidates)) for share in budgets.fractions} | {n_candidates})
    if isinstance(budgets, int):
        if budgets > n_candidates:
            raise ParameterError(
                f"ordering_retraining.budgets asks for {budgets} steps, but only {n_candidates} inputs can be ranked"
            )
        return sorted({round(step * n_candidates / budgets) for step in range(1, budgets + 1)})
    if max(budgets) > n_candidates:
        raise ParameterError(
            f"ordering_retraining.budgets holds {max(budgets)}, but there are only {n_candidates} inputs to rank; "
            "lower it, or attack more images (attack.n_train)"
        )
    return sorted({*budgets, n_candidates})


def candidates(configuration: ConfigurationParameters, n_clean: int, n_total: int) -> NDArray[np.int64]:
    """Positions in P that a configuration ranks: all of it, or the adversarial part alone."""
    adversarial_alone = configuration.keep_clean or configuration.pool == "adversarial"
    return np.arange(n_clean if adversarial_alone else 0, n_total, dtype=np.int64)


def select(
    scores: NDArray[np.floating] | None,
    pool: LabelledPool,
    configuration: ConfigurationParameters,
    budgets: Budgets,
    *,
    seed: tuple[int, ...],
) -> dict[int, NDArray[np.int64]]:
    """The inputs of every budget, best scores first.

    Args:
        scores: ``(n,)`` of the pool, higher = earlier; None draws the order.
        pool: clean, then adversarial training inputs.
        configuration: what is ranked, and whether all clean inputs are trained on anyway.
        budgets: equal steps, shares, or numbers of inputs.
        seed: of the order among equal scores.

    Returns:
        For each budget, smallest first, the sorted positions to train on: the set decides, not the order in which it
        was ranked. With original weights the first budget is 0, the model as it is.

    Raises:
        ParameterError: a budget above the number of inputs that can be chosen.
    """
    ranked = candidates(configuration, pool.n_clean, len(pool))
    always = np.arange(pool.n_clean if configuration.keep_clean else 0, dtype=np.int64)
    order = ranked[rank(np.zeros(len(ranked)) if scores is None else scores[ranked], seed=seed)]
    chosen = {n: np.sort(np.concatenate([always, order[:n]])) for n in budget_steps(budgets, len(ranked))}
    return {0: always[:0], **chosen} if configuration.start == "original" else chosen
