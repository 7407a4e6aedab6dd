"""Refused backends and GPUs, and reasons why a GPU is not used, from made-up facts; the real ones of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from guided_retraining.errors import BackendError
from guided_retraining.machine.checks import LEAST_FREE_MIB, check_cuda_sets, check_name, check_room
from guided_retraining.machine.doctor import Facts, bfloat16, lines, why_no_gpu
from guided_retraining.machine.gpus import Gpu, cuda_sets, named_gpu, parse_gpus

SMI = """\
0, GPU-5f1c, NVIDIA H100 80GB HBM3, 550.54.15, 81559, 80994, 9.0
1, GPU-77aa, Tesla V100-SXM2-16GB, 550.54.15, 16384, 512, 7.0
2, GPU-90b0, NVIDIA A100-SXM4-40GB, 550.54.15, [N/A], [N/A], 8.0
"""
GPUS = parse_gpus(SMI)
CUDA_12 = {"nvidia-cudnn-cu12": "9.28.0", "nvidia-cuda-runtime-cu12": "12.9.79"}
FINE = Facts(
    backend="jax",
    device="gpu (NVIDIA H100)",
    on_gpu=True,
    fault="",
    gpus=GPUS,
    driver_fault="",
    device_files=3,
    visible=("0", "1", "2"),
    environment={},
    packages={"jax": "0.10.2", "tensorflow": "2.20.0", "jax-cuda12-plugin": "0.10.2", **CUDA_12},
    cores=16,
    cpu_flags=frozenset({"avx2"}),
    platform="linux",
)
IDLE = replace(FINE, device="cpu", on_gpu=False)
REASONS = {
    "hidden": (replace(IDLE, visible=(), environment={"CUDA_VISIBLE_DEVICES": ""}), "CUDA_VISIBLE_DEVICES='' hides"),
    "not in the container": (replace(IDLE, visible=(), device_files=0), "docker run --gpus all"),
    "no driver": (replace(IDLE, gpus=(), driver_fault="nvidia-smi is not installed"), "install NVIDIA's driver"),
    "old driver": (replace(IDLE, gpus=(replace(GPUS[0], driver="470.82"),)), "470.82 is too old for CUDA 12"),
    "jax for cpus": (replace(IDLE, packages={"jax": "0.10.2"}), "guided-retraining[gpu-jax]"),
    "jax held off": (replace(IDLE, environment={"JAX_PLATFORMS": "cpu"}), "JAX_PLATFORMS=cpu keeps JAX off"),
    "tensorflow for cpus": (
        replace(IDLE, backend="tensorflow", packages={"tensorflow": "2.20.0"}),
        "guided-retraining[gpu-tensorflow]",
    ),
    "two cuda sets": (
        replace(IDLE, packages={**FINE.packages, "nvidia-cudnn-cu13": "9.28.1"}),
        "CUDA 12 and 13 libraries in one Python environment",
    ),
    "torch": (replace(IDLE, backend="torch"), "KERAS_BACKEND=torch no GPU is used here"),
    "windows": (replace(IDLE, platform="win32", visible=()), "WSL2"),
    "full": (replace(IDLE, fault="GPU 1 is full"), "GPU 1 is full"),
    "unknown": (replace(IDLE, backend="tensorflow"), "list_physical_devices"),
}  # fmt: skip


@pytest.mark.parametrize("case", REASONS)
def test_the_reason_is_named_with_what_to_do(case: str) -> None:
    facts, expected = REASONS[case]
    assert expected in why_no_gpu(facts)
    assert expected in "\n".join(lines(facts))


def test_no_reason_is_made_up_where_a_gpu_is_used_or_none_is_there() -> None:
    assert why_no_gpu(FINE) == ""
    assert (
        why_no_gpu(replace(IDLE, gpus=(), device_files=0, driver_fault="nvidia-smi is not installed")) == ""
    )


def test_bfloat16_is_told_of_what_computes() -> None:
    assert bfloat16(FINE) is True
    assert bfloat16(replace(FINE, gpus=GPUS[1:])) is False, "a V100 has none"
    assert bfloat16(replace(IDLE, cpu_flags=frozenset({"avx512_bf16"}))) is True
    assert bfloat16(IDLE) is False
    assert bfloat16(replace(IDLE, cpu_flags=frozenset())) is None


def test_lines_of_the_driver_are_read() -> None:
    assert GPUS[0] == Gpu("0", "GPU-5f1c", "NVIDIA H100 80GB HBM3", "550.54.15", 81559, 80994, 9.0)
    assert GPUS[2].free_mib is None
    assert named_gpu(GPUS, "1") is named_gpu(GPUS, "GPU-77") is GPUS[1]
    assert named_gpu(GPUS, "MIG-1") is None
    assert parse_gpus("No devices were found\n") == ()


def test_sets_of_cuda_libraries_are_told_by_names_and_versions() -> None:
    assert cuda_sets({"jax": "0.10.2", "cupy-cuda12x": "13.0"}.items()) == set()
    assert cuda_sets(CUDA_12.items()) == {12}
    assert cuda_sets({**CUDA_12, "nvidia-cuda-runtime": "13.5.37"}.items()) == {12, 13}
    check_cuda_sets({12})
    with pytest.raises(BackendError, match="CUDA 12 and 13 libraries"):
        check_cuda_sets({13, 12})


def test_wrong_and_absent_backends_are_refused() -> None:
    with pytest.raises(
        BackendError, match="KERAS_BACKEND=jaxx: found an unknown backend, expected tensorflow or jax"
    ):
        check_name("jaxx", lambda _: True)
    with pytest.raises(
        BackendError, match=r"jax is not installed; found tensorflow. pip install 'guided-retrain"
    ):
        check_name("jax", lambda name: name == "tensorflow")
    check_name("tensorflow", lambda name: name == "tensorflow")


def test_only_the_gpu_that_would_be_used_has_to_have_room() -> None:
    check_room(GPUS, ["0", "1"])
    with pytest.raises(
        BackendError, match=rf"Tesla V100.* is full: 512 MiB of 16384.*least {LEAST_FREE_MIB} MiB"
    ):
        check_room(GPUS, ["1", "0"])
    check_room(GPUS, ["2"])
    check_room((), ["0"])


def test_tensorflow_is_kept_off_the_gpu_of_another_backend() -> None:
    code = (
        "import tensorflow as tf\n"
        "hidden = []\n"
        "tf.config.set_visible_devices = lambda *arguments: hidden.append(arguments)\n"
        "import guided_retraining.machine.backend as backend, os\n"
        "print(backend.keras.backend.backend(), hidden, os.environ['XLA_PYTHON_CLIENT_PREALLOCATE'])\n"
    )
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert told.stdout.splitlines()[-1] == "jax [([], 'GPU')] false"


def test_an_unset_backend_is_tensorflow_whatever_else_is_configured(tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "jax"}))
    code = "from guided_retraining.machine.backend import keras; print(keras.backend.backend())"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "KERAS_BACKEND": "", "KERAS_HOME": str(tmp_path)},
    )  # fmt: skip
    assert told.stdout.splitlines()[-1] == "tensorflow"
