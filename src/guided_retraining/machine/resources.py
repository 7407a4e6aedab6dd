"""Memory and energy of this process."""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

import psutil


def peak_memory_mb() -> float:
    """The most resident memory this process has held so far, in MiB."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset / 2**20)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak / 2**20 if sys.platform == "darwin" else peak / 2**10)


class SharedMeter:
    """Divides what the whole process uses evenly among the pieces of work that go on at the same time.

    Args:
        lap: what was used since its last call, or None where that cannot be told.

    >>> meter = SharedMeter(iter([9.0, 2.0, 4.0, 1.0]).__next__)
    >>> with meter.share() as first:  # 2 until the second begins, then half of 4, then 1
    ...     with meter.share() as second:
    ...         pass
    >>> first.used, second.used
    (5.0, 2.0)
    """

    def __init__(self, lap: Callable[[], float | None]) -> None:
        self._lap, self._lock = lap, Lock()
        self._shares: list[Share] = []

    @contextmanager
    def share(self) -> Iterator[Share]:
        """One piece of work; its ``used`` is complete after the block."""
        mine = Share(0.0)
        with self._lock:
            self._divide()
            self._shares.append(mine)
        try:
            yield mine
        finally:
            with self._lock:
                self._divide()
                self._shares = [share for share in self._shares if share is not mine]

    def _divide(self) -> None:
        used = self._lap()
        for share in self._shares:
            share.used = None if used is None or share.used is None else share.used + used / len(self._shares)


@dataclass
class Share:
    """What one piece of work used; None where that cannot be told."""

    used: float | None


def _cpu_lap() -> Callable[[], float]:
    last = time.process_time()

    def lap() -> float:
        nonlocal last
        before, last = last, time.process_time()
        return last - before

    return lap


class _EnergyLap:
    """Watt-hours of this process since the last call, by codecarbon (optional extra ``energy``).

    codecarbon reads the processor's counters where it may, and otherwise estimates from the processor's rated power
    and load; without codecarbon the figure is None. One tracker serves the whole process and never goes online.
    """

    def __init__(self) -> None:
        self._tracker: Any = None
        self._task: str | None = None
        self._count = 0

    def __call__(self) -> float | None:
        if self._tracker is None:
            if importlib.util.find_spec("codecarbon") is None:
                return None
            self._tracker = _start_tracker()
        used = 0.0
        if self._task is not None:
            used = float(self._tracker.stop_task(self._task).energy_consumed) * 1000.0
        self._count += 1
        self._task = f"lap {self._count}"
        self._tracker.start_task(self._task)
        return used


def _start_tracker() -> Any:
    os.environ.setdefault("CODECARBON_LOG_LEVEL", "error")  # read when codecarbon is imported
    from codecarbon import OfflineEmissionsTracker

    # The country only turns energy into emissions, which we do not report.
    return OfflineEmissionsTracker(
        country_iso_code="USA", output_methods=[], log_level="error", allow_multiple_runs=True
    )


CPU_SECONDS = SharedMeter(_cpu_lap())
WATT_HOURS = SharedMeter(_EnergyLap())
