"""Time the guidance metrics against the naive way, one input at a time, in one run on one machine.

    python benchmarks/bench_guidance.py                    # all of the following tables
    python benchmarks/bench_guidance.py --naive            # only n = 1k, 5k, 20k, 50k, activations made up
    python benchmarks/bench_guidance.py --study            # only 49,000 x 56,000 x 64: the six metrics, memory
    python benchmarks/bench_guidance.py --trace trace.npz  # activations, probabilities, labels, n_reference
    python benchmarks/bench_guidance.py --per-input-model  # neuron coverage as published: a model per input

The naive way is timed on a few inputs and scaled up: its time is proportional to the inputs. Both are timed
in turns, and the least of the rounds counts. Prints Markdown.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import logging
import time
import tracemalloc
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from guided_retraining.errors import GuidedRetrainingWarning
from guided_retraining.guidance import Trace, score
from guided_retraining.machine.parallel import cores

SIX = ("neuron_coverage", "lsa", "dsa", "deep_gini", "softmax_entropy", "random")
STUDY_INPUTS = 56_000
SHARE_OF_ADVERSARIAL = 1 / 8  # as in the published study: 7,000 of 56,000


def made_up(n: int, d: int, k: int = 10, seed: int = 0) -> Trace:
    """A pool of n inputs with class structure: ReLU-like activations around one centre for each class."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((k, d))
    classes = rng.integers(0, k, n)
    activations = np.maximum(centres[classes] + rng.standard_normal((n, d)), 0).astype(np.float32)
    logits = activations @ (0.3 * centres.T).astype(np.float32)
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return Trace(activations, probabilities, classes, n_reference=n - int(n * SHARE_OF_ADVERSARIAL))


def first(trace: Trace, n: int, seed: int = 0) -> Trace:
    """A pool of n inputs drawn from a trace, with the same share of adversarial ones."""
    rng = np.random.default_rng(seed)
    m = round(n * trace.n_reference / len(trace))
    rows = np.concatenate(
        [
            np.sort(rng.choice(trace.n_reference, m, replace=False)),
            np.sort(trace.n_reference + rng.choice(len(trace) - trace.n_reference, n - m, replace=False)),
        ]
    )
    return Trace(trace.activations[rows], trace.probabilities[rows], trace.labels[rows], m)


def naive_neuron_coverage(trace: Trace) -> Callable[[int], Any]:
    """Scale and count, one input at a time."""

    def one(i: int) -> Any:
        a = trace.activations[i].astype(np.float64)
        extent = a.max() - a.min()
        return np.mean((a - a.min()) / (extent or 1.0) > 0.2)

    return one


def naive_deep_gini(trace: Trace) -> Callable[[int], Any]:
    """Gini impurity, one input at a time."""
    return lambda i: 1 - np.sum(trace.probabilities[i].astype(np.float64) ** 2)


def naive_dsa(trace: Trace) -> Callable[[int], Any]:
    """Distances to the own class, then from the nearest to all other classes, one input at a time."""
    T, t = trace.activations[: trace.n_reference], trace.predictions[: trace.n_reference]
    own = {c: T[t == c] for c in np.unique(t)}
    other = {c: T[t != c] for c in np.unique(t)}

    def one(i: int) -> Any:
        c = trace.predictions[i]
        to_own = np.linalg.norm(own[c] - trace.activations[i], axis=1)
        to_own[to_own == 0] = np.inf
        nearest = own[c][to_own.argmin()]
        return to_own.min() / np.linalg.norm(other[c] - nearest, axis=1).min()

    return one


def naive_lsa(trace: Trace) -> Callable[[int], Any]:
    """SciPy's kernel density estimate, asked one input at a time."""
    from scipy.stats import gaussian_kde

    T, t = trace.activations[: trace.n_reference], trace.predictions[: trace.n_reference]
    keep = {c: T[t == c].var(axis=0) >= 1e-5 for c in np.unique(t)}
    density = {c: gaussian_kde(T[t == c][:, keep[c]].T) for c in np.unique(t)}

    def one(i: int) -> Any:
        c = trace.predictions[i]
        return density[c].logpdf(trace.activations[i][keep[c]])

    return one


