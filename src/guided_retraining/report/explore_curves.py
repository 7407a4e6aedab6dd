"""Accuracy at each budget, to be explored: the means of the figure ``curves``, with the intervals of its tables."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from guided_retraining.evaluation.answer import interval_text
from guided_retraining.evaluation.curves import measured
from guided_retraining.evaluation.findings import Interval
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.terms import terms_of
from guided_retraining.evaluation.wording import configuration_label, metric_name, number, percent
from guided_retraining.report.canvas import budget_labels, percent_range
from guided_retraining.report.chart import Axis, ChartRow, line_chart
from guided_retraining.report.context import PageContext
from guided_retraining.report.curve_levels import full_price, kinds_shown, original_level, ringed_order
from guided_retraining.report.explorable import Explorable, Option, Panel, Switch
from guided_retraining.report.palette import metric_order, metric_style
from guided_retraining.report.tables import results_numbers

__all__ = ["curves_explorable"]

ROOM = 0.05  # beside the smallest and the largest budget, as a share of the axis
KEY = (
    "Ring: recommended. Dotted: the original model. Dashed across: the whole pool or full price. Intervals are over "
    "replicates, as in the tables below."
)


def curves_explorable(context: PageContext) -> Explorable | None:
    """The figure ``curves`` with a panel for each configuration and each of its kinds of accuracy, and for clean.

    Args:
        context: what the page is made from.

    Returns:
        The means of the figure, and the numbers of the tables of accuracies; None where nothing was measured.
    """
    c, r = context, context.recommendation
    first = [kind for kind in kinds_shown(c.results) if measured(c.results, OUTCOMES[kind].column)]
    if not first:
        return None
    kinds = list(dict.fromkeys([*first, "clean"]))
    columns = [OUTCOMES[kind].column for kind in kinds]
    numbers = results_numbers(c.results, columns, confidence=r["confidence"])
    numbers = numbers[numbers["n_inputs"] > 0]
    keys = sorted(numbers["configuration"].unique())
    metrics = metric_order(numbers["metric"])
    return Explorable(
        switches=[
            Switch(
                "outcome", "Accuracy", [Option(kind, OUTCOMES[kind].name, kind in first) for kind in kinds]
            ),
            Switch(
                "configuration",
                "Configurations",
                [Option(k, configuration_label(k, r["words"])) for k in keys],
            ),
            Switch("metric", "Metrics", [Option(k, metric_name(k), True, metric_style(k)) for k in metrics]),
        ],
        panels=[
            _panel(c, numbers, kind, key)
            for kind in kinds
            for key in keys
            if ((numbers["column"] == OUTCOMES[kind].column) & (numbers["configuration"] == key)).any()
        ],
        bars=False,
        key=KEY,
    )


def _panel(c: PageContext, numbers: pd.DataFrame, kind: str, key: str) -> Panel:
    r, column = c.recommendation, OUTCOMES[kind].column
    measured_here = numbers[numbers["column"] == column]
    own = measured_here[measured_here["configuration"] == key]
    terms = terms_of(r["hardening"], key)
    rows = [_row(c, cell, kind) for cell in own.to_dict("records")]
    budgets = [int(n) for n in own["n_inputs"]]
    levels = {":": original_level(c.results, column), "--": full_price(c.results, key, column)}
    seen = [*measured_here["mean"], *(level for level in levels.values() if level is not None)]
    x = Axis(title=terms.axis, ends=_ends(budgets), labelled=budget_labels(budgets))
    specification = line_chart(
        rows,
        {metric: metric_style(metric) for metric in metric_order(own["metric"])},
        x=x,
        y_title=f"{OUTCOMES[kind].name} accuracy",
        y_ends=percent_range(seen),
        levels=levels,
    )
    title = f"{OUTCOMES[kind].name} accuracy, {configuration_label(key, r['words'])}"
    return Panel(title, {"outcome": kind, "configuration": key}, specification)


def _ends(budgets: Sequence[int]) -> tuple[float, float]:
    """Of a logarithmic axis, which around a single budget reaches a little to both sides."""
    low, high = min(budgets), max(budgets)
    room = (high / low) ** ROOM if high > low else 1 + ROOM
    return low / room, high * room


def _row(c: PageContext, cell: Mapping[Hashable, Any], kind: str) -> ChartRow:
    r, key, metric = c.recommendation, str(cell["configuration"]), str(cell["metric"])
    n, mean = int(cell["n_inputs"]), float(cell["mean"])
    low, high = (None if pd.isna(cell[end]) else float(cell[end]) for end in ("low", "high"))
    terms = terms_of(r["hardening"], key)
    return ChartRow(
        configuration=key,
        metric=metric,
        style=metric,
        x=n,
        mean=mean,
        low=low,
        high=high,
        recommended=_is_recommended(c, key, metric, n),
        order=metric_name(metric),
        spent=f"{number(n)} {terms.axis} ({percent(n / cell['pool_size'])} of {terms.full})",
        value=f"{OUTCOMES[kind].name} {interval_text(_interval(mean, low, high))}",
    )


def _interval(mean: float, low: float | None, high: float | None) -> Interval:
    return Interval(mean=mean, low=low, high=high, n_replicates=0, n_images=None, over="replicates")


def _is_recommended(c: PageContext, configuration: str, metric: str, n_inputs: int) -> bool:
    choice = c.recommendation["choice"]
    if (configuration, n_inputs) != (choice["configuration"], choice["n_inputs"]):
        return False
    there = (c.results["configuration"] == configuration) & (c.results["n_inputs"] == n_inputs)
    return metric == ringed_order(choice, c.results.loc[there, "metric"])
