"""The report as one HTML file: starts with the answer, needs no network and no scripts."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from guided_retraining.evaluation.first_edition import Recommendation
from guided_retraining.evaluation.first_edition_answer import answer_lines
from guided_retraining.evaluation.wording import metric_name, percent
from guided_retraining.report.attack_tables import attack_table, attack_warnings, shown_attack_table
from guided_retraining.report.canvas import figure_bytes
from guided_retraining.report.captions import FIGURES, RASTER
from guided_retraining.report.html import to_html
from guided_retraining.report.sentences import before_after, key_numbers, reasons
from guided_retraining.report.tables import costs_table, results_table, statistics_table

__all__ = ["PageContext", "render_page"]

LONG = 12  # rows of a table beyond which it is folded up


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """What the page is made from; parts that are missing are left out of the page.

    Args:
        recommendation: from ``recommend``.
        results: the results table of one data set.
        figures: by name (``gain, curves, split, sheet, scores, ranking, agreement, costs``; others at the
            end), each a Matplotlib figure or the bytes of a PNG or SVG file.
        train_table: adversarial table of the retraining inputs.
        test_table: adversarial table of the test inputs.
        costs: ``stage, item, seconds, count``.
        tables: further tables by caption, such as the quality of the rankings; shown with the guidance
            metrics.
        original: facts about data and original model by name.
        parameters: of the run, nested as in the configuration.
        versions: of Python, libraries and this project, and the machine.
        created: when, as text.
    """

    recommendation: Recommendation
    results: pd.DataFrame
    figures: Mapping[str, Figure | bytes] = field(default_factory=dict)
    train_table: pd.DataFrame | None = None
    test_table: pd.DataFrame | None = None
    costs: pd.DataFrame | None = None
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    original: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""


def render_page(context: PageContext) -> str:
    """Make the self-contained HTML page of one data set.

    Args:
        context: what the page is made from.

    Returns:
        The page as text, to be written as UTF-8.

    Raises:
        InputError: if the results table lacks a column, is empty or mixes data sets.
    """
    environment = Environment(
        loader=PackageLoader("guided_retraining.report", ""), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    c, r = context, context.recommendation
    attacked = [table for table in (c.train_table, c.test_table) if table is not None]
    confidence = percent(r["confidence"], 0)
    page: str = environment.get_template("page.html.j2").render(
        r=r,
        created=c.created,
        answer=answer_lines(r),
        key_numbers=key_numbers(r),
        before_after=to_html(
            before_after(r), caption=f"Test accuracy, mean over seeds with {confidence} interval"
        ),
        reasons=reasons(r),
        statistics=_table(
            statistics_table(c.results, baseline=r["baseline"], confidence=r["confidence"]),
            f"Mean accuracy over all budgets against {metric_name(r['baseline'])}, on test data",
            numeric_from=2,
        ),
        results_tables=_results_tables(c.results, r["confidence"]),
        attack_tables=list(_attack_tables(c)),
        attack_warnings=list(dict.fromkeys(w for table in attacked for w in attack_warnings(table))),
        extra_tables=[
            (caption if len(table) > LONG else "", _table(table, caption))
            for caption, table in c.tables.items()
        ],
        costs=_table(costs_table(c.costs), "Times", numeric_from=2) if c.costs is not None else "",
        figures=_figures(c.figures),
        original=_flat(c.original),
        parameters=_flat(c.parameters),
        versions=_flat(c.versions),
        seeds=", ".join(str(seed) for seed in sorted(c.results["seed"].unique())),
        n_cells=len(c.results),
    )
    for apart in (" %", "p = ", "p &lt; "):  # a number and its sign stay on one line
        page = page.replace(apart, apart.replace(" ", "\N{NO-BREAK SPACE}"))
    return page


def _table(table: pd.DataFrame, caption: str, *, numeric_from: int = 1) -> Markup:
    return to_html(table, caption=caption, numeric_from=numeric_from) if len(table) else Markup("")


def _results_tables(results: pd.DataFrame, confidence: float) -> list[Markup]:
    names = {
        "accuracy_combined": "Clean and adversarial test inputs together",
        "accuracy_clean": "Clean test inputs",
        "accuracy_replayed": "Adversarial test inputs made against the original model",
        "accuracy_reattacked": "Test inputs attacked again, against each retrained model",
        "accuracy_unseen": "An attack that was not trained on",
    }
    return [
        to_html(
            results_table(results, column=column, confidence=confidence),
            caption=f"{name} (accuracy in percent)",
        )
        for column, name in names.items()
        if column in results and results[column].notna().any()
    ]


def _attack_tables(context: PageContext) -> Iterator[Markup]:
    for table, name in ((context.train_table, "Retraining inputs"), (context.test_table, "Test inputs")):
        if table is not None and len(table):
            yield to_html(shown_attack_table(attack_table(table)), caption=f"{name}: what each attack did")


def _figures(figures: Mapping[str, Figure | bytes]) -> dict[str, list[dict[str, str]]]:
    """The figures by section of the page, as data addresses, in the order of the table above."""
    sections: dict[str, list[dict[str, str]]] = {
        s: [] for s in ("sure", "curves", "attacks", "metrics", "costs", "more")
    }
    for name in [*(n for n in FIGURES if n in figures), *(n for n in figures if n not in FIGURES)]:
        title = name.replace("_", " ")
        section, caption, alt = FIGURES.get(name, ("more", title, title))
        sections[section].append(
            {"source": _data_address(name, figures[name]), "caption": caption, "alt": alt}
        )
    return sections


def _data_address(name: str, figure: Figure | bytes) -> str:
    if isinstance(figure, Figure):
        figure = figure_bytes(figure, kind="png" if name in RASTER else "svg")
    kind = "png" if figure.startswith(b"\x89PNG") else "svg+xml"
    return f"data:image/{kind};base64,{b64encode(figure).decode('ascii')}"


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
