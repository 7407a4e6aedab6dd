"""Where nodes run: worker processes of this machine, or a Dask cluster that is already there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import dask
from distributed import Client, LocalCluster

from guided_retraining import __version__
from guided_retraining.errors import GuidedRetrainingError, ParameterError
from guided_retraining.machine.limits import thread_environment, visible_gpus
from guided_retraining.machine.parallel import cores
from guided_retraining.runners.prepare import PrepareWorker

CONNECT_SECONDS = 30  # to reach a scheduler
GPU = "GPU"  # the resource label of a worker that has one, as in Dask's own documents


@contextmanager
def connected(address: str | None, n_workers: int | None, threads: int | None) -> Iterator[Client]:
    """A client of prepared workers; workers started here end with the block.

    Args:
        address: of a scheduler; None starts workers on this machine.
        n_workers: local workers; None is one for each GPU, or without one for each core.
        threads: of each worker; None shares the cores out locally, and elsewhere takes each worker's own number.

    Raises:
        ParameterError: more local workers than GPUs.
        GuidedRetrainingError: no scheduler at the address, or workers without this project.
    """
    # Dask tells every step of its own; what a user should know is told by the run.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if address is None:
        gpus = visible_gpus()
        n_workers = n_workers or len(gpus) or cores()
        if gpus and n_workers > len(gpus):
            raise ParameterError(
                f"n_workers={n_workers}: this machine shows {len(gpus)} GPU(s), and each takes one curve at a time. "
                "Ask for at most as many workers, or hide the GPUs with CUDA_VISIBLE_DEVICES=-1"
            )
        threads = threads or max(1, cores() // n_workers)
        with (
            _local_cluster(n_workers, threads, labels={GPU: 1} if gpus else {}) as cluster,
            Client(cluster) as client,
        ):
            yield _prepared(client, PrepareWorker(__version__, threads, tuple(gpus), local=True))
        return
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise GuidedRetrainingError(
            f"no Dask scheduler answers at address={address} ({error}). Start one with `dask scheduler` and workers "
            "with `dask worker ADDRESS`, or leave out address to use this machine's cores"
        ) from error
    with client:
        yield _prepared(client, PrepareWorker(__version__, threads))


@contextmanager
def _local_cluster(n_workers: int, threads: int, labels: dict[str, float]) -> Iterator[LocalCluster]:
    environment = {"MALLOC_TRIM_THRESHOLD_": "65536", **thread_environment(threads)}
    with (
        dask.config.set({"distributed.nanny.pre-spawn-environ": environment}),
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,  # Dask's own: nodes at a time
            processes=True,
            resources=labels,
            # Dask would count mapped image files as memory and stop workers that are well.
            memory_limit=0,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster


def _prepared(client: Client, plugin: PrepareWorker) -> Client:
    try:
        client.register_plugin(plugin)
    except Exception as error:
        raise GuidedRetrainingError(
            f"a worker cannot be prepared: {error}. The workers need the same version of this project and of its "
            "libraries as this machine"
        ) from error
    client.forward_logging(level=logging.INFO)
    return client


class WorkerState(NamedTuple):
    """A living worker: whether it has nothing to do, and whether it was started with the resource label ``GPU``."""

    idle: bool
    gpu: bool


def workers_of(client: Client) -> dict[str, WorkerState]:
    """Each living worker by its address."""
    processing: dict[str, Any] = client.processing()
    told = client.scheduler_info()["workers"]
    return {
        address: WorkerState(not keys, bool(told.get(address, {}).get("resources", {}).get(GPU)))
        for address, keys in processing.items()
    }
