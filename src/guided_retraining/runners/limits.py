"""How much of a machine one worker may use: threads of the numerical libraries, and GPUs."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",  # within one operation, for example a convolution
    "LOKY_MAX_CPU_COUNT",
)


def thread_environment(threads: int) -> dict[str, str]:
    """Environment variables that hold a process at a number of threads, if they are set before it starts.

    TensorFlow's operations run one after the other: side by side they would use threads beyond the limit.

    >>> thread_environment(2)["TF_NUM_INTRAOP_THREADS"]
    '2'
    """
    return {**dict.fromkeys(_THREAD_VARIABLES, str(threads)), "TF_NUM_INTEROP_THREADS": "1"}


def limit_threads(threads: int) -> None:
    """Hold this process, which is already running, at a number of threads as far as its libraries still allow.

    Linear algebra can be limited at any time, TensorFlow only before its first operation.
    """
    os.environ.update(thread_environment(threads))
    threadpool_limits(threads)
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        with contextlib.suppress(RuntimeError):  # already in use: it keeps the threads it has
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
            tensorflow.config.threading.set_inter_op_parallelism_threads(1)


def usable_cores() -> int:
    """The number of cores this process may run on, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def visible_gpus(devices: Path = Path("/dev")) -> list[str]:
    """The names that ``CUDA_VISIBLE_DEVICES`` gives to the GPUs this process may use.

    Args:
        devices: where the system lists its devices.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip() not in ("", "-1")]
    numbers = (path.name.removeprefix("nvidia") for path in devices.glob("nvidia[0-9]*"))
    return sorted((number for number in numbers if number.isdigit()), key=int)


def choose_gpu(name: str) -> None:
    """Let this process see one GPU alone; without effect once TensorFlow is loaded."""
    if "tensorflow" not in sys.modules:
        os.environ["CUDA_VISIBLE_DEVICES"] = name
