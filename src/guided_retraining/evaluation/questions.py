"""What a study has settled and what is open: each question with its verdict, on validation data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from guided_retraining.evaluation.contrasts import compare_with_baseline, verdict_of
from guided_retraining.evaluation.curves import cell, curves_of
from guided_retraining.evaluation.dunnett import many_to_one
from guided_retraining.evaluation.findings import Choice, Question, Verdict
from guided_retraining.evaluation.layout import lower_bounds
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.steps import FEWEST_REPLICATES, gain_over, levels

__all__ = ["questions_of", "settled"]


def questions_of(results: pd.DataFrame, choice: Choice) -> list[Question]:
    """The questions that a choice rests on, in the order in which the rule asks them.

    Args:
        results: the results table that the choice was made from.
        choice: from ``choose``; its ``alpha`` and ``margin`` hold here too.

    Returns:
        Whether retraining helps at all; each other strategy against the chosen one at its full price; each metric
        against random in the chosen strategy; each smaller budget of the chosen strategy against the whole pool. All
        but the last two-sided, on validation data, so that test data decide nothing.
    """
    return [
        *_retraining(results, choice),
        *_strategies(results, choice),
        *_orderings(results, choice),
        *_budgets(results, choice),
    ]


def settled(questions: Sequence[Question]) -> bool:
    """Whether nothing is open that could change the answer.

    Args:
        questions: from :func:`questions_of`.

    Returns:
        True too where nothing was asked.
    """
    return not any(question["open"] for question in questions)


def _question(
    about: str,
    choice: Choice,
    verdict: Verdict,
    difference: float | None,
    bounds: tuple[float | None, float | None],
    *,
    configuration: str | None = None,
    metric: str | None = None,
    n_inputs: int | None = None,
    is_open: bool | None = None,
) -> Question:
    return Question(
        about=about,  # type: ignore[typeddict-item]
        configuration=configuration or choice["strategy"],
        metric=metric,
        n_inputs=n_inputs,
        difference=difference,
        low=_possible(bounds[0]),
        high=_possible(bounds[1]),
        verdict=verdict,
        open=verdict == "unresolved" if is_open is None else is_open,
    )


def _possible(bound: float | None) -> float | None:
    """A bound within what differences of accuracies can be."""
    return None if bound is None else min(1.0, max(-1.0, bound))


def _retraining(results: pd.DataFrame, choice: Choice) -> list[Question]:
    """The chosen strategy's gain over the original model; the best of several was picked, so they share alpha."""
    column, level = _primary(choice), choice["alpha"] / len(choice["strategies"])
    before = cell(results, None, None, 0)
    after = cell(results, choice["strategy"], None, choice["pool_size"])
    gain, loss = gain_over(before, after, column, level), gain_over(after, before, column, level)
    if gain is None or loss is None:
        return []
    low, high = gain["low"], None if loss["low"] is None else -loss["low"]
    verdict = verdict_of(low, high, choice["margin"])
    return [_question("retraining", choice, verdict, gain["mean"], (low, high))]


def _primary(choice: Choice) -> str:
    return OUTCOMES[choice["outcomes"][0]].validation_column


def _strategies(results: pd.DataFrame, choice: Choice) -> list[Question]:
    """Every other strategy against the best one, at the largest budget of each."""
    others = [key for key in sorted(choice["strategies"]) if key != choice["strategy"]]
    columns = []
    for key in [choice["strategy"], *others]:
        rows = results[results["configuration"] == key]
        columns.append(cell(rows, None, None, int(rows["pool_size"].iloc[0]))[_primary(choice)].astype(float))
    values = pd.concat(columns, axis=1).dropna().to_numpy()
    if not others or not len(values):
        return []
    half = np.full(len(others), np.nan)
    if len(values) >= FEWEST_REPLICATES:
        half = many_to_one(values, 0, choice["alpha"]).half_widths
    found = []
    for i, key in enumerate(others, start=1):
        mean, width = float((values[:, i] - values[:, 0]).mean()), float(half[i - 1])
        low, high = (mean - width, mean + width) if np.isfinite(width) else (None, None)
        verdict = verdict_of(low, high, choice["margin"])
        found.append(_question("strategy", choice, verdict, mean, (low, high), configuration=key))
    return found


def _orderings(results: pd.DataFrame, choice: Choice) -> list[Question]:
    found = compare_with_baseline(
        results[results["configuration"] == choice["strategy"]],
        outcome=choice["outcomes"][0],
        on="validation",
        margin=choice["margin"],
        alpha=choice["alpha"],
        baseline=choice["baseline"],
    )
    return [
        _question(
            "ordering",
            choice,
            row["verdict"],
            row["difference"],
            (row["low"], row["high"]),
            metric=row["metric"],
        )
        for row in found["rows"]
    ]


def _budgets(results: pd.DataFrame, choice: Choice) -> list[Question]:
    """Each budget of the choice's chains: equal within the margin, worse by more, or not resolved.

    Only a budget that the chain reached is open: the chain goes no further down.
    """
    lowest: dict[tuple[str, int], float] = {}  # the smallest upper bound over outcomes
    for outcome in choice["outcomes"]:
        column = OUTCOMES[outcome].validation_column
        curves = curves_of(results, choice["strategy"], column).in_all_replicates()
        if len(curves.replicates) < FEWEST_REPLICATES or not curves.budgets:
            continue
        level = levels(curves.orderings, choice["baseline"], choice["alpha"])
        upper = -lower_bounds(-curves.differences, level)[0]
        for o, ordering in enumerate(curves.orderings):
            for b, budget in enumerate(curves.budgets):
                bound = float(upper[o, b])
                lowest[ordering, budget] = min(bound, lowest.get((ordering, budget), bound))
    found = []
    for step in choice["steps"]:
        key = (step["metric"], step["n_inputs"])
        means = [one["mean"] for one in step["differences"].values() if one["mean"] is not None]
        if not means:
            continue
        verdict: Verdict = "unresolved"
        if step["reached"] and step["passes"]:
            verdict = "equal"
        elif key in lowest and lowest[key] < -choice["margin"]:
            verdict = "worse"
        low = None if step["loses_at_most"] is None else -step["loses_at_most"]
        found.append(
            _question(
                "budget", choice, verdict, min(means), (low, lowest.get(key)),
                metric=step["metric"], n_inputs=step["n_inputs"],
                is_open=step["reached"] and verdict == "unresolved",
            )
        )  # fmt: skip
    return found
