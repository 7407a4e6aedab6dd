"""A growing study as it fills: strategies x budgets, replicates measured in each, the answer so far, the time left."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from guided_retraining.machine.progress import console, duration
from guided_retraining.sequential.blocks import Block, last_answered
from guided_retraining.sequential.design import Budget, Design, FullDesign
from guided_retraining.sequential.words import budget_words

__all__ = ["StudyView", "measured"]

LINE_SECONDS = 60.0  # between lines where there is no terminal

logger = logging.getLogger(__name__)


def measured(designs: Sequence[Design]) -> dict[tuple[str, Budget], int]:
    """How many replicates were measured at each budget; the whole pool is the budget 1.

    Args:
        designs: that were done.
    """
    found: dict[tuple[str, Budget], int] = {}
    for design in designs:
        for name, budgets in design.budgets.items():
            for budget in (*budgets, 1):
                found[name, budget] = max(found.get((name, budget), 0), design.n_replicates)
    return found


class StudyView:
    """Shows a growing study while a block of it runs.

    Args:
        name: of the data set.
        full: the full design.
        left: seconds that there are; None for no limit.
    """

    def __init__(self, name: str, full: FullDesign, left: Callable[[], float | None]) -> None:
        self.name, self.full, self.left = name, full, left
        self._done: Sequence[Block] = ()
        self._design = Design(1, {})
        self._said, self._begun = 0.0, 0.0

    @contextmanager
    def of(self, design: Design, blocks: Sequence[Block], seconds: float) -> Iterator[None]:
        """A live table on a terminal, a line a minute elsewhere, while a design runs.

        Args:
            design: that runs.
            blocks: done before it.
            seconds: that it is expected to take.
        """
        self._design, self._done, self._said, self._begun = design, blocks, seconds, time.monotonic()
        shown = console()
        if shown.is_terminal:
            with Live(console=shown, get_renderable=self.renderable, refresh_per_second=1, transient=True):
                yield
            return
        ended = threading.Event()
        teller = threading.Thread(target=self._tell, args=(ended,), daemon=True)
        teller.start()
        try:
            yield
        finally:
            ended.set()
            teller.join()

    def _tell(self, ended: threading.Event) -> None:
        while not ended.wait(LINE_SECONDS):
            logger.info("%s: %s", self.name, self.line())

    def line(self) -> str:
        """How far the block is, in one line."""
        passed = time.monotonic() - self._begun
        left = self.left()
        text = f"block {len(self._done) + 1}: {duration(passed)} of about {duration(self._said)}"
        return text if left is None else f"{text}; {duration(left)} of the time are left"

    def renderable(self) -> Group:
        """Table, answer so far, time."""
        answered = last_answered(self._done)
        said = "no answer yet" if answered is None else answered["lines"][0]
        return Group(self.table(), Text(f"so far: {said}"), Text(self.line()))

    def table(self) -> Table:
        """Replicates measured at each budget; what the running block adds in brackets."""
        done = measured([Design.read(block["design"]) for block in self._done])
        coming = measured([self._design])
        budgets = sorted({budget for grid in self.full.grids.values() for budget in grid})
        table = Table(title=f"{self.name}: replicates measured", title_justify="left")
        table.add_column("configuration")
        for budget in budgets:
            table.add_column(budget_words(budget), justify="right")
        table.add_column("whole pool", justify="right")
        for name, grid in self.full.grids.items():
            row = []
            for budget in (*budgets, 1):
                now, then = done.get((name, budget), 0), coming.get((name, budget), 0)
                there = budget in grid or budget == 1
                row.append(f"{now} ({then})" if then > now else str(now or "") if there else "-")
            table.add_row(name, *row)
        return table
