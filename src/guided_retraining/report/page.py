"""The report as one HTML file: starts with the answer, needs no network, and reads without its scripts too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from guided_retraining.evaluation.answer import answer_lines
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.wording import attack_name, configuration_label, metric_name, points
from guided_retraining.guidance.registry import METRICS
from guided_retraining.report.attack_tables import attack_warnings
from guided_retraining.report.context import PageContext
from guided_retraining.report.explorable import Explorable, chart_library
from guided_retraining.report.explore_curves import curves_explorable
from guided_retraining.report.explore_price import price_explorable
from guided_retraining.report.figures import FIGURES
from guided_retraining.report.html import to_html
from guided_retraining.report.main_table import main_caption, main_table
from guided_retraining.report.palette import metric_order
from guided_retraining.report.paper import PaperTable
from guided_retraining.report.paper_tables import paper_tables
from guided_retraining.report.sentences import (
    attacks_apart,
    budget_sentences,
    choice_sentences,
    forgetting_sentence,
)
from guided_retraining.report.template import data_address, fill_template

__all__ = ["render_page"]

EXPLORABLE: dict[str, Callable[[PageContext], Explorable | None]] = {
    "price": price_explorable,
    "curves": curves_explorable,
}
LONG = 20  # rows of a table beyond which it is folded up


def render_page(context: PageContext) -> str:
    """Make the self-contained HTML page of one data set.

    Args:
        context: what the page is made from.

    Returns:
        The page as text, to be written as UTF-8.

    Raises:
        InputError: if the results table lacks a column.
    """
    c, r = context, context.recommendation
    attacked = [table for table in (c.train_table, c.test_table) if table is not None]
    figures = _figures(c)
    return fill_template(
        "page.html.j2",
        r=r,
        created=c.created,
        answer=answer_lines(r),
        main_table=to_html(main_table(r), caption=main_caption(r)),
        attacks_apart=attacks_apart(r),
        notes=r["notes"],
        choice=choice_sentences(r),
        budgets=budget_sentences(r),
        contrasts=r["contrasts"]["sentences"],
        forgetting=forgetting_sentence(r),
        attack_warnings=list(dict.fromkeys(w for table in attacked for w in attack_warnings(table))),
        tables=_tables(paper_tables(c)),
        figures=figures,
        endings={"success": "successes", "failure": "failures", "wrong before": "wrong before the attack"},
        sheet_inputs=list(c.sheet_inputs) if "sheet" in c.figures else [],
        attack_names={one["attack"]: attack_name(one["attack"]) for one in c.sheet_inputs},
        library=chart_library()
        if any(one["explorable"] for shown in figures.values() for one in shown)
        else "",
        configurations=[configuration_label(key, r["words"]) for key in sorted(r["words"])],
        metrics=_glossary(c.results["metric"]),
        outcomes=[(row.name, row.glossary) for row in OUTCOMES.values() if row.column in c.results],
        margin=points(r["choice"]["margin"]),
        original=_flat(c.original),
        parameters=_flat(c.parameters),
        versions=_flat(c.versions),
        replicates=", ".join(str(seed) for seed in sorted(c.results["seed"].unique())),
        n_cells=len(c.results),
    )


def _tables(tables: Mapping[str, PaperTable]) -> dict[str, list[tuple[str, Markup]]]:
    """Tables by section, each with the line to unfold it by; an empty line where it is short enough to stand open."""
    sections: dict[str, list[tuple[str, Markup]]] = {}
    for table in (one for one in tables.values() if len(one.shown)):
        markup = to_html(table.shown, caption=table.caption, numeric_from=table.numeric_from)
        fold = table.fold or (table.caption if len(table.shown) > LONG else "")
        sections.setdefault(table.section, []).append((fold, markup))
    return sections


def _figures(c: PageContext) -> dict[str, list[dict[str, Any]]]:
    """The figures by section of the page, as data addresses, in the order of their table; some to be explored too."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for name, row in FIGURES.items():
        if name in c.figures:
            source = data_address(c.figures[name], raster=row.raster)
            explorable = EXPLORABLE[name](c) if name in EXPLORABLE else None
            shown: dict[str, Any] = {
                "name": name,
                "source": source,
                "caption": row.caption,
                "alt": row.alternative(c),
            }
            shown["explorable"] = explorable
            sections.setdefault(row.section, []).append(shown)
    return sections


def _glossary(metrics: Iterable[str]) -> list[tuple[str, str]]:
    """Name and sentence of each metric of the study that has one."""
    known = [(metric, METRICS[metric].glossary) for metric in metric_order(metrics) if metric in METRICS]
    return [(metric_name(metric), sentence) for metric, sentence in known if sentence]


def _flat(values: Mapping[str, Any] | Sequence[Any] | Any, path: str = "") -> list[tuple[str, str]]:
    """Nested settings as (dotted name, text) rows; short lists stay on one row."""
    if isinstance(values, Mapping):
        return [
            row
            for key, value in values.items()
            for row in _flat(value, f"{path}.{key}" if path else str(key))
        ]
    if isinstance(values, (list, tuple)):
        if any(isinstance(value, Mapping) for value in values):
            return [row for place, value in enumerate(values) for row in _flat(value, f"{path}[{place}]")]
        return [(path, ", ".join(map(str, values)))]
    return [(path, f"{values:.6g}" if isinstance(values, float) else str(values))]
