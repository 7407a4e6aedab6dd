"""Threads and GPUs of a worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from guided_retraining.errors import ParameterError
from guided_retraining.machine.limits import thread_environment, visible_gpus
from guided_retraining.runners.cluster import connected


def test_tensorflow_and_linear_algebra_keep_to_the_threads_of_the_environment() -> None:
    code = (
        "import psutil\n"
        "from guided_retraining.machine.backend import keras\n"
        "import numpy as np\n"
        "import threadpoolctl\n"
        "keras.ops.matmul(keras.ops.ones((512, 512)), keras.ops.ones((512, 512)))\n"
        "print(max(pool['num_threads'] for pool in threadpoolctl.threadpool_info()))\n"
        "print(psutil.Process().num_threads())\n"
    )
    counts = {}
    for threads in (1, 6):
        environment = {**os.environ, **thread_environment(threads)}
        finished = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
        )
        linear_algebra, all_threads = map(int, finished.stdout.split())
        assert linear_algebra <= threads
        counts[threads] = all_threads
    assert counts[6] > counts[1] + 2, "the limit has no effect on TensorFlow"


def test_gpus_are_read_from_the_environment_or_the_devices(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, 3")
    assert visible_gpus() == ["2", "3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert visible_gpus() == []
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    for name in ("nvidia10", "nvidia9", "nvidiactl", "nvidia0"):
        (tmp_path / name).touch()
    assert visible_gpus(tmp_path) == ["0", "1", "2"], "as CUDA numbers them, not as their files are called"


def test_the_gpu_of_a_linux_within_windows_is_seen(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / "dxg").touch()
    assert visible_gpus(tmp_path) == ["0"]


def test_two_curves_on_one_gpu_are_refused(monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with (
        pytest.raises(ParameterError, match=r"n_workers=2: this machine shows 1 GPU"),
        connected(None, 2, None),
    ):
        pass
