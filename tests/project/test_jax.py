"""The study and the gradients of its attacks with JAX in TensorFlow's place.

A process has one backend, so these are processes of their own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from project_copies import ROOT, ask_for_fewer_cells, kedro

JAX = {
    "KERAS_BACKEND": "jax",
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_backend_optimization_level=1",  # most of the time is spent compiling
}
FILES = (
    "tests/attacks/test_attacks_estimator.py",
    "tests/attacks/test_attacks_table.py",
    "tests/retraining/test_trainer_precision.py",
    "tests/retraining/test_fused.py",
)
# The first four are slow to compile; how strong attacks are beside each other depends on the model that is trained.
LEFT_OUT = "one_trace or left_as_it_was or another_process or mixed or strong_attacks"


def test_the_smoke_study_runs_to_its_report(project: Path) -> None:
    ask_for_fewer_cells(project, "config_2", "adversarial_training")
    # As many epochs as the original model has, so that one compiled step serves all fits.
    shorter = "digits.replicates=[0],digits.ordering_retraining.training.epochs=15"
    finished = kedro(project, "run", "--env", "smoke", "--params", shorter, environment=JAX)
    output = finished.stdout + finished.stderr
    assert finished.returncode == 0, output
    assert "Traceback" not in output
    assert "cuda" not in output, "what a library says of an absent GPU is held back"
    assert "report.html" in output
    data = project / "data/smoke"
    results = pd.read_parquet(data / "07_model_output/digits/results.parquet")
    assert len(results) == 2 * 4 + 3, (
        "two metrics, three budgets and the original model; a strategy without an order"
    )
    original = results[results["n_inputs"] == 0].iloc[0]
    assert original["accuracy_clean"] > 0.9
    assert original["accuracy_robust"] < 0.5
    ends = results[results["n_inputs"] == results["pool_size"]].set_index("configuration")
    whole = ends.loc["config_2"].iloc[0]
    assert whole["accuracy_replayed"] > original["accuracy_replayed"] + 0.1
    assert ends.loc["adversarial_training", "watched_pgd"] > original["accuracy_robust"]
    assert results["accuracy_unseen"].between(0, 1).all()
    assert (data / "08_reporting/digits/report.html").exists()


@pytest.mark.parametrize("file", FILES)
def test_what_has_ways_of_its_own_for_jax_passes_its_tests(file: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", file, "-k", f"not ({LEFT_OUT})"],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False, env={**os.environ, **JAX},
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
