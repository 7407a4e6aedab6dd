"""A data frame as an accessible HTML table in which every text is escaped."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from markupsafe import Markup

__all__ = ["to_html"]


def to_html(table: pd.DataFrame, *, caption: str, numeric_from: int = 1) -> Markup:
    """A table as accessible HTML: caption, column and row headers, every text escaped.

    Args:
        table: text or number cells.
        caption: what the table shows.
        numeric_from: columns from this one on are aligned to the right.

    Returns:
        Markup that is safe to place in a page.
    """

    def cells(values: Iterable[object], tag: str, scope: str = "") -> Markup:
        made = Markup("")
        for place, value in enumerate(values):
            kind = Markup(' class="number"') if place >= numeric_from else Markup("")
            made += Markup("<{}{}{}>{}</{}>").format(Markup(tag), Markup(scope), kind, value, Markup(tag))
        return made

    head = cells(list(table.columns), "th", ' scope="col"')
    rows = Markup("")
    for row in table.itertuples(index=False, name=None):
        rows += Markup("<tr>{}</tr>\n").format(cells(row, "td"))
    return Markup(
        '<div class="scroll" tabindex="0"><table><caption>{}</caption>\n<thead><tr>{}</tr></thead>\n'
        "<tbody>\n{}</tbody></table></div>"
    ).format(caption, head, rows)
