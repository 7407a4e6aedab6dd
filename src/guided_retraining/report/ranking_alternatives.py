"""What the figures of attacks, rankings and costs show, in a sentence from the data."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from guided_retraining.evaluation.wording import attack_name, metric_name, number, percent, seconds
from guided_retraining.report.agreement import correlation_text
from guided_retraining.report.attack_tables import attack_table
from guided_retraining.report.context import PageContext
from guided_retraining.report.costs import STAGES, stage_costs

__all__ = ["OF_ATTACKS_RANKINGS_AND_COSTS"]


def _sheet(c: PageContext) -> str:
    """How often each attack succeeded."""
    if c.test_table is None or c.test_table.empty:
        return "No adversarial inputs were made."
    rows = attack_table(c.test_table).to_dict("records")
    said = [f"{attack_name(str(row['attack']))} {percent(row['success_rate'], 0)}" for row in rows]
    return f"Images before and after each attack. Fooled of those that were right before: {', '.join(said)}."


def _scores(c: PageContext) -> str:
    """Which metric sets adversarial inputs apart most and least."""
    return _extremes(
        c.rankings,
        "adversarial_above_clean",
        "An adversarial input outranks a clean one",
        lambda v: percent(v, 0),
    )


def _ranking(c: PageContext) -> str:
    """Which order finds the faults earliest and latest."""
    return _extremes(c.rankings, "apfd", "Area under the curve of faults found (APFD)", lambda v: f"{v:.3f}")


def _agreement(c: PageContext) -> str:
    """Which metrics rank most and least alike."""
    if c.agreement is None or not c.agreement["rank_correlation"].notna().any():
        return "There are not two metrics with scores to compare."
    pairs = c.agreement.groupby(["metric", "other"])["rank_correlation"].mean().dropna().sort_values()
    ends = {"most": pairs.reset_index().iloc[-1], "least": pairs.reset_index().iloc[0]}
    said = [
        f"{how} alike {metric_name(row['metric'])} and {metric_name(row['other'])} "
        f"({correlation_text(row['rank_correlation'])})"
        for how, row in ends.items()
    ]
    return f"By rank correlation: {', '.join(said)}."


def _stability(c: PageContext) -> str:
    """Which metric ranks most and least alike in two replicates."""
    said = "Rank correlation of clean inputs between two replicates"
    return _extremes(c.stability, "rank_correlation", said, correlation_text)


def _costs(c: PageContext) -> str:
    """Which stages took most."""
    if c.costs is None or c.costs.empty:
        return "No times were recorded."
    stages = c.costs.pipe(stage_costs)
    said = []
    for column, text, unit in (("seconds", seconds, ""), ("gradient_passes", number, " gradient passes")):
        values = stages[column].dropna().sort_values(ascending=False)
        if values.sum() > 0:
            name = STAGES.get(str(values.index[0]), str(values.index[0]))
            said.append(
                f"of {text(float(values.sum()))}{unit} {name} took {percent(values.iloc[0] / values.sum(), 0)}"
            )
    return f"{'; '.join(said)}." if said else "No times were recorded."


def _extremes(table: pd.DataFrame | None, column: str, said: str, text: Callable[[float], str]) -> str:
    known = pd.DataFrame() if table is None else table.dropna(subset=[column])
    if known.empty:
        return f"{said}: not defined here."
    means = known.groupby("metric")[column].mean().sort_values(ascending=False)
    named = [f"{metric_name(str(metric))} {text(value)}" for metric, value in means.items()]
    named = [named[0], *named[-1:]] if len(named) > 1 else named
    return f"{said}: " + (f"highest {named[0]}, lowest {named[1]}." if len(named) > 1 else f"{named[0]}.")


# figure -> what it shows, from the content of the page
OF_ATTACKS_RANKINGS_AND_COSTS: dict[str, Callable[[PageContext], str]] = {
    "sheet": _sheet,
    "scores": _scores,
    "ranking": _ranking,
    "agreement": _agreement,
    "stability": _stability,
    "costs": _costs,
}
