"""One run on workers: ready nodes are handed to idle workers until all are done, failed or blocked."""

from __future__ import annotations

import itertools
import logging
import operator
import pickle
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cloudpickle
import toolz  # type: ignore[import-untyped]
from distributed import Client, Future, KilledWorker, wait
from kedro.framework import project
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from guided_retraining.errors import GuidedRetrainingError
from guided_retraining.machine.progress import Ticker
from guided_retraining.pipelines.wiring import BACKEND
from guided_retraining.runners.cluster import WorkerState, workers_of
from guided_retraining.runners.payload import node_catalog
from guided_retraining.runners.schedule import Schedule
from guided_retraining.runners.worker import NodeTask

POLL_SECONDS = 1.0  # between two looks for workers that joined or were lost
VISIBLE_SECONDS = 60.0  # network file systems may show a new file that late
LOST_WORKERS = 2  # a node that was running on so many workers when they died counts as failed

# A node with this tag may run on several workers at once: they share its pieces of work through its store.
DIVISIBLE = "divisible"

# The scheduler sees only functions that every Python has; what is called is unpickled at the worker.
_call_pickled = toolz.compose(operator.call, pickle.loads)

logger = logging.getLogger(__name__)


class Run:
    """The nodes of a pipeline on their way through the workers.

    Args:
        client: of prepared workers.
        pipeline: whose outputs all are files.
        catalog: its entries.
        run_id: of the session.
        is_async: whether inputs are loaded and outputs saved by threads.
        worker_timeout: seconds without any worker after which the run ends.

    Attributes:
        schedule: what is done, failed and blocked.
    """

    def __init__(
        self,
        client: Client,
        pipeline: Pipeline,
        catalog: CatalogProtocol,
        *,
        run_id: str | None,
        is_async: bool,
        worker_timeout: float,
    ) -> None:
        self.client, self.catalog = client, catalog
        self.run_id, self.is_async, self.worker_timeout = run_id, is_async, worker_timeout
        needed = pipeline.node_dependencies
        self.schedule = Schedule[Node]({node: needed[node] for node in pipeline.nodes})
        self._running: dict[Future, tuple[Node, str]] = {}
        self._lost: Counter[Node] = Counter()
        self._numbers = itertools.count()
        self._worker_seen = time.monotonic()
        self._gpus_seen = False

    def all_nodes(self) -> None:
        """Run every node that can be run.

        Raises:
            GuidedRetrainingError: no worker for too long.
        """
        with Ticker("nodes", self.schedule.total, unit="nodes") as ticker:
            while not self.schedule.over:
                living = workers_of(self.client)
                self._gpus_seen |= any(worker.gpu for worker in living.values())
                self._miss_workers(living)
                self._hand_out({address: worker for address, worker in living.items() if worker.idle})
                self._gather(ticker)

    def _miss_workers(self, living: dict[str, WorkerState]) -> None:
        """Take back the nodes of workers that are gone."""
        # Dask would move them by itself, but to busy workers too: one that kills its worker would take others along.
        for future, (node, address) in list(self._running.items()):
            if address not in living:
                self._take_back(future, node, address)
        now = time.monotonic()
        if self._running or any(self.schedule.ready(self._suits(worker)) for worker in living.values()):
            self._worker_seen = now
        elif now - self._worker_seen > self.worker_timeout:
            kind = "worker with a GPU" if living else "worker"
            raise GuidedRetrainingError(
                f"no Dask {kind} for {self.worker_timeout:.0f} s (--runner-params worker_timeout=...). "
                "What was finished is kept: the same command goes on from there"
            )

    def _take_back(self, future: Future, node: Node, address: str) -> None:
        del self._running[future]
        future.cancel()
        if node not in self.schedule.running:  # others on the same node were faster
            return
        self._lost[node] += 1
        helpers = any(other == node for other, _ in self._running.values())
        if self._lost[node] < LOST_WORKERS and helpers:
            logger.warning("the worker %s was lost; others go on with %s", address, node.name)
        elif self._lost[node] < LOST_WORKERS:
            logger.warning(
                "the worker %s was lost; %s runs again, from what it had finished", address, node.name
            )
            self.schedule.put_back(node)
        else:
            self._fail(
                node,
                f"{self._lost[node]} workers died while running it; the usual cause is too little memory, "
                "and the workers' logs may say more",
            )

    def _suits(self, worker: WorkerState) -> Callable[[Node], bool]:
        """What a worker may run: where some have GPUs, what computes with a model is for those alone."""
        return lambda node: worker.gpu or not self._gpus_seen or not _computes_with_a_model(node)

    def _hand_out(self, idle: dict[str, WorkerState]) -> None:
        # One node a worker, and none waiting there; a node just sent may not have been counted yet.
        taken = {address for _, address in self._running.values()}
        for address, worker in sorted(
            idle.items(), key=lambda item: item[1].gpu
        ):  # what needs no GPU keeps none
            if address in taken:
                continue
            suits = self._suits(worker)
            node = (
                (self.schedule.take(_computes_with_a_model) if worker.gpu else None)
                or self.schedule.take(suits)
                or self._node_to_help(suits)
            )
            if node is None:
                continue
            self._running[self._submit(node, address)] = (node, address)

    def _node_to_help(self, suits: Callable[[Node], bool]) -> Node | None:
        """The divisible node with the fewest workers, of those that suit."""
        workers = Counter(
            node for node, _ in self._running.values() if DIVISIBLE in node.tags and suits(node)
        )
        return min(workers, key=workers.__getitem__, default=None)

    def _submit(self, node: Node, address: str) -> Future:
        task = NodeTask(
            node=node,
            catalog=node_catalog(node, self.catalog),
            package_name=project.PACKAGE_NAME,
            folder=Path.cwd(),
            is_async=self.is_async,
            run_id=self.run_id,
        )
        key = f"{node.name}-{self.run_id}-{next(self._numbers)}-{id(self):x}"
        return self.client.submit(
            _call_pickled, cloudpickle.dumps(task), key=key, workers=[address], pure=False
        )

    def _gather(self, ticker: Ticker) -> None:
        if not self._running:
            time.sleep(POLL_SECONDS)
            return
        try:
            ended = wait(list(self._running), timeout=POLL_SECONDS, return_when="FIRST_COMPLETED").done
            results = [(future, self._result(future)) for future in ended]
        except TimeoutError:  # none ended, or a worker died with its result: it will be missed
            return
        for future, told in results:
            node, address = self._running[future]
            if told is None:
                self._take_back(future, node, address)
                continue
            del self._running[future]
            self._conclude(node, address, told)
            ticker.tick(len(self.schedule.done), node.name)

    @staticmethod
    def _result(future: Future) -> dict[str, str] | None:
        """What the worker told of a node, empty after success; None where its worker died."""
        error = future.exception(timeout=POLL_SECONDS)
        if isinstance(error, KilledWorker):
            return None
        if error is not None:
            return {"message": f"{type(error).__name__}: {error}", "trace": ""}
        told: dict[str, str] = future.result(timeout=POLL_SECONDS)
        return told

    def _conclude(self, node: Node, address: str, told: dict[str, str]) -> None:
        if node not in self.schedule.running:  # others on the same node were faster
            return
        if told:
            self._fail(node, told["message"], told["trace"])
            return
        unseen = self._unseen_outputs(node)
        if unseen:
            self._fail(
                node,
                f"the worker {address} saved {', '.join(unseen)}, but not where this machine reads; "
                "all machines must see the same storage under the same paths, or a URL as `data` in "
                "conf/local/globals.yml",
            )
        else:
            self.schedule.finish(node)

    def _fail(self, node: Node, message: str, trace: str = "") -> None:
        self.schedule.fail(node, message)
        logger.error("%s failed, the rest goes on: %s", node.name, trace or message)

    def _unseen_outputs(self, node: Node) -> list[str]:
        deadline = time.monotonic() + VISIBLE_SECONDS
        while True:
            unseen = [name for name in node.outputs if not self.catalog.exists(name)]
            if not unseen or time.monotonic() > deadline:
                return unseen
            time.sleep(POLL_SECONDS)


def _computes_with_a_model(node: Node) -> bool:
    return BACKEND in node.tags
