"""A data frame as an accessible HTML table in which every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from markupsafe import Markup

__all__ = ["to_html"]

# A first column of this name becomes a line above the rows it is common to.
GROUPING = ("configuration", "stage")


def to_html(table: pd.DataFrame, *, caption: str, numeric_from: int = 1) -> Markup:
    """A table as accessible HTML: caption, column and row headers, every text escaped.

    Args:
        table: text or number cells.
        caption: what the table shows.
        numeric_from: columns from this one on are aligned to the right.

    Returns:
        Markup that is safe to place in a page.
    """
    columns = [str(column) for column in table.columns]
    grouped = len(columns) > 1 and columns[0] in GROUPING
    skipped = int(grouped)

    def cells(values: Iterable[object], tag: str, scope: str = "") -> Markup:
        made = Markup("")
        for place, value in enumerate(values, start=skipped):
            kind = Markup(' class="number"') if place >= numeric_from else Markup("")
            made += Markup("<{}{}{}>{}</{}>").format(Markup(tag), Markup(scope), kind, value, Markup(tag))
        return made

    head = cells(columns[skipped:], "th", ' scope="col"')
    rows, group = Markup(""), None
    for row in table.itertuples(index=False, name=None):
        if grouped and row[0] != group:
            group = row[0]
            rows += Markup('<tr><th colspan="{}" scope="rowgroup">{}</th></tr>\n').format(
                len(columns) - 1, group
            )
        rows += Markup("<tr>{}</tr>\n").format(cells(row[skipped:], "td"))
    return Markup(
        '<div class="scroll" tabindex="0"><table><caption>{}</caption>\n<thead><tr>{}</tr></thead>\n'
        "<tbody>\n{}</tbody></table></div>"
    ).format(caption, head, rows)
