"""Progress of long work: a live line on a terminal, a log line now and then elsewhere."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

LOG_SECONDS = 15.0  # between two log lines where there is no terminal

logger = logging.getLogger(__name__)


class Ticker:
    """Counts finished pieces of work and tells about them.

    Args:
        what: the work, for example ``digits config_1 dsa``.
        total: pieces in all.
        unit: of a piece, for the log line.
    """

    def __init__(self, what: str, total: int, *, unit: str = "cells") -> None:
        self.what, self.total, self.unit = what, total, unit
        self._live: Progress | None = None

    def __enter__(self) -> Ticker:
        self._start = self._told = time.monotonic()
        console = _console()
        if console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
            )
            self._live = Progress(
                *columns,
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}"),
                console=console,
                transient=True,
            )
            self._task = self._live.add_task(self.what, total=self.total, note="")
            self._live.start()
        return self

    def tick(self, done: int, note: str = "") -> None:
        """Say that ``done`` pieces are finished, with a short note such as the latest accuracy."""
        if self._live is not None:
            self._live.update(self._task, completed=done, note=note)
            return
        now = time.monotonic()
        if now - self._told >= LOG_SECONDS and done < self.total:
            self._told = now
            left = (now - self._start) / max(done, 1) * (self.total - done)
            logger.info(
                "%s: %d of %d %s, about %s left%s",
                self.what, done, self.total, self.unit, duration(left), f", {note}" if note else "",
            )  # fmt: skip

    def progress(self, done: int, _total: int) -> None:
        """:meth:`tick`, as work that reports (done, in all) calls it."""
        self.tick(done)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()


def duration(seconds: float) -> str:
    """Seconds as a person says them.

    >>> duration(0.42), duration(75), duration(7260)
    ('0.4 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def _console() -> Console:
    """The console of Kedro's own log handler, so that live lines and log lines do not overwrite each other."""
    for handler in (*logging.getLogger("kedro").handlers, *logging.getLogger().handlers):
        console = getattr(handler, "console", None)
        if isinstance(console, Console):
            return console
    return Console()


@contextmanager
def ticking(what: str, total: int, *, unit: str = "cells") -> Iterator[Ticker]:
    """A :class:`Ticker` for the length of a ``with`` block."""
    with Ticker(what, total, unit=unit) as ticker:
        yield ticker
