"""What to do, in one sentence: the first line of the answer, and what the model card says of it."""

from __future__ import annotations

from guided_retraining.evaluation.findings import Recommendation, Step
from guided_retraining.evaluation.terms import budget_text, strategy_of
from guided_retraining.evaluation.wording import (
    configuration_label,
    metric_name,
    number,
    percent,
    points,
    signed_points,
)

__all__ = ["replicates_text", "what_to_do", "what_was_done"]

ALIKE = 0.05  # prices that differ by less are called the same: whole batches, attacks that stop early


def what_to_do(recommendation: Recommendation) -> str:
    """The recommended action in one sentence.

    Args:
        recommendation: from ``recommend``.

    Returns:
        A sentence that names data set, inputs and configuration, and why not fewer inputs.
    """
    r, c = recommendation, recommendation["choice"]
    how, pool = configuration_label(c["strategy"], r["words"]), number(c["pool_size"])
    if c["action"] == "original":
        return f"{r['dataset']}: keep the original model. {_no_gain(r, how)}"
    if not strategy_of(r["hardening"], c["strategy"]).from_pool:
        return f"{r['dataset']}: {_harden(r)}."
    if c["action"] == "whole pool":
        return f"{r['dataset']}: retrain on the whole pool of {pool} inputs under {how}; {_not_fewer(r)}."
    share = percent(c["n_inputs"] / c["pool_size"], 0)
    if c["action"] == "random inputs":
        return (
            f"{r['dataset']}: retrain on any {number(c['n_inputs'])} of {pool} inputs ({share}), "
            f"no ranking needed, under {how}."
        )
    return (
        f"{r['dataset']}: retrain on the {number(c['n_inputs'])} of {pool} inputs ({share}) that "
        f"{metric_name(c['metric'])} ranks first, under {how}."
    )


def what_was_done(recommendation: Recommendation) -> str:
    """How the recommended model was hardened.

    Args:
        recommendation: from ``recommend``, not one to keep the original model.

    Returns:
        What follows the model's name in a sentence.
    """
    r, c = recommendation, recommendation["choice"]
    if not strategy_of(r["hardening"], c["strategy"]).from_pool:
        return f"hardened {_by_strategy(r)}"
    return (
        f"retrained under {configuration_label(c['strategy'], r['words'])} on {number(c['n_inputs'])} inputs"
    )


def _harden(r: Recommendation) -> str:
    """What to do where the strategy makes its inputs itself, and no pool is chosen from."""
    c, passes = r["choice"], r["models"]["recommended"]["cost"]["price_gradient_passes"]
    how = f"harden {_by_strategy(r)}"
    price = f"{_of_whole_pool(r)}{'' if passes is None else f' ({number(passes)} gradient passes)'}"
    if c["action"] == "whole pool":
        return f"{how}, at {price}; {_not_fewer(r)}"
    share = percent(c["n_inputs"] / c["pool_size"], 0)
    return f"{how}, at {price}, {share} of the full price"


def _by_strategy(r: Recommendation) -> str:
    c, words, shown = r["choice"], r["words"], r["models"]["recommended"]["cost"]["samples_seen"]
    said = f"by {words[c['strategy']]}" if c["strategy"] in words else f"under {c['strategy']}"
    if c["metric"] is not None:
        said += f", images scored by {metric_name(c['metric'])}"
    return said if shown is None else f"{said}, showing {number(shown)} images"


def _of_whole_pool(r: Recommendation) -> str:
    """The price of the recommended model against that of plain retraining on the whole pool."""
    points = {one["configuration"]: one["price"] for one in r["prices"]["points"] if one["highest"]}
    whole = points.get(r["prices"]["against"])
    passes = r["models"]["recommended"]["cost"]["price_gradient_passes"]
    if not whole or passes is None:
        return "its price"
    times = passes / whole
    return (
        "the price of the whole pool"
        if abs(times - 1) < ALIKE
        else f"{times:.2g} times the price of the whole pool"
    )


def _no_gain(r: Recommendation, how: str) -> str:
    c = r["choice"]
    outcome, gain = c["outcomes"][0], c["gain"]
    from_pool = strategy_of(r["hardening"], c["strategy"]).from_pool
    does = f"Retraining on the whole pool ({how})" if from_pool else f"Hardening at the full price ({how})"
    if gain is None or gain["mean"] is None:
        return f"{'Retraining' if from_pool else 'Hardening'} ({how}) was not compared with it."
    seen = f"{signed_points(gain['mean'])} of {outcome} accuracy on validation data"
    if gain["low"] is None:
        return f"{does} brought {seen}."
    possible = signed_points(gain["low"])
    return f"{does} is not shown to help: {seen}, and it may be as low as {possible}."


def _not_fewer(r: Recommendation) -> str:
    c = r["choice"]
    if c["descriptive"]:
        return f"{replicates_text(c['n_replicates'])} cannot show whether fewer are enough"
    largest = [step for step in c["steps"] if step["reached"] and step["loses_at_most"] is not None]
    step = next((one for one in largest if one["metric"] == c["baseline"]), largest[0] if largest else None)
    if step is None:
        return "no smaller number was tried" if not c["steps"] else "fewer are not shown to be enough"
    return (
        f"fewer are not shown to be enough ({_budget(r, step)} lose at most {points(step['loses_at_most'])}, "
        f"more than the {points(c['margin'])} allowed)"
    )


def _budget(r: Recommendation, step: Step) -> str:
    return budget_text(r, r["choice"]["strategy"], step["metric"], step["n_inputs"]).removesuffix(" inputs")


def replicates_text(n: int) -> str:
    """So many replicates, in words.

    Args:
        n: 1 or more.

    Returns:
        Text.
    """
    return "1 replicate" if n == 1 else f"{n} replicates"
