"""What each figure shows, in a sentence or two from the data, for readers who cannot see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from guided_retraining.evaluation.curves import measured
from guided_retraining.evaluation.findings import Step
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.terms import budget_text, full_budgets, strategy_of
from guided_retraining.evaluation.wording import (
    metric_name,
    percent,
    points,
)
from guided_retraining.report.context import PageContext
from guided_retraining.report.contrasts import VERDICTS
from guided_retraining.report.curve_levels import kinds_shown
from guided_retraining.report.differences import shown_budgets
from guided_retraining.report.forgetting import class_names_of
from guided_retraining.report.palette import metric_order
from guided_retraining.report.price import price_finding
from guided_retraining.report.sentences import forgetting_sentence

__all__ = ["OF_THE_ANSWER"]


def _differences(c: PageContext) -> str:
    """From which budget on each ordering is shown to be within the margin."""
    choice = c.recommendation["choice"]
    tried = {key: steps for key, steps in sorted(c.steps.items()) if steps}
    if not tried:
        return "There is no smaller budget to compare with the whole pool."
    if all(step["loses_at_most"] is None for steps in tried.values() for step in steps):
        return f"No budget is shown to be within {points(choice['margin'])} of the whole pool: there are no bounds."
    said = [_within(steps, c, key) for key, steps in tried.items()]
    outcomes = " and ".join(choice["outcomes"])
    return f"Shown to lose less than {points(choice['margin'])} of {outcomes} accuracy: {' '.join(said)}"


def _within(steps: Sequence[Step], c: PageContext, key: str) -> str:
    words = c.recommendation["words"].get(key, key)
    orderings = metric_order(step["metric"] for step in steps)
    budgets = {metric: shown_budgets(steps, metric) for metric in orderings}
    r = c.recommendation
    alone = orderings == [r["choice"]["baseline"]] and not strategy_of(r["hardening"], key).from_pool
    names = {metric: "" if alone else f"{metric_name(metric)} " for metric in orderings}
    shown = [
        f"{names[metric]}from {budget_text(r, key, metric, n[0])} on" for metric, n in budgets.items() if n
    ]
    if shown:
        return f"With {words}: {', '.join(shown)}{'' if all(budgets.values()) else '; no other ordering'}."
    largest = max(step["n_inputs"] for step in steps)
    losses = [
        s["loses_at_most"] for s in steps if s["n_inputs"] == largest and s["loses_at_most"] is not None
    ]
    lost = f"up to {_range(losses)} may be lost" if losses else "there is no bound"
    return f"With {words}: none; with {budget_text(r, key, None, largest)} {lost}."


def _contrasts(c: PageContext) -> str:
    """Which metrics are better than, worse than, equal to or not told from random."""
    found = c.recommendation["contrasts"]
    baseline, said = metric_name(found["baseline"]), []
    if not found["rows"]:
        return f"There is nothing to compare with {baseline}."
    for verdict, text in VERDICTS.items():
        rows = sorted(
            (r for r in found["rows"] if r["verdict"] == verdict), key=lambda row: -abs(row["difference"])
        )
        if not rows:
            continue
        if verdict in ("better", "worse"):
            named = [f"{_with(row, c)} by {points(row['difference'])}" for row in rows]
            said.append(f"{text}: {', '.join(named)}")
        else:
            said.append(f"{text}: {len(rows)} of {len(found['rows'])} comparisons ({_names(rows)})")
    return (
        f"{OUTCOMES[found['outcome']].name} accuracy over all budgets against {baseline}. {'; '.join(said)}."
    )


def _names(rows: Sequence[Mapping[str, object]]) -> str:
    return ", ".join(metric_name(metric) for metric in metric_order(str(row["metric"]) for row in rows))


def _with(row: Mapping[str, object], c: PageContext) -> str:
    words = c.recommendation["words"].get(str(row["configuration"]), str(row["configuration"]))
    return f"{metric_name(str(row['metric']))} ({words})"


def _curves(c: PageContext) -> str:
    """Where the kinds of accuracy drawn start and where they end with the whole pool."""
    kinds = [key for key in kinds_shown(c.results) if measured(c.results, OUTCOMES[key].column)]
    said = [f"{OUTCOMES[key].name} accuracy {_from_to(c, OUTCOMES[key].column)}" for key in kinds]
    return f"{'; '.join(said)}." if said else "None of these accuracies was measured."


def _tradeoff(c: PageContext) -> str:
    """What each configuration gains in robust and loses in clean accuracy with the whole pool."""
    outcome = OUTCOMES[kinds_shown(c.results)[0]]
    if not measured(c.results, outcome.column):
        return f"There is no {outcome.name} accuracy to set against the clean one."
    before = _mean_of(c.results[c.results["n_inputs"] == 0])
    said = []
    for key, rows in _whole_pools(c.results):
        after, words = _mean_of(rows), c.recommendation["words"].get(key, key)
        named = []
        for kind in (outcome, OUTCOMES["clean"]):
            start = "" if before.empty else f"{percent(float(before[kind.column]))} to "
            named.append(f"{kind.name} {start}{percent(float(after[kind.column]))}")
        said.append(f"with {words} {', '.join(named)}")
    start = "With" if before.empty else "From the original model to"
    return f"{start} {full_budgets(c.recommendation)}: {'; '.join(said)}."


def _forgetting(c: PageContext) -> str:
    """How many clean images became wrong, and in which class most."""
    found = c.recommendation["forgetting"]
    if found is None:
        return "Nothing was retrained, or right and wrong of each image was not kept."
    said, shares = forgetting_sentence(c.recommendation), [row["churn"] for row in found["per_class"]]
    if not shares:
        return said
    most = int(np.argmax(shares))
    return f"{said} Most were lost in class {class_names_of(found, c.class_names)[most]}: {percent(shares[most])}."


def _from_to(c: PageContext, column: str) -> str:
    before = _mean_of(c.results[c.results["n_inputs"] == 0]).get(column, np.nan)
    start = f"from {percent(float(before))} of the original model " if np.isfinite(before) else ""
    ends = [
        f"{percent(float(_mean_of(rows)[column]))} with {c.recommendation['words'].get(key, key)}"
        for key, rows in _whole_pools(c.results)
    ]
    return f"{start}to {', '.join(ends)} (with {full_budgets(c.recommendation)})"


def _whole_pools(results: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    whole = results[results["n_inputs"] == results["pool_size"]]
    return [(str(key), rows) for key, rows in whole.groupby("configuration", sort=True)]


def _mean_of(rows: pd.DataFrame) -> pd.Series:
    """Means of one cell that several orderings share, over replicates."""
    return rows.drop_duplicates("seed").mean(numeric_only=True) if len(rows) else pd.Series(dtype=float)


def _range(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return points(high) if low == high else f"{points(low)[:-7]} to {points(high)}"


# figure -> what it shows, from the content of the page
OF_THE_ANSWER: dict[str, Callable[[PageContext], str]] = {
    "price": price_finding,
    "differences": _differences,
    "contrasts": _contrasts,
    "curves": _curves,
    "tradeoff": _tradeoff,
    "forgetting": _forgetting,
}
