"""A time of the clock at which work stops."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Deadline"]


@dataclass
class Deadline:
    """A time of the clock at which work stops as by Ctrl-C: what is finished is kept, what is begun is given up.

    Attributes:
        seconds: from now on; None for never.
        reached: whether it stopped anything.
    """

    seconds: float | None
    reached: bool = False
    _begun: float = field(default_factory=time.monotonic)

    def left(self) -> float | None:
        """Seconds; None where there is no end, never below 0."""
        return None if self.seconds is None else max(0.0, self.seconds - self.passed())

    def passed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Within it, the end of the time raises ``KeyboardInterrupt`` in the main thread, which sets ``reached``."""
        left = self.left()
        if left is None:
            yield
            return
        timer = threading.Timer(left, self._stop)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _stop(self) -> None:
        self.reached = True
        os.kill(os.getpid(), signal.SIGINT)
