"""Memory and energy of this process."""

from __future__ import annotations

import importlib.util
import os
import sys
from types import TracebackType
from typing import Any

import psutil


def peak_memory_mb() -> float:
    """The most resident memory this process has held so far, in MiB."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset / 2**20)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak / 2**20 if sys.platform == "darwin" else peak / 2**10)


class EnergyMeter:
    """Energy of a piece of work in watt-hours, by codecarbon (optional extra ``energy``).

    codecarbon reads the processor's counters where it may, and otherwise estimates from the processor's rated power
    and load; without codecarbon the figure is None. One tracker serves the whole process and never goes online.

    >>> with EnergyMeter("doctest") as meter:
    ...     pass
    >>> meter.watt_hours is None or meter.watt_hours >= 0
    True
    """

    _tracker: Any = None
    _count = 0

    def __init__(self, name: str) -> None:
        EnergyMeter._count += 1
        self.name = f"{name} {EnergyMeter._count}"
        self.watt_hours: float | None = None

    def __enter__(self) -> EnergyMeter:
        if EnergyMeter._tracker is None and importlib.util.find_spec("codecarbon") is not None:
            EnergyMeter._tracker = _start_tracker()
        if EnergyMeter._tracker is not None:
            EnergyMeter._tracker.start_task(self.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if EnergyMeter._tracker is not None:
            self.watt_hours = float(EnergyMeter._tracker.stop_task(self.name).energy_consumed) * 1000.0


def _start_tracker() -> Any:
    os.environ.setdefault("CODECARBON_LOG_LEVEL", "error")  # read when codecarbon is imported
    from codecarbon import OfflineEmissionsTracker

    # The country only turns energy into emissions, which we do not report.
    return OfflineEmissionsTracker(
        country_iso_code="USA", output_methods=[], log_level="error", allow_multiple_runs=True
    )
