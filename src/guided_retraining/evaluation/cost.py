"""What following an advice costs: training, and scoring where inputs are ranked."""

from __future__ import annotations

import numpy as np
import pandas as pd

from guided_retraining.evaluation.curves import cell
from guided_retraining.evaluation.findings import Cost

__all__ = ["cost_of", "scoring_seconds"]

FORWARD_PASS = "forward pass"  # the item of the stage `metrics` that all scores are computed from


def cost_of(
    results: pd.DataFrame,
    costs: pd.DataFrame | None,
    configuration: str | None,
    metric: str | None,
    n_inputs: int,
    *,
    baseline: str = "random",
    scored_apart: bool = True,
) -> Cost:
    """What one more model like those of a cell would cost.

    Args:
        results: the results table of one data set.
        costs: ``stage, item, seconds, ...``; see :func:`scoring_seconds`.
        configuration: of the cell.
        metric: of the cell; None for the whole pool and the original model.
        n_inputs: of the cell.
        baseline: the metric that needs no scores.
        scored_apart: whether inputs are scored before training; a strategy that scores with the model of the moment
            has that in its training.

    Returns:
        Means over replicates; None for what was not measured. Nothing for the original model, which is there already.
    """
    if n_inputs == 0:
        return Cost(
            fit_seconds=0.0,
            scoring_seconds=0.0,
            total_seconds=0.0,
            gradient_passes=0.0,
            price_gradient_passes=0.0,
            samples_seen=0.0,
            energy_wh=0.0,
        )
    rows = cell(results, configuration, metric, n_inputs)
    fit = _mean(rows, "fit_seconds")
    scores = metric if scored_apart and metric != baseline else None
    scoring = scoring_seconds(costs, scores, results["seed"].nunique())
    return Cost(
        fit_seconds=fit,
        scoring_seconds=scoring,
        total_seconds=None if fit is None or scoring is None else fit + scoring,
        gradient_passes=_mean(rows, "gradient_passes" if "gradient_passes" in rows else "samples_seen"),
        price_gradient_passes=_mean(rows, "price_gradient_passes"),
        samples_seen=_mean(rows, "samples_seen"),
        energy_wh=_mean(rows, "energy_wh"),
    )


def scoring_seconds(costs: pd.DataFrame | None, metric: str | None, n_replicates: int) -> float | None:
    """Seconds to score the pool by one metric, the forward pass over the pool included.

    Whoever follows an advice scores by that metric alone, so it bears the whole forward pass.

    Args:
        costs: ``stage, item, seconds`` with rows for each metric and for the forward pass in the stage ``metrics``,
            over all replicates.
        metric: its key; None where nothing is ranked, which costs nothing.
        n_replicates: that the costs are of, where they have no column ``seed`` to tell.

    Returns:
        Mean seconds of a replicate; None where the costs do not hold the metric.
    """
    if metric is None:
        return 0.0
    if costs is None:
        return None
    scored = costs[costs["stage"] == "metrics"]
    if not (scored["item"] == metric).any():
        return None
    spent = scored[scored["item"].isin([metric, FORWARD_PASS])]
    if "seed" in spent:
        n_replicates = spent["seed"].nunique()
    return float(spent["seconds"].sum()) / n_replicates


def _mean(rows: pd.DataFrame, column: str) -> float | None:
    value = rows[column].mean() if column in rows and len(rows) else np.nan
    return float(value) if np.isfinite(value) else None
