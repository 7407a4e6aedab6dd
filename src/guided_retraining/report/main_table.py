"""The table of four: original, recommended, random and whole-pool model, their accuracies and their price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from guided_retraining.evaluation.answer import interval_text
from guided_retraining.evaluation.findings import Interval, ModelNumbers, Recommendation
from guided_retraining.evaluation.outcomes import OUTCOMES, attack_of, columns_in_order
from guided_retraining.evaluation.terms import Terms, strategy_of, terms_of
from guided_retraining.evaluation.wording import attack_name, metric_name, number, percent, seconds

__all__ = ["main_caption", "main_numbers", "main_table", "models_shown"]

UNKNOWN = "n/a"
COSTS = {
    "fit_seconds": ("time to train", seconds),
    "scoring_seconds": ("time to score the pool, forward pass included", seconds),
    "total_seconds": ("time to train and score", seconds),
    "gradient_passes": ("gradient passes to train", number),
    "price_gradient_passes": ("gradient passes with the pool's attacks and scoring", number),
    "energy_wh": ("energy (Wh)", lambda value: UNKNOWN if value is None else f"{value:.3g}"),
}
# a cost -> the part of it that is a row of its own; where nothing else is in it, one row is enough
WHOLE_OF = {"total_seconds": "fit_seconds", "price_gradient_passes": "gradient_passes"}


def main_table(recommendation: Recommendation) -> pd.DataFrame:
    """The table as people read it: a row for each quantity, a column for each model.

    Args:
        recommendation: from ``recommend``, or read back from its JSON.

    Returns:
        Text cells such as ``55.2 % [51.0, 59.3]``.
    """
    r = recommendation
    models = models_shown(r)
    rows: list[tuple[str, ...]] = [
        (_terms(r).row, *(_inputs(model, r) for model in models.values())),
        *(
            (label, *(interval_text(model["accuracy"].get(key)) for model in models.values()))
            for key, label in _outcomes(r, models).items()
        ),
    ]
    if any(model["calibration_error"]["mean"] is not None for model in models.values()):
        errors = (interval_text(model["calibration_error"]) for model in models.values())
        rows.append(("calibration error (ECE)", *errors))
    for key, (label, text) in COSTS.items():
        spent = [model["cost"][key] for model in models.values()]  # type: ignore[literal-required]
        part = WHOLE_OF.get(key)
        same = part and all(model["cost"][part] == model["cost"][key] for model in models.values())  # type: ignore[literal-required]
        if any(spent) and not same:
            rows.append((label, *("none" if value == 0 else text(value) for value in spent)))
    return pd.DataFrame(rows, columns=["", *models])


def main_caption(recommendation: Recommendation) -> str:
    """What the table's numbers are means over, and what its intervals are over.

    Args:
        recommendation: from ``recommend``.

    Returns:
        Text without a full stop.
    """
    models = models_shown(recommendation)
    kinds = _outcomes(recommendation, models)
    found = [model["accuracy"][key] for model in models.values() for key in kinds if key in model["accuracy"]]
    over = " or ".join(sorted({interval["over"] for interval in found if interval["over"]}))
    intervals = (
        f"{percent(recommendation['confidence'], 0)} intervals over {over}" if over else "without intervals"
    )
    return (
        f"On test data, means over {number(recommendation['choice']['n_replicates'])} replicates; {intervals}"
    )


def main_numbers(recommendation: Recommendation) -> pd.DataFrame:
    """The same as numbers, all kinds of accuracy included: a row for each model and quantity.

    Args:
        recommendation: from ``recommend``, or read back from its JSON.

    Returns:
        ``model, configuration, metric, n_inputs, quantity, mean, low, high, n_replicates, n_images, over``.
    """
    rows: list[dict[str, Any]] = []
    for name, model in models_shown(recommendation).items():
        key = {"model": name, **{part: model[part] for part in ("configuration", "metric", "n_inputs")}}  # type: ignore[literal-required]
        ordered = columns_in_order([f"accuracy_{kind}" for kind in model["accuracy"]])
        measured: dict[str, Interval] = {c: model["accuracy"][c.removeprefix("accuracy_")] for c in ordered}
        measured["calibration_error"] = model["calibration_error"]
        rows += [{**key, "quantity": quantity, **interval} for quantity, interval in measured.items()]
        rows += [{**key, "quantity": quantity, "mean": value} for quantity, value in model["cost"].items()]
    return pd.DataFrame(rows)


def models_shown(recommendation: Recommendation) -> dict[str, ModelNumbers]:
    """The models of the table by the head of their column, none of them twice.

    Args:
        recommendation: its ``recommended`` model is the original or the whole pool's in some cases.

    Returns:
        Up to four models; where the whole pool is recommended, the next smaller budget is one of them.
    """
    models, choice = recommendation["models"], recommendation["choice"]
    terms, drawn = _terms(recommendation), metric_name(choice["baseline"])
    from_pool = strategy_of(recommendation["hardening"], choice["strategy"]).from_pool
    unranked = drawn if choice["metric"] == choice["baseline"] else metric_name(choice["metric"])
    action = {
        "original": "the original model",
        "whole pool": terms.head,
        "random inputs": unranked if from_pool else "lower price",
        "ranked inputs": metric_name(choice["metric"]),
    }[choice["action"]]
    heads = {
        "original": "original",
        "recommended": f"recommended: {action}",
        "random": f"{drawn}, as many",
        "fewer": f"{drawn}, next fewer" if from_pool else "next lower price",
        "whole_pool": terms.head,
    }
    shown: dict[str, ModelNumbers] = {}
    for name, head in heads.items():
        same = name in ("original", "whole_pool") and _same(models.get(name), models["recommended"])
        if name in models and not same:
            shown[head] = models[name]
    return shown


def _terms(r: Recommendation) -> Terms:
    return terms_of(r["hardening"], r["choice"]["strategy"])


def _same(one: ModelNumbers | None, other: ModelNumbers) -> bool:
    return (
        one is not None
        and one["n_inputs"] == other["n_inputs"]
        and one["configuration"] == other["configuration"]
    )


def _inputs(model: ModelNumbers, r: Recommendation) -> str:
    if not model["n_inputs"]:
        return "none"
    if not strategy_of(r["hardening"], model["configuration"]).from_pool:
        return number(model["cost"]["samples_seen"])
    share = model["n_inputs"] / r["choice"]["pool_size"]
    return f"{number(model['n_inputs'])} ({percent(share, 0 if share >= 0.1 else 1)})"


def _outcomes(r: Recommendation, models: Mapping[str, ModelNumbers]) -> dict[str, str]:
    """Which kinds of accuracy are shown, and what they are called.

    Replayed and combined accuracies hold attacks that robust accuracy leaves out, and are on inputs made against
    another model: they are shown only where nothing was attacked anew.
    """
    measured = {
        key
        for model in models.values()
        for key, found in model["accuracy"].items()
        if found["mean"] is not None
    }
    columns = columns_in_order([f"accuracy_{key}" for key in measured])
    anew = "robust" in measured
    named: dict[str, str] = {}
    for column in columns:
        outcome, attack = attack_of(column)
        key = column.removeprefix("accuracy_")
        if anew and outcome in (OUTCOMES["replayed"], OUTCOMES["combined"]):
            continue
        if outcome is None:
            named[key] = key.replace("_", " ")
        elif attack is not None:
            named[key] = f"{outcome.name}: {attack_name(attack)} alone"
        else:
            named[key] = (
                f"{outcome.name}{_worst_of(r['attacks'].get(outcome.key, []))}"
                if outcome.per_attack
                else outcome.name
            )
    for kind, attacks in r["attacks"].items():  # worst case of one attack: that attack
        if len(attacks) == 1:
            named.pop(f"{kind}_{attacks[0]}", None)
    return named


def _worst_of(attacks: list[str]) -> str:
    if len(attacks) > 1:
        return " (worst case of all attacks)"
    return f" ({attack_name(attacks[0])})" if attacks else ""
