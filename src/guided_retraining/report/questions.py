"""The table of what a study has settled on validation data, and what is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from guided_retraining.evaluation.findings import Question
from guided_retraining.evaluation.wording import (
    configuration_label,
    metric_name,
    number,
    points,
    signed_points,
)

__all__ = ["question_words", "questions_caption", "questions_numbers", "questions_table"]


def questions_caption(questions: Sequence[Question]) -> str:
    """The table's caption: how many questions are open.

    Args:
        questions: from ``questions_of``.

    Returns:
        One line.
    """
    still = sum(question["open"] for question in questions)
    said = (
        "nothing is open that could change the answer"
        if not still
        else f"{still} of {len(questions)} questions are open"
    )
    return f"What is settled on validation data: {said}"


def questions_table(
    questions: Sequence[Question], words: Mapping[str, str], baseline: str, margin: float
) -> pd.DataFrame:
    """A row for each question, as people read it.

    Args:
        questions: from ``questions_of``.
        words: what each configuration does, by key.
        baseline: the ordering that the metrics are compared with.
        margin: within which a difference counts as none.

    Returns:
        ``question, difference, interval, verdict, open``.
    """
    verdicts = {"equal": f"equal within {points(margin)}", "unresolved": "not resolved"}
    rows = [
        {
            "question": question_words(one, words, baseline),
            "difference": signed_points(one["difference"]),
            "interval": _interval(one),
            "verdict": verdicts.get(one["verdict"], one["verdict"]),
            "open": "open" if one["open"] else "settled" if one["verdict"] != "unresolved" else "not asked",
        }
        for one in questions
    ]
    return pd.DataFrame(rows, columns=["question", "difference", "interval", "verdict", "open"])


def questions_numbers(questions: Sequence[Question]) -> pd.DataFrame:
    """The same unrounded.

    Args:
        questions: from ``questions_of``.

    Returns:
        A row for each, with the entries of ``Question``.
    """
    return pd.DataFrame(list(questions), columns=list(Question.__annotations__))


def _interval(one: Question) -> str:
    if one["low"] is None or one["high"] is None:
        return signed_points(None)
    return f"{signed_points(one['low'], unit=False)} to {signed_points(one['high'])}"


def question_words(one: Question, words: Mapping[str, str], baseline: str = "random") -> str:
    """What a question is about.

    Args:
        one: the question.
        words: what each configuration does, by key.
        baseline: the ordering that the metrics are compared with.

    Returns:
        Both sides of the comparison.
    """
    label = configuration_label(one["configuration"], words)
    return {
        "retraining": f"{label}, against the original model",
        "strategy": f"{label}, against the chosen strategy",
        "ordering": f"{metric_name(one['metric'])} against {metric_name(baseline)}, over all budgets",
        "budget": f"{number(one['n_inputs'])} inputs by {metric_name(one['metric'])}, against the whole pool",
    }[one["about"]]
