"""The table of ways of hardening: what each gives at its highest price."""

from __future__ import annotations

from typing import Any

import pandas as pd

from guided_retraining.evaluation.answer import interval_text
from guided_retraining.evaluation.findings import Interval, PricePoint, Recommendation
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.terms import strategy_of
from guided_retraining.evaluation.wording import (
    configuration_label,
    number,
    percent,
    seconds,
    signed_points,
)

__all__ = ["strategies_caption", "strategies_numbers", "strategies_table"]


def strategies_table(recommendation: Recommendation) -> pd.DataFrame:
    """A row for the original model and for each configuration at its highest price, as people read them.

    Args:
        recommendation: from ``recommend``, or read back from its JSON.

    Returns:
        Text cells such as ``55.2 % [51.0, 59.3]``.
    """
    r, shown = recommendation, _shown(recommendation)
    outcome, against = r["prices"]["outcome"], r["prices"]["against"]
    kinds = [kind for kind in ("clean", outcome, "unseen") if any(kind in p["accuracy"] for p in shown)]
    columns: dict[str, list[str]] = {
        "configuration": [_label(point, r) for point in shown],
        "gradient passes": [_spent(point["price"], number) for point in shown],
        "time to train": [_spent(point["fit_seconds"], seconds) for point in shown],
    }
    for kind in dict.fromkeys(kinds):
        columns[OUTCOMES[kind].name] = [interval_text(point["accuracy"].get(kind)) for point in shown]
    if any(point["difference"] is not None for point in shown):
        head = f"{OUTCOMES[outcome].name} against retraining, points"
        columns[head] = [
            "this one" if point["configuration"] == against else _difference(point["difference"])
            for point in shown
        ]
    return pd.DataFrame(columns)


def strategies_numbers(recommendation: Recommendation) -> pd.DataFrame:
    """The same unrounded, at all budgets: a row for each point and quantity.

    Args:
        recommendation: from ``recommend``.

    Returns:
        ``configuration, strategy, metric, n_inputs, highest, price, fit_seconds, on_front, quantity, mean, low, high,
        n_replicates, n_images, over``.
    """
    r = recommendation
    rows: list[dict[str, Any]] = []
    for point in r["prices"]["points"]:
        key = {
            name: point[name]
            for name in ("metric", "n_inputs", "highest", "price", "fit_seconds", "on_front")
        }  # type: ignore[literal-required]
        configuration = point["configuration"]
        strategy = None if configuration is None else strategy_of(r["hardening"], configuration).key
        named = {"configuration": configuration, "strategy": strategy, **key}
        rows += [
            {**named, "quantity": f"accuracy_{kind}", **interval}
            for kind, interval in point["accuracy"].items()
        ]
        if point["difference"] is not None:
            quantity = f"accuracy_{r['prices']['outcome']}_difference"
            rows.append({**named, "quantity": quantity, **point["difference"]})
    return pd.DataFrame(rows)


def strategies_caption(recommendation: Recommendation) -> str:
    """What the table's numbers are, and what the last column is against.

    Args:
        recommendation: from ``recommend``.

    Returns:
        Text without a full stop.
    """
    r = recommendation
    said = (
        f"{r['dataset']}: each configuration at its full price, on test data, means over "
        f"{number(r['choice']['n_replicates'])} replicates with {percent(r['confidence'], 0)} intervals"
    )
    against = r["prices"]["against"]
    if any(point["difference"] is not None for point in r["prices"]["points"]):
        said += (
            f"; the last column is against {configuration_label(str(against), r['words'])}, of those that retrain on "
            "stored inputs the best one on validation data"
        )
    return said


def _shown(r: Recommendation) -> list[PricePoint]:
    return [p for p in r["prices"]["points"] if p["highest"] or p["configuration"] is None]


def _label(point: PricePoint, r: Recommendation) -> str:
    if point["configuration"] is None:
        return "original model"
    return configuration_label(point["configuration"], r["words"])


def _spent(value: float | None, text: Any) -> str:
    return "none" if value == 0 else str(text(value))


def _difference(found: Interval | None) -> str:
    if found is None or found["mean"] is None:
        return ""
    text = signed_points(found["mean"], unit=False)
    if found["low"] is None or found["high"] is None:
        return text
    return f"{text} [{signed_points(found['low'], unit=False)}, {signed_points(found['high'], unit=False)}]"
