"""How the metrics rank the pool before any retraining, as people read it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from guided_retraining.evaluation.wording import metric_name, percent
from guided_retraining.report.agreement import correlation_text
from guided_retraining.report.palette import metric_order
from guided_retraining.report.rankings import FIRST

__all__ = ["agreement_table", "ranking_table", "stability_table"]


def ranking_table(quality: pd.DataFrame) -> pd.DataFrame:
    """How good each order is before any retraining, means over replicates, as people read it.

    Args:
        quality: from ``quality_rows``.

    Returns:
        Text cells: metric, APFD, share of the faults among the first 1, 5 and 10 % of the pool, and how often an
        adversarial input outranks a clean one.
    """
    means = quality.groupby("metric").mean(numeric_only=True)
    rows = []
    for metric in metric_order(means.index):
        row: Any = means.loc[metric]
        defined = np.isfinite(row["apfd"])
        shares = [
            percent(row[f"faults_first_{share * 100:.0f}"]) if defined else "undefined" for share in FIRST
        ]
        value = f"{row['apfd']:.3f}" if defined else "undefined"
        rows.append((metric_name(metric), value, *shares, percent(row["adversarial_above_clean"], 0)))
    heads = [f"faults in the first {percent(share, 0)}" for share in FIRST]
    return pd.DataFrame(rows, columns=["metric", "APFD", *heads, "adversarial above clean"])


def agreement_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """What each pair of metrics has in common, means over replicates, as people read it.

    Args:
        pairs: from ``pair_rows``.

    Returns:
        Text cells: rank correlation, and the share of inputs that both have among their first 1, 5 and 10 %.
    """
    means = pairs.groupby(["metric", "other"], sort=False).mean(numeric_only=True).reset_index()
    table = {
        "metric": [metric_name(key) for key in means["metric"]],
        "and": [metric_name(key) for key in means["other"]],
        "rank correlation": [correlation_text(value) for value in means["rank_correlation"].astype(float)],
    }
    for share in FIRST:
        shared = means[f"shared_first_{share * 100:.0f}"].astype(float)
        table[f"shared in the first {percent(share, 0)}"] = [percent(value, 0) for value in shared]
    return pd.DataFrame(table)


def stability_table(stability: pd.DataFrame) -> pd.DataFrame:
    """How far each metric ranks clean inputs alike in two replicates, as people read it.

    Args:
        stability: from ``stability_rows``.

    Returns:
        Text cells: metric, mean and lowest rank correlation, mean and lowest share of inputs in common among the first
        10 %, and the number of pairs of replicates.
    """
    rows = []
    for metric in metric_order(stability["metric"]):
        part = stability[stability["metric"] == metric]
        correlation, shared = part["rank_correlation"], part["overlap"]
        numbers = (correlation_text(float(value)) for value in (correlation.mean(), correlation.min()))
        rows.append(
            (
                metric_name(metric),
                *numbers,
                *(percent(v, 0) for v in (shared.mean(), shared.min())),
                len(part),
            )
        )
    heads = [
        "rank correlation",
        "lowest of all pairs",
        f"shared in the first {percent(FIRST[-1], 0)}",
        "lowest share",
    ]
    return pd.DataFrame(rows, columns=["metric", *heads, "pairs of replicates"])
