"""Accuracy against the price, to be explored: the marks of the figure ``price``, with what each of them says."""

from __future__ import annotations

from collections.abc import Iterator

from guided_retraining.evaluation.answer import interval_text
from guided_retraining.evaluation.findings import PricePoint, Recommendation
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.terms import terms_of
from guided_retraining.evaluation.wording import configuration_label, metric_name, number
from guided_retraining.report.canvas import percent_range
from guided_retraining.report.chart import ChartRow, line_chart
from guided_retraining.report.context import PageContext
from guided_retraining.report.explorable import Explorable, Option, Panel, Switch
from guided_retraining.report.palette import Style, configuration_styles, metric_order
from guided_retraining.report.price import PRICE_AXIS
from guided_retraining.report.price_points import is_recommended, price_ends, price_front, price_lines

__all__ = ["price_explorable"]

KEY = (
    "Ring: recommended. Grey steps: the most that a price buys. Dotted: the original model. Intervals are over "
    "replicates and images."
)


def price_explorable(context: PageContext) -> Explorable | None:
    """The figure ``price`` with a panel for each kind of accuracy that its points have.

    Args:
        context: what the page is made from.

    Returns:
        The same marks, lines and front as the figure's; None where no price was counted.
    """
    r = context.recommendation
    points = [point for point in r["prices"]["points"] if point["price"]]
    if not points:
        return None
    outcome = r["prices"]["outcome"]
    kinds = list(dict.fromkeys((outcome, "clean", *(kind for point in points for kind in point["accuracy"]))))
    rows = {kind: list(_rows(r, kind)) for kind in kinds}
    styles = configuration_styles(str(point["configuration"]) for point in points)
    drawn = styles | {f"{key} --": Style(style.colour, style.marker, "--") for key, style in styles.items()}
    metrics = metric_order(row["metric"] for kind in kinds for row in rows[kind] if row["metric"])
    return Explorable(
        switches=[
            Switch(
                "outcome", "Accuracy", [Option(k, OUTCOMES[k].name, k in (outcome, "clean")) for k in kinds]
            ),
            Switch(
                "configuration",
                "Configurations",
                [
                    Option(key, configuration_label(key, r["words"]), True, style)
                    for key, style in styles.items()
                ],
            ),
            Switch("metric", "Orders", [Option(key, metric_name(key)) for key in metrics]),
        ],
        panels=[_panel(r, kind, rows[kind], drawn) for kind in kinds if rows[kind]],
        bars=True,
        key=KEY,
    )


def _rows(r: Recommendation, kind: str) -> Iterator[ChartRow]:
    for key in sorted({str(p["configuration"]) for p in r["prices"]["points"] if p["configuration"]}):
        for line, path in price_lines(r, key, kind).items():
            for point in path:
                yield _row(r, point, kind, key if line == "-" else f"{key} {line}")


def _row(r: Recommendation, point: PricePoint, kind: str, style: str) -> ChartRow:
    key, accuracy = str(point["configuration"]), point["accuracy"][kind]
    terms = terms_of(r["hardening"], key)
    budget = terms.full if point["highest"] else f"{number(point['n_inputs'])} {terms.axis}"
    return ChartRow(
        configuration=key,
        metric=point["metric"] or "",
        style=style,
        x=point["price"] or 0.0,
        mean=accuracy["mean"] or 0.0,
        low=accuracy["low"],
        high=accuracy["high"],
        recommended=is_recommended(point, r),
        order="any order" if point["metric"] is None else metric_name(point["metric"]),
        spent=f"{number(point['price'])} gradient passes, {budget}",
        value=f"{OUTCOMES[kind].name} {interval_text(accuracy)}",
    )


def _panel(r: Recommendation, kind: str, rows: list[ChartRow], styles: dict[str, Style]) -> Panel:
    before = [p["accuracy"][kind]["mean"] for p in r["prices"]["points"] if p["configuration"] is None]
    original = next(iter(before), None)
    ends = [
        bound
        for row in rows
        for bound in (row["mean"], row["low"], row["high"], original)
        if bound is not None
    ]
    specification = line_chart(
        rows,
        styles,
        x={"title": PRICE_AXIS, "ends": price_ends(r), "labelled": None},
        y_title=f"{OUTCOMES[kind].name} accuracy",
        y_ends=percent_range(ends),
        levels={":": original},
        front=price_front(r) if kind == r["prices"]["outcome"] else (),
    )
    return Panel(f"{OUTCOMES[kind].name} accuracy", {"outcome": kind}, specification)
