"""``kedro run`` from a command: some stages of one data set with parameters laid over, until a time at most."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Deadline", "run_stages"]


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


def run_stages(
    dataset: str,
    stages: Sequence[str],
    parameters: Mapping[str, Any],
    *,
    env: str | None,
    runner: str | None = None,
    runner_params: Mapping[str, Any] | None = None,
) -> float:
    """Run some stages of a data set as ``kedro run`` does.

    Args:
        dataset: its name.
        stages: names of pipelines.
        parameters: laid over the data set's block.
        env: the environment.
        runner: its import path; Kedro's sequential one by default.
        runner_params: its arguments.

    Returns:
        Seconds of the clock.
    """
    from kedro.framework.project import PACKAGE_NAME, pipelines
    from kedro.framework.session import KedroSession
    from kedro.utils import load_obj

    from guided_retraining.project.config_loader import project_folder

    begun = time.monotonic()
    pipelines.configure(f"{PACKAGE_NAME}.pipeline_registry")  # they are built from the parameters
    made = load_obj(runner or "SequentialRunner", "kedro.runner")(**(runner_params or {}))
    with KedroSession.create(
        project_folder(), env=env, runtime_params={dataset: dict(parameters)}
    ) as session:
        session.run(  # type: ignore[call-arg]
            pipeline_names=list(stages), namespaces=[dataset], runner=made
        )
    return time.monotonic() - begun
