"""What would stop a deep-learning backend, told before anything is loaded or computed."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Collection, Sequence

from guided_retraining.errors import BackendError
from guided_retraining.machine.gpus import Gpu, cuda_sets, gpus_of_driver, installed_packages, named_gpu
from guided_retraining.machine.limits import visible_gpus

__all__ = ["BACKENDS", "backend_name", "check_backend", "check_cuda_sets", "check_name", "check_room"]

# Keras backends, each the name of its package; gradients for attacks are there with the first two alone.
BACKENDS = {"tensorflow": "tensorflow", "jax": "guided-retraining[jax]", "torch": "torch"}

# The driver's own part of a process and cuDNN's workspaces take about half of it; the rest is a small model's.
# An estimate: it was not measured on a GPU.
LEAST_FREE_MIB = 1024


def backend_name() -> str:
    """The Keras backend that this process uses: ``KERAS_BACKEND``, or TensorFlow."""
    return os.environ.get("KERAS_BACKEND") or "tensorflow"


def check_backend() -> None:
    """Refuse a backend that cannot work here, without loading it.

    Raises:
        BackendError: an unknown or absent backend, CUDA libraries of two releases, a GPU without room.
    """
    check_name(backend_name(), _is_installed)
    visible = visible_gpus()
    if visible:
        check_cuda_sets(cuda_sets(installed_packages().items()))
        check_room(gpus_of_driver()[0], visible)


def check_name(name: str, installed: Callable[[str], bool]) -> None:
    """Refuse an unknown backend, and one that is not installed.

    Args:
        name: as in ``KERAS_BACKEND``.
        installed: whether there is a module of that name.

    Raises:
        BackendError: either.
    """
    if name not in BACKENDS:
        raise BackendError(
            f"KERAS_BACKEND={name}: found an unknown backend, expected tensorflow or jax. Set KERAS_BACKEND to one of "
            "them, or unset it for tensorflow"
        )
    if not installed(name):
        there = [other for other in BACKENDS if installed(other)]
        raise BackendError(
            f"KERAS_BACKEND={name}: {name} is not installed; found {' and '.join(there) or 'no backend'}. "
            f"pip install '{BACKENDS[name]}', or set KERAS_BACKEND to one that is"
        )


def check_cuda_sets(found: Collection[int]) -> None:
    """Refuse CUDA libraries of two releases: they lie in the same folders and overwrite each other.

    Args:
        found: releases, see :func:`guided_retraining.machine.gpus.cuda_sets`.

    Raises:
        BackendError: more than one.
    """
    if len(found) > 1:
        sets = " and ".join(str(release) for release in sorted(found))
        raise BackendError(
            f"found CUDA {sets} libraries in one Python environment, expected those of one release: they overwrite "
            "each other's files. Make a new environment with one of the extras gpu-jax and gpu-tensorflow (both CUDA "
            "12), or hide the GPUs with CUDA_VISIBLE_DEVICES=-1"
        )


def check_room(gpus: Sequence[Gpu], visible: Sequence[str]) -> None:
    """Refuse a GPU whose memory others hold.

    Args:
        gpus: of the driver; one that does not tell its memory is let pass.
        visible: names of those that this process may use; backends take the first.

    Raises:
        BackendError: it has less than ``LEAST_FREE_MIB`` free.
    """
    gpu = named_gpu(gpus, visible[0]) if visible else None
    if gpu is not None and gpu.free_mib is not None and gpu.free_mib < LEAST_FREE_MIB:
        raise BackendError(
            f"GPU {gpu.index} ({gpu.name}) is full: {gpu.free_mib} MiB of {gpu.total_mib} MiB are free, expected at "
            f"least {LEAST_FREE_MIB} MiB. nvidia-smi lists who holds it; wait for them, choose another GPU with "
            "CUDA_VISIBLE_DEVICES=<its number>, or use the CPU with CUDA_VISIBLE_DEVICES=-1"
        )


def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
