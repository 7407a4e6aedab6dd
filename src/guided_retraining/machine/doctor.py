"""What the machine offers to a study, what of it is used, and why a GPU that is there is not.

What is found out and what is said of it are apart: the latter takes facts, real or made up.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from guided_retraining.errors import GuidedRetrainingError
from guided_retraining.machine.checks import backend_name, check_backend, check_cuda_sets
from guided_retraining.machine.gpus import Gpu, cuda_sets, gpus_of_driver, installed_packages
from guided_retraining.machine.limits import visible_gpus
from guided_retraining.machine.parallel import cores

__all__ = ["Facts", "bfloat16", "gather", "lines", "why_no_gpu"]

OLDEST_DRIVER = (
    525  # for CUDA 12 on Linux; source: NVIDIA's CUDA compatibility guide, minor version compatibility
)
BFLOAT16_CAPABILITY = (
    8.0  # Ampere; source: NVIDIA's CUDA C++ programming guide, features by compute capability
)
CPU_BFLOAT16 = {"avx512_bf16", "amx_bf16"}  # as Linux names them
DECISIVE = ("keras", "tensorflow", "jax", "torch", "nvidia", "cuda", "numpy")  # parts of names of packages
VARIABLES = ("CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS", "KERAS_BACKEND", "XLA_PYTHON_CLIENT_PREALLOCATE")
TOLD = ("keras", "tensorflow", "jax", "jaxlib", "jax-cuda12-plugin", "nvidia-cudnn-cu12", "numpy")


@dataclass(frozen=True)
class Facts:
    """What was found.

    Attributes:
        backend: Keras backend asked for.
        device: that it computes on, in its own words; None where it cannot be loaded.
        on_gpu: whether that is a GPU or TPU.
        fault: why the backend cannot be used; empty where it can.
        gpus: of the driver.
        driver_fault: what ``nvidia-smi`` says where it fails.
        device_files: how many GPUs the system itself lists.
        visible: names of the GPUs that this process may use.
        environment: variables that matter.
        packages: version of each installed Python package that decides where work is done.
        cores: of the processor, that this process may use.
        cpu_flags: what the processor can do, where the system tells.
        platform: as ``sys.platform``.
    """

    backend: str
    device: str | None
    on_gpu: bool
    fault: str
    gpus: tuple[Gpu, ...]
    driver_fault: str
    device_files: int
    visible: tuple[str, ...]
    environment: Mapping[str, str]
    packages: Mapping[str, str]
    cores: int
    cpu_flags: frozenset[str]
    platform: str


def gather() -> Facts:
    """Look, and load the backend if nothing speaks against it."""
    gpus, driver_fault = gpus_of_driver()
    # before the backend is loaded, which hides GPUs that are not there
    visible, environment = (
        tuple(visible_gpus()),
        {name: os.environ[name] for name in VARIABLES if name in os.environ},
    )
    device, on_gpu, fault = None, False, ""
    try:
        check_backend()
        device, on_gpu = _loaded_device()
    except GuidedRetrainingError as error:
        fault = str(error)
    return Facts(
        backend=backend_name(),
        device=device,
        on_gpu=on_gpu,
        fault=fault,
        gpus=gpus,
        driver_fault=driver_fault,
        device_files=len(list(Path("/dev").glob("nvidia[0-9]*"))),
        visible=visible,
        environment=environment,
        packages={
            name: version
            for name, version in installed_packages().items()
            if any(word in name for word in DECISIVE)
        },
        cores=cores(),
        cpu_flags=_cpu_flags(Path("/proc/cpuinfo")),
        platform=sys.platform,
    )


def why_no_gpu(facts: Facts) -> str:
    """Why a GPU is not used, and what to do about it; empty where one is used or none is there.

    Args:
        facts: found or made up.
    """
    if facts.on_gpu or not (facts.gpus or facts.device_files):
        return ""
    if facts.platform != "linux":
        return f"TensorFlow and JAX have no CUDA builds for {facts.platform}: use Linux, or WSL2 on Windows"
    if not facts.gpus:
        return f"{facts.driver_fault}: install NVIDIA's driver, or start it again, until nvidia-smi lists the GPU"
    sets = cuda_sets(facts.packages.items())
    if len(sets) > 1:
        try:
            check_cuda_sets(sets)
        except GuidedRetrainingError as error:
            return str(error)
    if facts.fault:
        return facts.fault
    hidden = facts.environment.get("CUDA_VISIBLE_DEVICES")
    if not facts.visible:
        return (
            f"CUDA_VISIBLE_DEVICES={hidden!r} hides it: unset it, or set it to {facts.gpus[0].index}"
            if hidden is not None
            else "this process finds no /dev/nvidia0: give the container the GPU, with docker run --gpus all"
        )
    driver = facts.gpus[0].driver.partition(".")[0]
    if driver.isdecimal() and int(driver) < OLDEST_DRIVER:
        return f"the driver {facts.gpus[0].driver} is too old for CUDA 12: install {OLDEST_DRIVER} or newer"
    return _why_not_by_backend(facts, sets)


def _why_not_by_backend(facts: Facts, sets: set[int]) -> str:
    platforms = facts.environment.get("JAX_PLATFORMS", "")
    if facts.backend == "jax":
        if platforms and not {"cuda", "gpu"} & set(platforms.split(",")):
            return f"JAX_PLATFORMS={platforms} keeps JAX off it: unset it"
        if not any(name.startswith("jax-cuda") and name.endswith("plugin") for name in facts.packages):
            return "the JAX that is installed is for CPUs alone: pip install 'guided-retraining[gpu-jax]'"
    elif facts.backend == "tensorflow":
        if 12 not in sets:
            return (
                "TensorFlow is installed without the CUDA libraries it needs: pip install "
                "'guided-retraining[gpu-tensorflow]', or use JAX: pip install 'guided-retraining[gpu-jax]' and "
                "KERAS_BACKEND=jax"
            )
        if facts.packages.get("tensorflow-cpu") or facts.packages.get("intel-tensorflow"):
            return "a TensorFlow for CPUs alone is installed: pip uninstall it, then install gpu-tensorflow"
    else:
        return f"with KERAS_BACKEND={facts.backend} no GPU is used here: set it to jax or tensorflow"
    test = (
        "import jax; jax.devices('cuda')"
        if facts.backend == "jax"
        else "import tensorflow as tf; tf.config.list_physical_devices('GPU')"
    )
    return f'unknown: the driver and the libraries are there. What the library says: python -c "{test}"'


def bfloat16(facts: Facts) -> bool | None:
    """Whether what computes has bfloat16 arithmetic; None where that cannot be told.

    Args:
        facts: found or made up.
    """
    if facts.on_gpu:
        capability = facts.gpus[0].compute_capability if facts.gpus else None
        return None if capability is None else capability >= BFLOAT16_CAPABILITY
    return bool(CPU_BFLOAT16 & facts.cpu_flags) if facts.cpu_flags else None


def lines(facts: Facts) -> Iterator[str]:
    """What a person reads.

    Args:
        facts: found or made up.
    """
    yield f"backend  {facts.backend}, computes on {facts.device or 'nothing'}"
    if facts.fault:
        yield f"  FAULT  {facts.fault}"
    for gpu in facts.gpus:
        memory = (
            f"{gpu.free_mib} of {gpu.total_mib} MiB free" if gpu.free_mib is not None else "memory not told"
        )
        yield f"GPU {gpu.index}    {gpu.name}, {memory}, driver {gpu.driver}"
    if not facts.gpus:
        yield f"GPU      no NVIDIA GPU found ({facts.driver_fault or 'nvidia-smi lists none'})"
    reason = why_no_gpu(facts)
    if reason and reason != facts.fault:
        yield f"  NOT USED: {reason}"
    words = {True: "in hardware", False: "not in hardware", None: "not known"}
    yield f"cores    {facts.cores}; bfloat16 {words[bfloat16(facts)]}"
    yield "versions " + ", ".join(f"{name} {facts.packages[name]}" for name in TOLD if name in facts.packages)


def _loaded_device() -> tuple[str, bool]:
    from guided_retraining.machine.backend import device_name, on_accelerator

    return device_name(), on_accelerator()


def _cpu_flags(file: Path) -> frozenset[str]:
    if not file.exists():
        return frozenset()
    found = (line.partition(":")[2] for line in file.read_text().splitlines() if line.startswith("flags"))
    return frozenset(next(found, "").split())
