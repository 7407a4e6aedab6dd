"""What makes a worker process ready for nodes; imports nothing heavy, so that it can act before what it limits."""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
from dataclasses import dataclass
from typing import Any

from distributed import WorkerPlugin

from guided_retraining import __version__
from guided_retraining.machine.limits import choose_gpu, limit_threads


@dataclass(frozen=True)
class PrepareWorker(WorkerPlugin):
    """Makes a process ready for this project's nodes, also one that joins or is restarted later.

    Attributes:
        version: of this project at the run's start.
        threads: for numerical work; None takes the worker's own number of Dask threads.
        gpus: given to the workers by turns; empty leaves all as it is.
        local: whether the process was started by the run, and ends with it.
    """

    version: str
    threads: int | None
    gpus: tuple[str, ...] = ()
    local: bool = False
    name = "guided-retraining"

    def setup(self, worker: Any) -> None:
        """Limit threads, choose the GPU, and leave talking to the process that started the run."""
        if self.version != __version__:
            raise RuntimeError(
                f"the worker {worker.address} has guided-retraining {__version__}, the run was started with "
                f"{self.version}; install the same version everywhere"
            )
        limit_threads(self.threads or worker.state.nthreads)
        if self.local:
            with contextlib.suppress(ValueError):  # not in the process's main thread
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the run, which stops its workers
        if self.gpus:
            choose_gpu(self.gpus[int(worker.name) % len(self.gpus)])
        logging.disable(logging.INFO)  # Kedro tells each process which file its logging comes from
        try:
            importlib.import_module("kedro.framework.project")
        finally:
            logging.disable(logging.NOTSET)
        quiet_console()


def quiet_console() -> None:
    """Take away log handlers that draw on a terminal: records reach the user through the process of the run."""
    os.environ["TTY_COMPATIBLE"] = "0"  # rich: no live lines from here
    for logger in (logging.getLogger(), *map(logging.getLogger, ("kedro", "guided_retraining"))):
        for handler in [h for h in logger.handlers if hasattr(h, "console")]:
            logger.removeHandler(handler)
    logging.getLogger("guided_retraining").setLevel(logging.INFO)
    logging.getLogger("kedro").setLevel(logging.WARNING)
