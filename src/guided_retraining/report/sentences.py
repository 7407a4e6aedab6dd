"""The page's sentences: how the answer was chosen, what it may lose, and what the words for accuracy mean here."""

from __future__ import annotations

from collections.abc import Sequence

from guided_retraining.evaluation.findings import Difference, Recommendation, Step
from guided_retraining.evaluation.terms import Terms, budget_text, full_budgets, strategy_of, terms_of
from guided_retraining.evaluation.wording import (
    attack_name,
    configuration_label,
    metric_name,
    percent,
    points,
    signed_points,
)

__all__ = ["attacks_apart", "budget_sentences", "choice_sentences", "forgetting_sentence"]


def choice_sentences(r: Recommendation) -> list[str]:
    """How the answer was chosen, and what was decided on the way.

    Args:
        r: the recommendation.

    Returns:
        Sentences without markup.
    """
    choice = r["choice"]
    outcomes = " and ".join(choice["outcomes"])
    said = [_rule(r, outcomes), *_strategy(r)]
    gain = choice["gain"]
    if gain is not None and gain["mean"] is not None:
        primary = choice["outcomes"][0]
        full = _terms(r).full.removeprefix("the ").capitalize()
        said.append(
            f"{full} against original model, {primary} accuracy on validation data: {_with_bound(gain)}."
        )
    said += [
        f"{metric_name(metric)} is not named: {why.rstrip('.')}."
        for metric, why in choice["not_named"].items()
    ]
    return said


def budget_sentences(r: Recommendation) -> list[str]:
    """What the recommended budget and the next smaller one lose against the whole pool on test data.

    Args:
        r: the recommendation.

    Returns:
        Sentences without markup; none where the whole pool or the original model is recommended and nothing smaller
        was tried.
    """
    choice = r["choice"]
    ordering = choice["metric"] or choice["baseline"]
    steps = sorted(
        (step for step in choice["test_steps"] if step["metric"] == ordering),
        key=lambda step: -step["n_inputs"],
    )
    said = []
    if choice["action"] in ("random inputs", "ranked inputs"):
        said += [_on_test(step, r) for step in steps if step["n_inputs"] == choice["n_inputs"]]
    smaller = [step for step in steps if step["n_inputs"] < (choice["n_inputs"] or choice["pool_size"])]
    if smaller and choice["action"] != "original":
        said.append(_on_test(smaller[0], r))
    return said


def forgetting_sentence(r: Recommendation) -> str:
    """How many clean test images hardening cost, and how many it gained.

    Args:
        r: the recommendation.

    Returns:
        A sentence; empty where it is not known.
    """
    found = r["forgetting"]
    if found is None:
        return ""
    return (
        f"{percent(found['churn'])} of the clean test images were right with the original model and are wrong with the "
        f"recommended one; {percent(found['gained'])} were wrong and are right now."
    )


def attacks_apart(r: Recommendation) -> str:
    """Which attacks stand behind which kind of accuracy; whether two of them can be compared is in the notes.

    Args:
        r: the recommendation.

    Returns:
        Sentences in one text.
    """
    attacks = r["attacks"]
    robust, replayed, unseen = (attacks.get(kind, []) for kind in ("robust", "replayed", "unseen"))
    said = []
    if robust:
        said.append(
            f"Robust: share of the same test images that stay right under {_all_of(robust)}, made anew against the "
            "model that is measured."
        )
    else:
        said.append("No attack was made anew against the retrained models, so there is no robust accuracy.")
    if unseen:
        said.append(f"Unseen attack: the same under {_all_of(unseen)}, which made no retraining inputs.")
    if replayed:
        said.append(f"Replayed: inputs that {_names(replayed)} made once, against the original model.")
    return " ".join(said)


def _terms(r: Recommendation) -> Terms:
    return terms_of(r["hardening"], r["choice"]["strategy"])


def _rule(r: Recommendation, outcomes: str) -> str:
    choice = r["choice"]
    if choice["descriptive"]:
        n = choice["n_replicates"]
        return (
            f"Chosen on validation data by means alone: {n} replicate{'s show' if n > 1 else ' shows'} nothing about "
            "chance, so this describes one run and claims no more. Three replicates at least are needed."
        )
    margin, alpha = points(choice["margin"]), percent(choice["alpha"], 0)
    return (
        f"Chosen on validation data, {r['claim']}, from {choice['n_replicates']} replicates: a smaller budget is "
        f"enough where it is shown to lose less than {margin} of {outcomes} accuracy against {_terms(r).full}, and so "
        f"is every larger budget. The error rate of the whole choice is {alpha}. Test data took no part in it."
    )


def _strategy(r: Recommendation) -> list[str]:
    strategies = r["choice"]["strategies"]
    if len(strategies) < 2:
        return []
    ranked = sorted(strategies, key=lambda key: -strategies[key])
    primary = r["choice"]["outcomes"][0]
    said = [f"{percent(strategies[key])} with {configuration_label(key, r['words'])}" for key in ranked]
    return [f"Mean {primary} accuracy on validation data with {full_budgets(r)}: {', '.join(said)}."]


def _on_test(step: Step, r: Recommendation) -> str:
    choice, terms, margin = r["choice"], _terms(r), r["choice"]["margin"]
    what = budget_text(r, choice["strategy"], step["metric"], step["n_inputs"])
    if strategy_of(r["hardening"], choice["strategy"]).from_pool:
        what += f" ({metric_name(step['metric'])}, {percent(step['share_of_pool'])} of the pool)"
    elif step["metric"] != choice["baseline"]:
        what += f" ({metric_name(step['metric'])})"
    parts = [
        f"{key} {_with_bound(found)}"
        for key, found in step["differences"].items()
        if found["mean"] is not None
    ]
    if not parts:
        return f"On test data {what} were not measured."
    text = f"On test data {what} against {terms.full}: {', '.join(parts)}"
    if step["loses_at_most"] is None:
        return f"{text}; no bound."
    within = "within" if step["passes"] else "not shown to be within"
    return (
        f"{text}; at most {points(step['loses_at_most'])} are lost, {within} the margin of {points(margin)}."
    )


def _with_bound(found: Difference) -> str:
    text = signed_points(found["mean"])
    return text if found["low"] is None else f"{text} (at least {signed_points(found['low'], unit=False)})"


def _names(attacks: Sequence[str]) -> str:
    names = [attack_name(attack) for attack in attacks]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _all_of(attacks: Sequence[str]) -> str:
    return _names(attacks) if len(attacks) == 1 else f"every one of {_names(attacks)}"
