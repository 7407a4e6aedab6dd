"""The page over all data sets as one HTML file: starts with what is compared and what the ranks show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from matplotlib.figure import Figure

from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.overview import Overview
from guided_retraining.evaluation.wording import percent
from guided_retraining.report.html import to_html
from guided_retraining.report.overview_tables import overview_tables
from guided_retraining.report.template import data_address, fill_template

__all__ = ["render_overview"]


def render_overview(
    overview: Overview,
    *,
    lines: Sequence[str],
    notes: Sequence[str] = (),
    figures: Mapping[str, Figure | bytes] | None = None,
    created: str = "",
) -> str:
    """Make the self-contained HTML page over all finished data sets.

    Args:
        overview: of the finished studies.
        lines: from ``overview_lines``: what is finished, strategies, metrics.
        notes: from ``overview_notes``.
        figures: critical-difference diagrams by name, ``strategies`` and ``metrics``; shown where something was tested.
        created: when, as text.

    Returns:
        The page as text, to be written as UTF-8.
    """
    o = overview
    ranks = {"strategies": o["strategy_ranks"][o["outcome"]], "metrics": o["metric_ranks"]}
    tested = [name for name, one in ranks.items() if one is not None and one["p_value"] is not None]
    tables: dict[str, list[tuple[str, Markup]]] = {}
    for table in (one for one in overview_tables(o).values() if len(one.shown)):
        markup = to_html(table.shown, caption=table.caption, numeric_from=table.numeric_from)
        tables.setdefault(table.section, []).append((table.fold, markup))
    return fill_template(
        "overview.html.j2",
        studies=o["studies"],
        lines=lines,
        notes=notes,
        sentences=dict(zip(("strategies", "metrics"), lines[1:], strict=True)),
        figures={name: data_address(one) for name, one in (figures or {}).items() if name in tested},
        tables=tables,
        alpha=percent(ranks["strategies"]["alpha"], 0),  # type: ignore[index]
        outcome=OUTCOMES[o["outcome"]].name,
        created=created,
    )
