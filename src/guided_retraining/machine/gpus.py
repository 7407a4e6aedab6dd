"""The machine's NVIDIA GPUs as its driver tells of them, and the CUDA libraries that are installed for Python.

No deep-learning library is loaded.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions

__all__ = ["Gpu", "cuda_sets", "gpus_of_driver", "installed_packages", "named_gpu", "parse_gpus"]

_ASKED = ("index", "uuid", "name", "driver_version", "memory.total", "memory.free", "compute_cap")
_SMI_SECONDS = 30.0  # nvidia-smi starts the driver anew where none keeps it running, which takes seconds
_OF_A_SET = re.compile(r"(?:nvidia-.*-cu|jax-cuda)(\d+)(?:-.*)?")
_UNNUMBERED = "nvidia-cuda-runtime"  # since CUDA 13 the version tells, not the name


@dataclass(frozen=True)
class Gpu:
    """One GPU.

    Attributes:
        index: its number for the driver.
        uuid: its name everywhere.
        name: of its kind.
        driver: version of the driver.
        total_mib: of memory, or None where the driver does not tell (parts of a divided GPU).
        free_mib: of memory, right now; None likewise.
        compute_capability: such as 8.0, or None.
    """

    index: str
    uuid: str
    name: str
    driver: str
    total_mib: int | None
    free_mib: int | None
    compute_capability: float | None


def gpus_of_driver() -> tuple[tuple[Gpu, ...], str]:
    """All GPUs that ``nvidia-smi`` shows, whatever this process may use, and what it says where it fails."""
    command = ["nvidia-smi", f"--query-gpu={','.join(_ASKED)}", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=_SMI_SECONDS, check=False)
    except FileNotFoundError:
        return (), "nvidia-smi is not installed"
    except (OSError, subprocess.TimeoutExpired) as error:
        return (), f"nvidia-smi does not answer ({error})"
    if told.returncode != 0:
        return (), f"nvidia-smi fails: {' '.join((told.stdout + told.stderr).split())}"
    return parse_gpus(told.stdout), ""


def parse_gpus(text: str) -> tuple[Gpu, ...]:
    """GPUs from lines as ``nvidia-smi`` writes them.

    Args:
        text: a line for each, seven values with commas between them.

    >>> parse_gpus("0, GPU-5f, NVIDIA H100, 550.54.15, 81559, 80994, 9.0")[0].free_mib
    80994
    """
    found = []
    for line in text.splitlines():
        values = [value.strip() for value in line.split(",")]
        if len(values) == len(_ASKED):
            index, uuid, name, driver, total, free, capability = values
            found.append(Gpu(index, uuid, name, driver, _whole(total), _whole(free), _number(capability)))
    return tuple(found)


def named_gpu(gpus: Sequence[Gpu], name: str) -> Gpu | None:
    """The GPU that ``CUDA_VISIBLE_DEVICES`` means by a name.

    Args:
        gpus: of the driver.
        name: a number, or the beginning of a UUID.
    """
    return next((gpu for gpu in gpus if gpu.index == name or (name and gpu.uuid.startswith(name))), None)


def installed_packages() -> dict[str, str]:
    """Version of each installed Python package, by its name in lower case with hyphens."""
    return {
        re.sub(r"[-_.]+", "-", found.name).lower(): found.version
        for found in distributions()
        if found.name is not None
    }


def cuda_sets(packages: Iterable[tuple[str, str]]) -> set[int]:
    """The CUDA releases whose libraries are installed as Python packages.

    Args:
        packages: names and versions, as the items of :func:`installed_packages`.

    >>> cuda_sets([("nvidia-cudnn-cu12", "9.28"), ("jax-cuda13-plugin", "0.10.2"), ("numpy", "2.4")])
    {12, 13}
    """
    found = set()
    for name, version in packages:
        numbered = _OF_A_SET.fullmatch(name)
        if numbered:
            found.add(int(numbered[1]))
        elif name == _UNNUMBERED:
            found.add(int(version.partition(".")[0]))
    return found


def _number(text: str) -> float | None:
    with contextlib.suppress(ValueError):
        return float(text)
    return None


def _whole(text: str) -> int | None:
    number = _number(text)
    return None if number is None else int(number)
