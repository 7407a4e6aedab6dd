"""The recommendation in three lines of plain text."""

from __future__ import annotations

from guided_retraining.evaluation.first_edition import Numbers, Recommendation
from guided_retraining.evaluation.wording import (
    configuration_name,
    metric_name,
    number,
    p_text,
    percent,
    seconds,
    signed_points,
)

__all__ = ["answer_lines", "interval_text", "what_to_do"]


def answer_lines(recommendation: Recommendation) -> list[str]:
    """What to do, what it brings, and how sure that is and what it costs.

    Args:
        recommendation: from ``recommend``, or read back from its JSON.

    Returns:
        Three lines without markup.
    """
    return [what_to_do(recommendation), _what_it_brings(recommendation), _how_sure(recommendation)]


def what_to_do(recommendation: Recommendation) -> str:
    """The recommended action in one sentence.

    Args:
        recommendation: from ``recommend``.

    Returns:
        A sentence that names data set, inputs, ranking and start weights.
    """
    r = recommendation
    if r["configuration"] is None:
        return f"{r['dataset']}: keep the original model; no retraining beat it on validation data."
    setting = f"{r['configuration']} ({configuration_name(r['configuration'])})"
    if r["metric"] is None:
        return (
            f"{r['dataset']}: retrain on the whole pool of {number(r['pool_size'])} inputs under {setting}."
        )
    how = "drawn at random" if r["metric"] == "random" else f"ranked first by {metric_name(r['metric'])}"
    if r["metric"] != r["baseline"] and not _beats_baseline(r):
        how += f" (not shown to beat {metric_name(r['baseline'])})"
    return (
        f"{r['dataset']}: retrain on {number(r['n_inputs'])} of {number(r['pool_size'])} inputs "
        f"({percent(r['share_of_pool'], 0)}), {how}, under {setting}."
    )


def interval_text(numbers: Numbers, *, signed: bool = False) -> str:
    """A mean with its interval, in percent or, signed, in percentage points.

    Args:
        numbers: mean, low and high as in the recommendation; may be empty.
        signed: whether it is a difference.

    Returns:
        Such as ``91.2 % [90.1, 92.3]``; without the brackets where the interval is undefined.
    """
    mean, low, high = (numbers.get(key) for key in ("mean", "low", "high"))
    text = signed_points(mean) if signed else percent(mean)
    if low is None or high is None:
        return text
    if signed:
        return f"{text} [{signed_points(low, unit=False)}, {signed_points(high, unit=False)}]"
    return f"{text} [{100 * low:.1f}, {100 * high:.1f}]"


def _what_it_brings(r: Recommendation) -> str:
    parts = [
        f"Test accuracy on clean and adversarial inputs together: {interval_text(r['accuracy']['combined'])}"
    ]
    before = r["original"]
    if r["configuration"] is not None:
        gain = r["gain_over_original"].get("combined", {})
        if gain:
            parts.append(
                f"{signed_points(gain['mean'])} over the original model ({percent(before['combined'])})"
            )
        parts += [
            f"{label} {percent(before[name])} to {percent(r['accuracy'][name]['mean'])}"
            for name, label in (("clean", "clean"), ("replayed", "adversarial"))
            if name in r["accuracy"] and before[name] is not None
        ]
        for name, label in (("reattacked", "attacked again"), ("unseen", "by an attack not trained on")):
            again = r["accuracy"].get(name, {}).get("mean")
            if again is not None:
                first = before.get(name)
                parts.append(
                    f"{label} {percent(again)}"
                    if first is None
                    else f"{label} {percent(first)} to {percent(again)}"
                )
        if r["gain_over_whole_pool"]:
            parts.append(f"whole pool {percent(r['whole_pool_accuracy'].get('mean'))}")
    return "; ".join(parts) + "."


def _how_sure(r: Recommendation) -> str:
    seeds = f"{r['n_seeds']} seed{'s' if r['n_seeds'] > 1 else ''}"
    against = r["gain_over_random"]
    if against and r["n_seeds"] > 1:
        sure = (
            f"{seeds}; over {metric_name(r['baseline'])} at this budget "
            f"{interval_text(against, signed=True)}, {p_text(against['p_value'])}"
        )
    elif r["n_seeds"] == 1:
        sure = "1 seed, so no interval and no test: run more seeds before relying on it"
    else:
        sure = f"{seeds}; {percent(r['confidence'], 0)} intervals over seeds in brackets"
    told = _told_apart(r)
    sure += f"; {told}" if told else ""
    return f"How sure: {sure}. Cost: {_cost_text(r)}."


def _beats_baseline(r: Recommendation) -> bool:
    """Over all budgets, after correction: a comparison that the choice of this cell did not favour."""
    return f"{r['configuration']}: {r['metric']}" in r["verdict"]["better"]


def _told_apart(r: Recommendation) -> str:
    verdict, baseline = r["verdict"], metric_name(r["baseline"])
    if verdict["differs"] is None:
        return ""
    if verdict["better"]:
        named = dict.fromkeys(metric_name(entry.split(": ", 1)[1]) for entry in verdict["better"])
        return f"over all budgets better than {baseline}: {', '.join(named)}"
    return f"over all budgets no metric is shown to be better than {baseline}"


def _cost_text(r: Recommendation) -> str:
    cost = r["cost"]
    if r["configuration"] is None:
        return "none"
    parts = [f"{seconds(cost['fit_seconds'])} to train"]
    if cost["whole_pool_fit_seconds"] and r["metric"] is not None:
        parts[0] += f" (whole pool {seconds(cost['whole_pool_fit_seconds'])})"
    if cost["scoring_seconds"] is not None:
        parts.append(f"{seconds(cost['scoring_seconds'])} to score the pool")
    if cost["energy_wh"] is not None:
        parts.append(f"{cost['energy_wh']:.3g} Wh")
    return ", ".join(parts)
