"""Progress of long work: a live line on a terminal; elsewhere a line for each piece that takes a while.

Hundreds of pieces that take a moment each get a line now and then, so that a log stays short; work that took longer
than a moment gets a line at its end, with the range of what was measured.
"""

from __future__ import annotations

import logging
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

PIECE_SECONDS = 5.0  # a piece that took this long gets a log line of its own
LOG_SECONDS = 30.0  # between log lines about pieces that did not
END_SECONDS = 2.0  # work that took this long gets a log line at its end

logger = logging.getLogger(__name__)


class Ticker:
    """Counts finished pieces of work and tells about them.

    Args:
        what: the work, for example ``digits config_1 dsa``.
        total: pieces in all.
        unit: of a piece, for the log line.
        work: in all, where pieces differ in size; the time left goes by it.
    """

    def __init__(self, what: str, total: int, *, unit: str = "cells", work: float | None = None) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.work = total if work is None else work
        self._live: Progress | None = None

    def __enter__(self) -> Ticker:
        self._start = self._told = self._ticked = time.monotonic()
        self._done, self._found = 0, 0
        self._work_left, self._work_done = float(self.work), 0.0  # what was found finished is in neither
        self._measured: list[float] = []
        shown = console()
        if shown.is_terminal:
            self._live = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[count]}"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[left]}"),
                TextColumn("{task.fields[note]}"),
                console=shown,
                transient=True,
            )
            self._task = self._live.add_task(
                self.what, total=self.work, note="", left="", count=self._count(0)
            )
            self._live.start()
        return self

    def tick(
        self,
        done: int,
        note: str = "",
        *,
        accuracy: float | None = None,
        found: bool = False,
        work: float | None = None,
    ) -> None:
        """Say that ``done`` pieces are finished.

        Args:
            done: pieces finished so far.
            note: a few words on the latest.
            accuracy: of the latest, in [0, 1]; the last line tells the range.
            found: whether the latest was found finished, so that it says nothing of the time that is left.
            work: how much work the latest was, in the unit of the whole; by default all are alike.
        """
        now = time.monotonic()
        took, fresh = now - self._ticked, done - self._done
        self._ticked, self._done = now, done
        self._found += found
        piece = fresh if work is None else work
        self._work_left -= piece
        self._work_done += 0 if found else piece
        if accuracy is not None:
            self._measured.append(accuracy)
        if self._live is not None:
            left = f"about {duration(self._seconds_left(now))} left" if self._work_done else ""
            done_work = self.work - self._work_left
            self._live.update(self._task, completed=done_work, note=note, left=left, count=self._count(now))
            return
        long_piece = fresh == 1 and took >= PIECE_SECONDS
        if (long_piece or now - self._told >= LOG_SECONDS) and done < self.total:
            self._told = now
            logger.info(
                "%s: %d of %d %s, about %s left%s",
                self.what, done, self.total, self.unit, duration(self._seconds_left(now)), f", {note}" if note else "",
            )  # fmt: skip

    def _seconds_left(self, now: float) -> float:
        return (now - self._start) / (self._work_done or 1) * max(self._work_left, 0.0)

    def _count(self, now: float) -> str:
        """Pieces done and their rate."""
        text = f"{self._done}/{self.total}"
        fresh, spent = self._done - self._found, now - self._start
        if fresh <= 0 or spent <= 0:
            return text
        return (
            f"{text}  {fresh / spent:.1f}/s" if fresh >= spent else f"{text}  {duration(spent / fresh)} each"
        )

    def progress(self, done: int, _total: int) -> None:
        """:meth:`tick`, as work that reports (done, in all) calls it."""
        self.tick(done)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        spent = time.monotonic() - self._start
        if kind is None and spent >= END_SECONDS:
            logger.info(
                "%s: %d %s in %s%s%s",
                self.what, self._done, self.unit, duration(spent),
                f", {self._found} of them found finished" if self._found else "",
                _range(self._measured),
            )  # fmt: skip


def _range(accuracies: list[float]) -> str:
    """Lowest and highest accuracy, in words.

    >>> _range([0.5, 0.75]), _range([])
    (', accuracy 0.500 to 0.750', '')
    """
    return f", accuracy {min(accuracies):.3f} to {max(accuracies):.3f}" if accuracies else ""


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


def console() -> Console:
    """The console of Kedro's own log handler, so that live lines and log lines do not overwrite each other."""
    for handler in (*logging.getLogger("kedro").handlers, *logging.getLogger().handlers):
        console = getattr(handler, "console", None)
        if isinstance(console, Console):
            return console
    return Console()
