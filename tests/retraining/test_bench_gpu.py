"""The benchmark for GPUs in miniature on a CPU: each way runs and is kept, and fits at once equal lone ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from project_copies import ROOT

ENVIRONMENT = {
    "KERAS_BACKEND": "jax",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_backend_optimization_level=1",
}


def _bench(results: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "benchmarks/bench_gpu.py", "--results", str(results), *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=500, check=False, env={**os.environ, **ENVIRONMENT},
    )  # fmt: skip


def test_each_way_runs_and_is_not_measured_twice(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    first = _bench(results, "--miniature", "--only", "float32")
    assert first.returncode == 0, first.stdout + first.stderr
    measured = json.loads(results.read_text())["measured"]
    assert {name[0] for name in measured} == {"a", "b", "c", "d"}, first.stdout
    for name, row in measured.items():
        assert f"| {name} |" in first.stdout
        if "difference" in row:
            assert row["difference"] < 1e-5, name
        else:
            assert row["images_per_second"] > 0
    assert sum("difference" in row for row in measured.values()) == 3
    again = _bench(results, "--miniature", "--minutes", "0")
    assert again.returncode == 0, again.stderr
    assert json.loads(results.read_text())["measured"] == measured
    assert "TF32: not measured, the 0 minutes are over" in again.stdout


def test_the_whole_of_it_is_refused_without_a_gpu(tmp_path: Path) -> None:
    finished = _bench(tmp_path / "results.json")
    assert finished.returncode == 1
    assert "kedro guided doctor says why" in finished.stderr
