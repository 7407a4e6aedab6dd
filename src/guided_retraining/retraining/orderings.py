"""From scores to an order, and from an order to the inputs of a budget."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError, ParameterError


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


def budget_steps(budgets: int | tuple[int, ...], n_candidates: int) -> list[int]:
    """The numbers of inputs to retrain with; the last one is the whole pool of candidates.

    Args:
        budgets: a number of equal steps, or the numbers themselves.
        n_candidates: inputs that can be chosen.

    Raises:
        ParameterError: more steps than candidates, or a number above them.

    >>> budget_steps(4, 10)
    [2, 5, 8, 10]
    >>> budget_steps((3, 6), 10)
    [3, 6, 10]
    """
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


def candidates(pool: str, n_clean: int, n_total: int) -> NDArray[np.int64]:
    """Positions in P that a configuration ranks: all of it, or the adversarial part alone."""
    return np.arange(n_clean if pool == "adversarial" else 0, n_total, dtype=np.int64)
