"""What accuracy curves are drawn beside: the levels of the original model and the full price, the recommended mark."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from guided_retraining.evaluation.curves import cell, measured
from guided_retraining.evaluation.findings import Choice
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.report.palette import metric_order

__all__ = ["full_price", "kinds_shown", "original_level", "ringed_order"]


def kinds_shown(results: pd.DataFrame) -> tuple[str, str]:
    """Two kinds of accuracy that tell how hard the models are to fool, as far as it was measured.

    Args:
        results: the results table of one data set.

    Returns:
        Robust and unseen; replayed and clean where nothing was attacked anew.
    """
    return ("robust", "unseen") if measured(results, OUTCOMES["robust"].column) else ("replayed", "clean")


def full_price(results: pd.DataFrame, configuration: str, column: str) -> float | None:
    """The mean accuracy at a configuration's largest budget, of the models that the answer takes for it.

    Args:
        results: the results table of one data set.
        configuration: its key.
        column: of the accuracy.

    Returns:
        A share; None where it was not measured.
    """
    sizes = results.loc[results["configuration"] == configuration, "pool_size"]
    return _mean(cell(results, configuration, None, int(sizes.iloc[0]))[column])


def ringed_order(choice: Choice, metrics: Iterable[str]) -> str | None:
    """The order whose mark is ringed at the recommended budget.

    Args:
        choice: what is recommended.
        metrics: the orders that there are at that budget.

    Returns:
        The metric that is named; else the one that needs no ranking, or any where it is not there.
    """
    known, wanted = metric_order(metrics), choice["metric"] or choice["baseline"]
    return wanted if wanted in known else next(iter(known), None)


def original_level(results: pd.DataFrame, column: str) -> float | None:
    """The mean accuracy of the original models.

    Args:
        results: the results table of one data set.
        column: of the accuracy.

    Returns:
        A share; None where it was not measured.
    """
    return _mean(cell(results, None, None, 0)[column])


def _mean(values: pd.Series) -> float | None:
    return float(values.mean()) if values.notna().any() else None