NAIVE: dict[str, tuple[Callable[[Trace], Callable[[int], Any]], int]] = {
    "neuron_coverage": (naive_neuron_coverage, 1000),
    "deep_gini": (naive_deep_gini, 1000),
    "lsa": (naive_lsa, 40),
    "dsa": (naive_dsa, 40),
}


def seconds(call: Callable[[], Any]) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def product_speed(d: int) -> tuple[float, float]:
    """GFLOP/s of a float32 and of a float64 product with d inner terms, on all cores."""
    speeds = []
    for dtype in (np.float32, np.float64):
        left, right = np.ones((4096, d), dtype), np.ones((d, 8192), dtype)
        out = np.empty((4096, 8192), dtype)
        least = min(seconds(lambda: np.matmul(left, right, out=out)) for _ in range(5))  # noqa: B023
        speeds.append(2 * 4096 * 8192 * d / least / 1e9)
    return speeds[0], speeds[1]


def product_flops(trace: Trace) -> tuple[float, float]:
    """Operations the products of DSA (float32) and of LSA (float64) cannot do without."""
    n_c = np.bincount(trace.predictions, minlength=trace.probabilities.shape[1]).astype(float)
    m_c = np.bincount(trace.predictions[: trace.n_reference], minlength=len(n_c)).astype(float)
    d, m = trace.activations.shape[1], trace.n_reference
    within = 2 * d * float(n_c @ m_c)
    return within + d * (m * m - float(m_c @ m_c)), within


def compare(trace: Trace, sizes: list[int], rounds: int) -> None:
    """Print ours against the naive way for each size."""
    print(f"\n{trace.activations.shape[1]} features, {trace.n_reference / len(trace):.1%} of the inputs are the "
          f"reference, {cores()} cores, least of {rounds} rounds\n")  # fmt: skip
    print("| metric | inputs | ours, s | naive, s (scaled up from a sample) | ratio |")
    print("|---|---:|---:|---:|---:|")
    ours_all: dict[str, list[float]] = {}
    for key in NAIVE:
        score(key, first(trace, min(500, len(trace))))  # imports are not timed
    for n in sizes:
        part = first(trace, n) if n < len(trace) else trace
        part.predictions  # noqa: B018  # computed once, before any clock runs
        for key, (naive, sample) in NAIVE.items():
            rows = np.random.default_rng(1).choice(len(part), min(sample, len(part)), replace=False)
            ours, theirs = [], []
            one = naive(part)  # its preparation is not counted
            for _ in range(rounds):
                ours.append(seconds(lambda: score(key, part)))  # noqa: B023
                sampled = seconds(lambda: [one(i) for i in rows])  # noqa: B023
                theirs.append(sampled * len(part) / len(rows))
            ours_all.setdefault(key, []).append(min(ours))
            ratio = min(theirs) / min(ours)
            print(
                f"| {key} | {len(part):,} | {min(ours):.4f} | {min(theirs):.2f} | {ratio:.0f}x |", flush=True
            )
    if len(sizes) > 1:
        steps = [f"{a:,} to {b:,}" for a, b in pairwise(sizes)]
        print("\nHow the time grows, as the power of n:\n")
        print(f"| metric | {' | '.join(steps)} |")
        print("|---|" + "---:|" * len(steps))
        for key, times in ours_all.items():
            powers = [
                np.log(t1 / t0) / np.log(n1 / n0)
                for (t0, t1), (n0, n1) in zip(pairwise(times), pairwise(sizes), strict=True)
            ]
            print(f"| {key} | {' | '.join(f'{power:.2f}' for power in powers)} |")


