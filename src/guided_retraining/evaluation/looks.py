"""Looks at a study that grows: how much of the error rate each of them may spend."""

from __future__ import annotations

from guided_retraining.errors import ParameterError

__all__ = ["LOOKS", "level_at", "next_look"]

LOOKS = (3, 4, 6, 8, 12)  # numbers of replicates at which something may be decided


def level_at(n_replicates: int, alpha: float) -> float:
    """The error rate of the look at a number of replicates.

    The looks share alpha in proportion to the replicates that are new at each. A false finding at any look has at most
    the probability that the levels sum up to, alpha, however the looks depend on each other (Bonferroni). So it holds
    too where an ordering is left out after a look, or a budget added before one.

    Args:
        n_replicates: one of ``LOOKS``.
        alpha: of all looks together, in (0, 1).

    Returns:
        In (0, alpha).

    Raises:
        ParameterError: nothing may be decided at that number of replicates.

    Source: Lan and DeMets (1983), "Discrete sequential boundaries for clinical trials", alpha spent linearly.

    >>> [round(level_at(n, 0.05), 4) for n in LOOKS]
    [0.0125, 0.0042, 0.0083, 0.0083, 0.0167]
    """
    if n_replicates not in LOOKS:
        raise ParameterError(
            f"looks: nothing is decided at {n_replicates} replicates, only at {', '.join(map(str, LOOKS))}"
        )
    before = max((n for n in LOOKS if n < n_replicates), default=0)
    return alpha * (n_replicates - before) / LOOKS[-1]


def next_look(n_replicates: int) -> int | None:
    """The next number of replicates at which something may be decided.

    Args:
        n_replicates: that there are.

    Returns:
        None after the last.

    >>> next_look(0), next_look(4), next_look(12)
    (3, 6, None)
    """
    return next((n for n in LOOKS if n > n_replicates), None)
