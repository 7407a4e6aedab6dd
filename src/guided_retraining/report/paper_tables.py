"""All tables of the report by name, for the page and as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd

from guided_retraining.evaluation.curves import measured
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.wording import metric_name, points
from guided_retraining.report.attack_tables import attack_table, shown_attack_table
from guided_retraining.report.context import PageContext
from guided_retraining.report.costs import costs_table
from guided_retraining.report.main_table import main_caption, main_numbers, main_table
from guided_retraining.report.paper import PaperTable
from guided_retraining.report.questions import questions_caption, questions_numbers, questions_table
from guided_retraining.report.ranking_tables import agreement_table, ranking_table, stability_table
from guided_retraining.report.strategies import (
    strategies_caption,
    strategies_numbers,
    strategies_table,
)
from guided_retraining.report.tables import (
    contrasts_numbers,
    contrasts_table,
    results_numbers,
    results_table,
    steps_numbers,
    steps_table,
)

__all__ = ["paper_tables"]


def paper_tables(context: PageContext) -> dict[str, PaperTable]:
    """Every table of the report; one without rows where there is nothing to tell.

    Args:
        context: what the page is made from.

    Returns:
        By name, in the order of the page. The names are always the same, so that no file of an earlier run is left.
    """
    c, r = context, context.recommendation
    compared = f"{r['dataset']}: the models compared. {main_caption(r)}"
    return {
        "main": PaperTable("", compared, main_table(r), main_numbers(r)),
        "strategies": PaperTable("price", strategies_caption(r), strategies_table(r), strategies_numbers(r)),
        "budgets": PaperTable(
            "budgets", _steps_caption(c), steps_table(c.steps, r["words"]), steps_numbers(c.steps), 2
        ),
        "questions": PaperTable(
            "budgets",
            questions_caption(c.questions),
            questions_table(c.questions, r["words"], r["choice"]["baseline"], r["choice"]["margin"]),
            questions_numbers(c.questions),
            fold=questions_caption(c.questions),
        ),
        "contrasts": PaperTable(
            "ranking",
            f"{OUTCOMES[r['contrasts']['outcome']].name} accuracy over all budgets against "
            f"{metric_name(r['contrasts']['baseline'])}, on test data",
            contrasts_table(r["contrasts"], r["words"]),
            contrasts_numbers(r["contrasts"]),
            2,
        ),
        **dict(_accuracies(c)),
        **dict(_measured(c)),
    }


def _accuracies(c: PageContext) -> Iterator[tuple[str, PaperTable]]:
    confidence, words = c.recommendation["confidence"], c.recommendation["words"]
    for key, outcome in OUTCOMES.items():
        known = measured(c.results, outcome.column)
        columns = [outcome.column] if known else []
        shown = pd.DataFrame()
        if known:
            shown = results_table(c.results, column=outcome.column, confidence=confidence, words=words)
        yield (
            f"accuracy_{key}",
            PaperTable(
                "curves",
                f"{outcome.caption}, accuracy in percent: mean \N{PLUS-MINUS SIGN} half-width of the interval over "
                "replicates",
                shown,
                results_numbers(c.results, columns, confidence=confidence),
                numeric_from=2,
                fold=f"All numbers: accuracy, {outcome.name}",
            ),
        )


def _measured(c: PageContext) -> Iterator[tuple[str, PaperTable]]:
    """Tables that are numbers in the catalog and only put into words here."""
    for split, table in (("retraining", c.train_table), ("test", c.test_table)):
        caption = f"What each attack did to {split} inputs, all replicates together"
        numbers = None if table is None else attack_table(table)
        yield f"attacks_{split}", _in_words("attacks", caption, numbers, shown_attack_table)
    caption = "How well each metric ranks the pool before any retraining"
    yield "rankings", _in_words("rankings", caption, c.rankings, ranking_table)
    caption = "What each pair of metrics has in common"
    yield "agreement", _in_words("rankings", caption, c.agreement, agreement_table, 2)
    caption = "How far each metric ranks clean inputs alike in two replicates"
    yield "stability", _in_words("rankings", caption, c.stability, stability_table)
    caption = "Time and gradient passes, all replicates together"
    shown = partial(costs_table, words=c.recommendation["words"])
    yield "costs", _in_words("costs", caption, c.costs, shown, 2)


def _in_words(
    section: str,
    caption: str,
    numbers: pd.DataFrame | None,
    shown: Callable[[pd.DataFrame], pd.DataFrame],
    numeric_from: int = 1,
) -> PaperTable:
    known = pd.DataFrame() if numbers is None else numbers
    return PaperTable(section, caption, shown(known) if len(known) else known, known, numeric_from)


def _steps_caption(c: PageContext) -> str:
    choice = c.recommendation["choice"]
    outcomes = " or ".join(choice["outcomes"])
    if choice["descriptive"]:
        changed = f"Mean change of {outcomes} accuracy against the whole pool in points on test data"
        return f"{changed}, the worse one; no bounds"
    return (
        f"Points of {outcomes} accuracy that may be lost against the whole pool, at most, from one-sided bounds on "
        f"test data (\N{CHECK MARK}: within the margin of {points(choice['margin'])}, as are all larger budgets)"
    )
