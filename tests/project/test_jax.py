"""The study and the gradients of its attacks with JAX in TensorFlow's place.

A process has one backend, so these are processes of their own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

from project_copies import ROOT, kedro

JAX = {
    "KERAS_BACKEND": "jax",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_backend_optimization_level=1",  # most of the time is spent compiling
}
# Fits like that of the original model, so that one step serves all of them.
FEWER_CELLS = """
digits:
  replicates: [0]
  metrics: {neuron_coverage: null, lsa: null, dsa: null, softmax_entropy: null}
  ordering_retraining:
    configurations: {config_1: null, config_3: null}
    training: {epochs: 15}
"""
GRADIENTS = ("tests/attacks/test_attacks_estimator.py", "tests/retraining/test_trainer_precision.py")
SLOW_TO_COMPILE = "one_trace or left_as_it_was or two_processes or mixed"


def test_the_smoke_study_runs_to_its_report(project: Path) -> None:
    (project / "conf/smoke/parameters").mkdir()
    (project / "conf/smoke/parameters/digits.yml").write_text(FEWER_CELLS)
    finished = kedro(project, "run", "--env", "smoke", environment=JAX)
    output = finished.stdout + finished.stderr
    assert finished.returncode == 0, output
    assert "Traceback" not in output
    assert "cuda" not in output, "what a library says of an absent GPU is held back"
    assert "report.html" in output
    data = project / "data/smoke"
    results = pd.read_parquet(data / "07_model_output/digits/results.parquet")
    assert len(results) == 2 * 4, "two metrics, three budgets and the original model"
    original = results[results["n_inputs"] == 0].iloc[0]
    assert original["accuracy_clean"] > 0.9
    assert original["accuracy_robust"] < 0.5
    whole = results[results["n_inputs"] == results["pool_size"]].iloc[0]
    assert whole["accuracy_replayed"] > original["accuracy_replayed"] + 0.1
    assert results["accuracy_unseen"].between(0, 1).all()
    assert (data / "08_reporting/digits/report.html").exists()


def test_the_tests_of_gradients_pass() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", *GRADIENTS, "-k", f"not ({SLOW_TO_COMPILE})"],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False, env={**os.environ, **JAX},
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
