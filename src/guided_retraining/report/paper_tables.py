"""All tables of the report by name, for the page and as files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.wording import metric_name, points
from guided_retraining.report.attack_tables import attack_table, shown_attack_table
from guided_retraining.report.context import PageContext
from guided_retraining.report.costs import costs_table
from guided_retraining.report.main_table import main_caption, main_numbers, main_table
from guided_retraining.report.paper import PaperTable
from guided_retraining.report.ranking_tables import agreement_table, ranking_table, stability_table
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
        "budgets": PaperTable(
            "budgets", _steps_caption(c), steps_table(c.steps, r["words"]), steps_numbers(c.steps), 2
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
        known = outcome.column in c.results and bool(c.results[outcome.column].notna().any())
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
    attacked = "What each attack did to {} inputs, all replicates together"
    rows: tuple[tuple[str, str, str, pd.DataFrame | None, Callable[..., pd.DataFrame], int], ...] = (
        (
            "attacks_retraining",
            "attacks",
            attacked.format("retraining"),
            _attacks(c.train_table),
            shown_attack_table,
            1,
        ),
        ("attacks_test", "attacks", attacked.format("test"), _attacks(c.test_table), shown_attack_table, 1),
        (
            "rankings",
            "rankings",
            "How well each metric ranks the pool before any retraining",
            c.rankings,
            ranking_table,
            1,
        ),
        ("agreement", "rankings", "What each pair of metrics has in common", c.agreement, agreement_table, 2),
        (
            "stability",
            "rankings",
            "How far each metric ranks clean inputs alike in two replicates",
            c.stability,
            stability_table,
            1,
        ),
        (
            "costs",
            "costs",
            "Time and gradient passes, all replicates together",
            c.costs,
            lambda costs: costs_table(costs, c.recommendation["words"]),
            2,
        ),
    )
    for name, section, caption, numbers, shown, numeric_from in rows:
        known = numbers if numbers is not None else pd.DataFrame()
        yield (
            name,
            PaperTable(section, caption, shown(known) if len(known) else pd.DataFrame(), known, numeric_from),
        )


def _attacks(table: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if table is None else attack_table(table)


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
