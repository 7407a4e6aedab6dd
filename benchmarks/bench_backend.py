"""Time the trainer against Keras's own fit on any Keras backend, GPU or not.

    KERAS_BACKEND=jax python benchmarks/bench_backend.py

The fashion_mnist model on random images, batch 64, one epoch after a warm-up epoch of the same size; all in one run.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np

from guided_retraining.machine.backend import keras
from guided_retraining.models.architectures import build_model
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.trainer import Trainer

BATCH = 64


def timed_trainer(model: Any, images: np.ndarray, labels: np.ndarray, precision: str) -> float:
    """Images a second through ``Trainer.fit``."""
    trainer = Trainer(model, FitParameters(epochs=1, batch_size=BATCH, precision=precision))
    everything = np.arange(len(images))
    for _ in range(2):
        cost = trainer.fit(model.get_weights(), images, labels, everything, seed=0)
    return len(images) / cost.seconds


def timed_keras(model: Any, images: np.ndarray, labels: np.ndarray, steps: int) -> float:
    """Images a second through ``model.fit``."""
    model.compile("rmsprop", "sparse_categorical_crossentropy", steps_per_execution=steps)
    for _ in range(2):
        start = time.perf_counter()
        model.fit(images, labels, batch_size=BATCH, epochs=1, verbose=0)
    return len(images) / (time.perf_counter() - start)


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=50_000)
    n = parser.parse_args().images
    rng = np.random.default_rng(0)
    images = rng.random((n, 28, 28, 1), dtype=np.float32)
    labels = rng.integers(0, 10, n)
    rows = [
        (f"Trainer.fit, {p}", timed_trainer(_model(), images, labels, p))
        for p in ("float32", "mixed_bfloat16")
    ]
    rows += [
        (f"model.fit, steps_per_execution={s}", timed_keras(_model(), images, labels, s)) for s in (1, 16)
    ]
    lines = [f"{keras.backend.backend()} backend, {n:,} images", "", "| what | images/s |", "|---|---|"]
    sys.stdout.write("\n".join([*lines, *(f"| {name} | {speed:,.0f} |" for name, speed in rows)]) + "\n")


def _model() -> Any:
    return build_model("fashion_mnist", (28, 28, 1), 10, seed=0)


if __name__ == "__main__":
    main()
