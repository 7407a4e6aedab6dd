"""What is said of budgets: a pool's inputs are chosen, other strategies show images that they attack as they go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guided_retraining.evaluation.findings import Recommendation
from guided_retraining.evaluation.wording import number
from guided_retraining.parameters.strategies import PLAIN, STRATEGIES, Strategy

__all__ = ["Terms", "budget_text", "full_budgets", "strategy_of", "terms_of"]


@dataclass(frozen=True)
class Terms:
    """The words for a configuration's budgets.

    Attributes:
        full: the largest budget, in a sentence.
        head: the same, in the head of a table.
        axis: what a budget's number counts.
        row: what a model was trained on.
    """

    full: str
    head: str
    axis: str
    row: str


OF_POOL = Terms("the whole pool", "whole pool", "retraining inputs", "retraining inputs")
OF_PRICE = Terms("the full price", "full price", "images planned", "images shown")


def strategy_of(hardening: Mapping[str, str], configuration: str | None) -> Strategy:
    """The strategy of a configuration.

    Args:
        hardening: keys of strategies by configuration.
        configuration: its key; None for the original model.

    Returns:
        Its row; that of plain retraining where none is named.
    """
    return STRATEGIES[hardening.get(configuration or "", PLAIN)]


def terms_of(hardening: Mapping[str, str], configuration: str | None) -> Terms:
    """The words for a configuration's budgets.

    Args:
        hardening: keys of strategies by configuration.
        configuration: its key.

    Returns:
        The same for all that choose from the pool.

    >>> terms_of({"mine": "adversarial_training"}, "mine").full, terms_of({}, "mine").full
    ('the full price', 'the whole pool')
    """
    return OF_POOL if strategy_of(hardening, configuration).from_pool else OF_PRICE


def budget_text(recommendation: Recommendation, configuration: str, metric: str | None, n_inputs: int) -> str:
    """A budget in words: inputs of the pool, or the price of what makes its inputs itself.

    Args:
        recommendation: from ``recommend``.
        configuration: its key.
        metric: the order, which may have a price of its own.
        n_inputs: the budget.

    Returns:
        Such as ``800 inputs`` or ``9,472 gradient passes``.
    """
    if strategy_of(recommendation["hardening"], configuration).from_pool:
        return f"{number(n_inputs)} inputs"
    there = [
        point
        for point in recommendation["prices"]["points"]
        if (point["configuration"], point["n_inputs"]) == (configuration, n_inputs)
        and point["price"] is not None
    ]
    own = next((point for point in there if point["metric"] == metric), there[0] if there else None)
    return f"{number(n_inputs)} images" if own is None else f"{number(own['price'])} gradient passes"


def full_budgets(recommendation: Recommendation) -> str:
    """The largest budgets of all configurations together.

    Args:
        recommendation: from ``recommend``.

    Returns:
        What follows "with" in a sentence.
    """
    r = recommendation
    heads = [terms_of(r["hardening"], key).full for key in sorted(r["choice"]["strategies"])]
    return " or ".join(dict.fromkeys(heads))
