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
    "TF_NUM_INTEROP_THREADS",  # operations at a time
    "LOKY_MAX_CPU_COUNT",
)
_WITHIN_AN_OPERATION = "TF_NUM_INTRAOP_THREADS"  # for example a convolution


def thread_environment(threads: int) -> dict[str, str]:
    """Environment variables that hold a process at a number of threads, if they are set before it starts.

    One operation of TensorFlow gets one thread, see :func:`one_thread_an_operation`.

    >>> thread_environment(2)["OMP_NUM_THREADS"], thread_environment(2)["TF_NUM_INTRAOP_THREADS"]
    ('2', '1')
    """
    return {**dict.fromkeys(_THREAD_VARIABLES, str(threads)), _WITHIN_AN_OPERATION: "1"}


def one_thread_an_operation() -> None:
    """Let TensorFlow compute each operation in one thread, unless ``TF_NUM_INTRAOP_THREADS`` says otherwise.

    Cores are used by whole fits and batches side by side, which is faster than sharing out one small operation, and
    sums are then taken in the same order on any number of cores. Without effect once TensorFlow has computed something.
    """
    threads = int(os.environ.setdefault(_WITHIN_AN_OPERATION, "1"))
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        with contextlib.suppress(RuntimeError):
            tensorflow.config.threading.set_intra_op_parallelism_threads(threads)


def limit_threads(threads: int) -> None:
    """Hold this process, which is already running, at a number of threads as far as its libraries still allow.

    Linear algebra can be limited at any time, TensorFlow only before its first operation.
    """
    os.environ.update(thread_environment(threads))
    threadpool_limits(threads)
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None:
        with contextlib.suppress(RuntimeError):  # already in use: it keeps the threads it has
            tensorflow.config.threading.set_intra_op_parallelism_threads(1)
            tensorflow.config.threading.set_inter_op_parallelism_threads(threads)


def visible_gpus(devices: Path = Path("/dev")) -> list[str]:
    """The names that ``CUDA_VISIBLE_DEVICES`` gives to the GPUs this process may use.

    CUDA numbers those it finds from 0 on, whatever their files are called: a container may be given ``nvidia3`` alone.

    Args:
        devices: where the system lists its devices; Windows' own Linux (WSL2) lists ``dxg`` for all GPUs together.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip() not in ("", "-1")]
    files = list(devices.glob("nvidia[0-9]*")) or list(devices.glob("dxg"))
    return [str(number) for number in range(len(files))]


def choose_gpu(name: str) -> None:
    """Let this process see one GPU alone; without effect once TensorFlow is loaded."""
    if "tensorflow" not in sys.modules:
        os.environ["CUDA_VISIBLE_DEVICES"] = name
