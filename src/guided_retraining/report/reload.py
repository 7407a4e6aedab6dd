"""A page that a browser loads again while a study grows, without a server."""

from __future__ import annotations

__all__ = ["with_reload", "without_reload"]

PLACE = '<meta charset="utf-8">\n'
RELOAD = '<meta http-equiv="refresh" content="60">\n'


def with_reload(page: str) -> str:
    """The page, loaded again each minute.

    Args:
        page: HTML of a report.

    Returns:
        The same page with one line more.

    >>> with_reload(PLACE) == PLACE + RELOAD == with_reload(PLACE + RELOAD)
    True
    """
    return without_reload(page).replace(PLACE, PLACE + RELOAD, 1)


def without_reload(page: str) -> str:
    """The page as it stays.

    Args:
        page: HTML of a report.

    Returns:
        The page without that line.
    """
    return page.replace(RELOAD, "", 1)