def study(trace: Trace, rounds: int) -> None:
    """Print the time of all six metrics, the share of the machine's product speed, and the scratch memory."""
    speed = product_speed(trace.activations.shape[1] + 2)
    flops = dict(zip(("dsa", "lsa"), product_flops(trace), strict=True))
    trace.predictions  # noqa: B018
    n, d = trace.activations.shape
    print(f"\nThe study's size: reference {trace.n_reference:,}, scored {n:,}, {d} features; {cores()} "
          f"cores, least of {rounds} rounds; matrix products run at {speed[0]:.0f} GFLOP/s in float32 and "
          f"{speed[1]:.0f} in float64\n")  # fmt: skip
    print("| metric | seconds | its products alone, s | share of the product speed | scratch memory, MiB |")
    print("|---|---:|---:|---:|---:|")
    total = 0.0
    for key in SIX:
        least = min(seconds(lambda: score(key, trace)) for _ in range(rounds))  # noqa: B023
        total += least
        floor, share = "", ""
        if key in flops:
            products = flops[key] / speed[key == "lsa"] / 1e9
            floor, share = f"{products:.2f}", f"{products / least:.0%}"
        print(f"| {key} | {least:.3f} | {floor} | {share} | {scratch(key, trace):.0f} |", flush=True)
    print(f"| all six | {total:.3f} | | | |")


def scratch(key: str, trace: Trace) -> float:
    """MiB that a metric takes above its inputs, at most."""
    tracemalloc.start()
    score(key, trace)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def per_input_model(inputs: int = 20) -> None:
    """Print neuron coverage as published, a model and a forward pass per input, against ours."""
    import keras

    from guided_retraining.guidance import neuron_coverage

    logging.getLogger("tensorflow").setLevel(
        logging.ERROR
    )  # it warns of a model for each input, the point here

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    images = np.random.default_rng(0).random((4096, 28, 28, 1), dtype=np.float32)

    def theirs() -> None:
        for image in images[:inputs]:
            inner = keras.Model(model.inputs, model.layers[-2].output)
            neuron_coverage(inner.predict(image[None], verbose=0))

    inner = keras.Model(model.inputs, model.layers[-2].output)
    inner.predict(images[:256], batch_size=256, verbose=0)
    ours = seconds(lambda: neuron_coverage(inner.predict(images, batch_size=256, verbose=0))) / len(images)
    naive = seconds(theirs) / inputs
    print("\nNeuron coverage with its forward pass, 28x28 images, 64 neurons\n")
    print("| a model built for each input, as published | one pass in batches | ratio |")
    print("|---:|---:|---:|")
    print(f"| {naive * 1e3:.1f} ms an input | {ours * 1e3:.3f} ms | {naive / ours:.0f}x |")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--trace", type=Path, help="an .npz with activations, probabilities, labels, n_reference"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000, 20000, 50000])
    parser.add_argument("--features", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--naive", action="store_true", help="only the comparison with the naive way")
    parser.add_argument(
        "--study", action="store_true", help="only the published study's size, 49,000 x 56,000"
    )
    parser.add_argument(
        "--per-input-model", action="store_true", help="time a model per input (needs TensorFlow)"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore", GuidedRetrainingWarning)  # classes of the small sizes are small
    if options.trace:
        with np.load(options.trace, allow_pickle=False) as stored:
            trace = Trace(
                stored["activations"], stored["probabilities"], stored["labels"], int(stored["n_reference"])
            )
    else:
        trace = made_up(max(STUDY_INPUTS, *options.sizes), options.features)
    everything = not (options.naive or options.study or options.per_input_model)
    if options.naive or everything:
        compare(trace, [n for n in options.sizes if n <= len(trace)], options.rounds)
    if options.study or everything:
        study(trace if options.trace else first(trace, STUDY_INPUTS), options.rounds)
    if options.per_input_model or everything:
        per_input_model()


if __name__ == "__main__":
    main()
