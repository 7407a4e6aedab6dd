"""The main tables as files that go into a paper: CSV with the numbers, Markdown and LaTeX as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

__all__ = ["PaperTable", "paper_files"]

# What LaTeX's standard fonts have no letter for.
LATEX = {
    "\N{MINUS SIGN}": "$-$",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{INFINITY}": r"$\infty$",
    "\N{CHECK MARK}": r"$\checkmark$",
    "\N{NO-BREAK SPACE}": "~",
}

NOTHING = "There is nothing to tell in this study."


@dataclass(frozen=True)
class PaperTable:
    """A table in both of its forms.

    Attributes:
        section: of the page; empty for the main table, which stands by the answer.
        caption: what it shows.
        shown: text cells, as on the page.
        numbers: the same unrounded, with what the text leaves out.
        numeric_from: columns of ``shown`` from this one on are aligned to the right.
        fold: on the page, the line by which the table is opened; empty for one that stands open.
    """

    section: str
    caption: str
    shown: pd.DataFrame
    numbers: pd.DataFrame
    numeric_from: int = 1
    fold: str = ""


def paper_files(tables: Mapping[str, PaperTable]) -> dict[str, str]:
    """Each table as ``<name>.csv``, ``<name>.md`` and ``<name>.tex``.

    Args:
        tables: by name.

    Returns:
        The content of each file by its name. The LaTeX needs the packages ``booktabs`` and ``amssymb``.
    """
    files = {}
    for name, table in tables.items():
        files[f"{name}.csv"] = table.numbers.to_csv(index=False)
        files[f"{name}.md"] = f"{table.caption}\n\n{_markdown(table)}\n"
        files[f"{name}.tex"] = _latex(table, name)
    return files


def _markdown(table: PaperTable) -> str:
    if table.shown.empty:
        return NOTHING
    sides = ["left" if place < table.numeric_from else "right" for place in range(table.shown.shape[1])]
    return str(table.shown.to_markdown(index=False, disable_numparse=True, colalign=sides))


def _latex(table: PaperTable, name: str) -> str:
    if table.shown.empty:
        return f"% {NOTHING}\n"
    columns = "l" * table.numeric_from + "r" * (table.shown.shape[1] - table.numeric_from)
    text = table.shown.to_latex(
        index=False, escape=True, column_format=columns, caption=_escaped(table.caption), label=f"tab:{name}"
    )
    for letter, command in LATEX.items():
        text = text.replace(letter, command)
    return text


def _escaped(text: str) -> str:
    for letter in "&%$#_{}":
        text = text.replace(letter, f"\\{letter}")
    return text
