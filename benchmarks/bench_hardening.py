"""Time a training step with attacks inside it against a plain one, in one run on one machine.

    python benchmarks/bench_hardening.py                     # images of 28x28 and 32x32, generated
    python benchmarks/bench_hardening.py --batches 20 --turns 2    # in miniature, to see that it works

Each way of training goes through the same images in the same compiled loop; ways take turns, and the best turn of each
counts, so that other load on the machine meets them alike. ``passes`` is what the price counts: 1 for a plain step, 2
for FGSM, k + 1 for PGD-k.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import time

import numpy as np

from guided_retraining.machine.backend import keras
from guided_retraining.machine.limits import one_thread_an_operation
from guided_retraining.models.architectures import build_model
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.inner_attack import InnerAttack
from guided_retraining.retraining.trainer import Trainer

BATCH = 64
WAYS = {"plain": None, "FGSM": 1, "PGD-2": 2, "PGD-7": 7}
MODELS = {"fashion_mnist": (28, 28, 1), "cifar10": (32, 32, 3)}


def seconds_a_batch(trainer: Trainer, shape: tuple[int, ...], batches: int, turns: int) -> dict[str, float]:
    """The best turn of each way, seconds a batch."""
    rng = np.random.default_rng(0)
    images = rng.random((batches * BATCH, *shape), dtype=np.float32)
    labels, order = rng.integers(0, 10, len(images)), np.arange(len(images))
    chosen, start = trainer.chosen(images, order), trainer.model.get_weights()
    best = dict.fromkeys(WAYS, np.inf)
    for turn in range(turns + 1):
        for name, steps in WAYS.items():
            attack = None if steps is None else InnerAttack(0.1, steps, first=BATCH, batch_size=BATCH)
            trainer.reset(start, rng)
            few = order[: 2 * BATCH] if turn == 0 else order  # the first turn compiles
            begun = time.perf_counter()
            trainer.go_through(chosen, labels, few, attack=attack, generator=rng)
            if turn:
                best[name] = min(best[name], (time.perf_counter() - begun) / batches)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=40)
    parser.add_argument("--turns", type=int, default=5)
    given = parser.parse_args()
    one_thread_an_operation()
    print(f"{keras.backend.backend()}, batches of {BATCH}\n")
    print("| model | way | passes | ms a batch | times a plain step | of its passes |")
    print("|---|---|---|---|---|---|")
    for name, shape in MODELS.items():
        trainer = Trainer(build_model(name, shape, 10, seed=0), FitParameters(batch_size=BATCH))
        best = seconds_a_batch(trainer, shape, given.batches, given.turns)
        for way, steps in WAYS.items():
            passes, ratio = 1 + (steps or 0), best[way] / best["plain"]
            print(
                f"| {name} | {way} | {passes} | {1000 * best[way]:.1f} | {ratio:.2f} | {ratio / passes:.2f} |"
            )


if __name__ == "__main__":
    main()
