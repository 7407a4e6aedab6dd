"""The recommendation in three lines of plain text: what to do, what it brings, how sure that is and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from guided_retraining.evaluation.advice import replicates_text, what_to_do
from guided_retraining.evaluation.findings import Cost, Interval, Recommendation, Step
from guided_retraining.evaluation.terms import Terms, strategy_of, terms_of
from guided_retraining.evaluation.wording import (
    attack_name,
    metric_name,
    number,
    percent,
    points,
    seconds,
)

__all__ = ["answer_lines", "interval_text"]

ENOUGH_REPLICATES = 10  # for whoever has too few: bounds hardly get narrower beyond


def answer_lines(recommendation: Recommendation) -> list[str]:
    """What to do, what it brings, and how sure that is and what it costs.

    Args:
        recommendation: from ``recommend``, or read back from its JSON.

    Returns:
        Three lines without markup.
    """
    r = recommendation
    return [what_to_do(r), _what_it_brings(r), f"How sure: {_how_sure(r)} Cost: {_cost(r)}"]


def interval_text(interval: Interval | None) -> str:
    """A mean with its interval in percent.

    Args:
        interval: None if it was not measured.

    Returns:
        Such as ``91.2 % [90.1, 92.3]``; without the brackets where there is no interval.
    """
    if interval is None:
        return percent(None)
    text, low, high = percent(interval["mean"]), interval["low"], interval["high"]
    return text if low is None or high is None else f"{text} [{100 * low:.1f}, {100 * high:.1f}]"


def _terms(r: Recommendation) -> Terms:
    return terms_of(r["hardening"], r["choice"]["strategy"])


def _what_it_brings(r: Recommendation) -> str:
    """Clean accuracy and the primary outcome of each model, the same attacks for all of them."""
    c, models = r["choice"], r["models"]
    recommended = models["recommended"]["accuracy"]
    primary = c["outcomes"][0]
    kinds = ["clean", primary]
    names = {
        "clean": "clean",
        primary: f"{primary}{_by(r['attacks'].get('robust' if primary == 'robust' else 'replayed'))}",
    }
    parts = [
        f"Test accuracy: {', '.join(f'{names[kind]} {interval_text(recommended.get(kind))}' for kind in kinds)}"
    ]
    full = _terms(r).full.removeprefix("the ")
    others = {"original": "original model", "random": "as many at random", "whole_pool": full}
    shown = {name: label for name, label in others.items() if name in models and name in r["differences"]}
    parts += [
        f"{label} {' and '.join(interval_text(models[name]['accuracy'].get(kind)) for kind in kinds)}"
        for name, label in shown.items()
    ]
    unseen = recommended.get("unseen")
    if unseen is not None and unseen["mean"] is not None:
        parts.append(
            f"under attacks that made no retraining inputs{_by(r['attacks'].get('unseen'))} {interval_text(unseen)}"
        )
    over = recommended["clean"]["over"] if "clean" in recommended else ""
    brackets = f" (brackets: {percent(r['confidence'], 0)} intervals over {over})" if over else ""
    return f"{'; '.join(parts)}{brackets}."


def _by(attacks: Sequence[str] | None) -> str:
    return f" ({', '.join(attack_name(attack) for attack in attacks)})" if attacks else ""


def _how_sure(r: Recommendation) -> str:
    c = r["choice"]
    if c["descriptive"]:
        return (
            f"nothing is shown with {replicates_text(c['n_replicates'])}, the numbers describe what was seen; run 3 at "
            f"least, better {ENOUGH_REPLICATES}."
        )
    said = f"{replicates_text(c['n_replicates'])}, {r['claim']}"
    if c["action"] in ("random inputs", "ranked inputs"):
        metric = c["metric"] or c["baseline"]
        seen, tested = (_bound(c[key], metric, c["n_inputs"]) for key in ("steps", "test_steps"))  # type: ignore[literal-required]
        kinds = " and ".join(c["outcomes"])
        said += (
            f"; against {_terms(r).full} at most {points(seen)} of {kinds} accuracy are lost on validation data "
            f"({points(c['margin'])} allowed; wrong in at most {percent(c['alpha'], 0)} of studies)"
        )
        if tested is not None:
            said += f", at most {points(tested)} on test data"
            said += "" if tested < c["margin"] else ", which does not confirm it"
    elif c["gain"] is not None and c["gain"]["low"] is not None and c["action"] == "whole pool":
        said += (
            f"; {c['outcomes'][0]} accuracy on validation data rises by at least {points(c['gain']['low'])}"
        )
    return f"{said}."


def _bound(steps: Sequence[Step], metric: str, n_inputs: int) -> float | None:
    return next(
        (step["loses_at_most"] for step in steps if (step["metric"], step["n_inputs"]) == (metric, n_inputs)),
        None,
    )


def _cost(r: Recommendation) -> str:
    """Of the advice, and of each alternative to it."""
    c, models, terms = r["choice"], r["models"], _terms(r)
    if c["action"] == "original":
        return f"none; {terms.full} {_price(models['whole_pool']['cost'])}."
    apart = bool(models["recommended"]["cost"]["scoring_seconds"])
    parts = [_price(models["recommended"]["cost"], apart=apart)]
    drawn = metric_name(c["baseline"])
    fewer = number(models["fewer"]["n_inputs"] if "fewer" in models else None)
    alternatives = {"random": f"as many {drawn} inputs", "fewer": f"{fewer} {drawn} inputs"}
    if not strategy_of(r["hardening"], c["strategy"]).from_pool:
        alternatives = {"random": f"as many in {drawn} order", "fewer": "the next lower price"}
    alternatives["whole_pool"] = terms.full
    parts += [
        f"{label} {_price(models[name]['cost'])}"
        for name, label in alternatives.items()
        if name in models and name in r["differences"]
    ]
    return f"{'; '.join(parts)}."


def _price(cost: Cost, *, apart: bool = False) -> str:
    text = f"{seconds(cost['total_seconds'] if cost['total_seconds'] is not None else cost['fit_seconds'])}"
    if apart:
        text += f" ({seconds(cost['fit_seconds'])} to train, {seconds(cost['scoring_seconds'])} to score the pool)"
    if cost["gradient_passes"] is not None:
        text += f", {number(cost['gradient_passes'])} gradient passes"
    return text
