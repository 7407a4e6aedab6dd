"""The page's sentences about one recommendation."""

from __future__ import annotations

import pandas as pd

from guided_retraining.evaluation.first_edition import Recommendation
from guided_retraining.evaluation.first_edition_answer import interval_text
from guided_retraining.evaluation.wording import (
    metric_name,
    number,
    p_text,
    percent,
    points,
    seconds,
    signed_points,
)

__all__ = ["before_after", "key_numbers", "reasons"]

ROWS = {
    "combined": "clean and adversarial together",
    "clean": "clean",
    "replayed": "adversarial, made against the original model",
    "reattacked": "attacked again, against the retrained model",
    "unseen": "an attack not trained on",
}


def key_numbers(r: Recommendation) -> list[tuple[str, str, str]]:
    """The few numbers a hurried reader wants.

    Args:
        r: the recommendation.

    Returns:
        (label, number, remark) for each.
    """
    if r["configuration"] is None:
        return [("original model", percent(r["original"]["combined"]), "test accuracy, clean + adversarial")]
    gain, cost = r["gain_over_original"].get("combined", {}), r["cost"]
    cards = [
        (
            "inputs",
            number(r["n_inputs"]),
            f"{percent(r['share_of_pool'], 0)} of a pool of {number(r['pool_size'])}",
        ),
        ("test accuracy", percent(r["accuracy"]["combined"]["mean"]), "clean + adversarial"),
    ]
    if gain:
        cards.append(
            ("gain", signed_points(gain["mean"]), f"over the original {percent(r['original']['combined'])}")
        )
    forgotten = r["gain_over_original"].get("clean", {})
    if forgotten:
        said = "what hardening costs" if (forgotten["mean"] or 0) < 0 else "hardening costs nothing there"
        cards.append(("on clean inputs", signed_points(forgotten["mean"]), said))
    whole = cost["whole_pool_fit_seconds"]
    remark = f"whole pool: {seconds(whole)}" if whole and r["metric"] is not None else "one model"
    cards.append(("training time", seconds(cost["fit_seconds"]), remark))
    return cards


def before_after(r: Recommendation) -> pd.DataFrame:
    """Accuracies of the original and the recommended model.

    Args:
        r: the recommendation.

    Returns:
        Text cells: test inputs, original model, retrained, change.
    """
    rows = []
    for name, label in ROWS.items():
        before, after = r["original"].get(name), r["accuracy"].get(name, {})
        if before is None and after.get("mean") is None:
            continue
        change = interval_text(r["gain_over_original"].get(name, {}), signed=True)
        rows.append((label, percent(before), interval_text(after), change))
    return pd.DataFrame(rows, columns=["test inputs", "original model", "recommended", "change"])


def reasons(r: Recommendation) -> list[str]:
    """How sure the recommendation is, in plain sentences, the most important first.

    Args:
        r: the recommendation.

    Returns:
        Sentences without markup.
    """
    s = r["selection"]
    said = [r["verdict"]["sentence"], *r["verdict"]["caveats"], *_against(r)]
    said.append(
        f"Chosen on validation data: {s['rule'].replace(s['column'], 'validation accuracy')}{_distance(r)}. "
        "The accuracies reported are from test data that took no part in the choice."
    )
    left_out = r["stability"]
    if left_out["repeats"]:
        said.append(
            f"Choosing again with each of the {left_out['repeats']} seeds left out in turn kept the "
            f"configuration in {left_out['same_configuration']}, the metric in {left_out['same_metric']} "
            f"and the number of inputs in {left_out['same_n_inputs']} of them; measured on the seed left "
            f"out, these choices reached {interval_text(left_out['accuracy'])}."
        )
    if r["test_half_width"] is not None:
        said.append(
            "The intervals show what another seed would change. Another test set of this size alone "
            f"would move an accuracy by up to {points(r['test_half_width'])} either way."
        )
    return said


def _distance(r: Recommendation) -> str:
    s = r["selection"]
    error = (
        f"standard error {points(s['standard_error'])}"
        if s["standard_error"] is not None
        else "no standard error"
    )
    if s["mean"] == s["best_mean"]:
        return f" ({percent(s['mean'])}, the best; {error})"
    best = f"the best {percent(s['best_mean'])} with {number(s['best_n_inputs'])}"
    return f" ({percent(s['mean'])} with {number(s['n_inputs'])} inputs, {best}; {error})"


def _against(r: Recommendation) -> list[str]:
    said = []
    random, whole = r["gain_over_random"], r["gain_over_whole_pool"]
    if random.get("mean") is not None:
        said.append(
            f"At the recommended budget, {metric_name(r['metric'])} against {metric_name(r['baseline'])}: "
            f"{interval_text(random, signed=True)} ({p_text(random['p_value'])}, paired t test over "
            f"{random['n']} seeds)."
        )
    if whole.get("mean") is not None:
        said.append(
            f"Against retraining on the whole pool: {interval_text(whole, signed=True)} for "
            f"{percent(r['share_of_pool'], 0)} of its inputs."
        )
    return said
