"""A Kedro runner whose nodes run on Dask workers."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

from distributed import CancelledError
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node
from kedro.runner import AbstractRunner

from guided_retraining.errors import GuidedRetrainingError, ParameterError
from guided_retraining.runners.cluster import connected
from guided_retraining.runners.payload import check_persisted
from guided_retraining.runners.run import Run
from guided_retraining.runners.schedule import Schedule

__all__ = ["DaskRunner", "NodesFailedError"]


class NodesFailedError(GuidedRetrainingError):
    """Some nodes failed; the message names each with its cause, and how many others could not run."""


class DaskRunner(AbstractRunner):
    """Runs nodes on worker processes of this machine or of a Dask cluster.

    Each worker runs one node at a time. Nodes get their inputs from the catalog's files and leave their outputs there,
    so the workers must see the same storage. A node that fails blocks only what needs its outputs; the rest is done,
    and one error at the end names all failures.

    Args:
        address: of a running scheduler, for example ``tcp://10.0.0.1:8786``; None starts workers on this machine.
        n_workers: local workers; None is one for each GPU, or without one for each core.
        threads: each worker's threads for numerical work; None shares this machine's cores out, and on a cluster
            takes the number each worker was started with (``--nthreads``).
        worker_timeout: seconds without any worker after which the run ends with an error.
        is_async: whether a node's inputs are loaded and its outputs saved by threads.

    Raises:
        ParameterError: an argument out of range, or ``n_workers`` together with ``address``.
    """

    def __init__(
        self,
        address: str | None = None,
        n_workers: int | None = None,
        threads: int | None = None,
        worker_timeout: float = 300.0,
        is_async: bool = False,
    ) -> None:
        super().__init__(is_async=is_async)
        for name, value in (("n_workers", n_workers), ("threads", threads)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise ParameterError(f"--runner-params {name}={value!r}: expected a whole number above 0")
        if not isinstance(worker_timeout, int | float) or not worker_timeout > 0:
            raise ParameterError(
                f"--runner-params worker_timeout={worker_timeout!r}: expected seconds above 0"
            )
        if address is not None and n_workers is not None:
            raise ParameterError(
                f"n_workers={n_workers} starts workers here and address={address} uses those of a cluster; give one"
            )
        self.address, self.n_workers, self.threads = address, n_workers, threads
        self.worker_timeout = float(worker_timeout)

    def _get_executor(self, max_workers: int) -> Executor | None:  # noqa: ARG002
        return None  # Kedro's own loop is not used: it stops at the first failure

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol,
        hook_manager: Any = None,  # noqa: ARG002 - hooks of nodes run where the nodes run
        run_id: str | None = None,
    ) -> None:
        check_persisted(pipeline, catalog)
        if not pipeline.nodes:
            return
        with connected(self.address, self.n_workers, self.threads) as client:
            run = Run(
                client,
                pipeline,
                catalog,
                run_id=run_id,
                is_async=self._is_async,
                worker_timeout=self.worker_timeout,
            )
            try:
                run.all_nodes()
            except (OSError, CancelledError) as error:
                raise GuidedRetrainingError(
                    f"the connection to the Dask scheduler was lost ({error}). What was finished is kept: "
                    "the same command goes on from there"
                ) from error
        raise_failures(run.schedule)


def raise_failures(schedule: Schedule[Node]) -> None:
    """One error that names every failed node, if any did.

    Args:
        schedule: of a run that is over.

    Raises:
        NodesFailedError: what failed and why, and how many nodes could not run.
    """
    if not schedule.failed:
        return
    lines = [
        f"{len(schedule.failed)} of {schedule.total} nodes failed, {len(schedule.blocked)} could not run without "
        f"them, {len(schedule.done)} are done:",
        *(f"  {node.name}: {reason}" for node, reason in schedule.failed.items()),
        "Once the cause is mended, the same command goes on: finished work is found again.",
    ]
    raise NodesFailedError("\n".join(lines))
