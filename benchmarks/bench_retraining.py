"""Time the retraining engine against its floor and against the published way, in one run on one machine.

    python benchmarks/bench_retraining.py                        # digits only
    python benchmarks/bench_retraining.py --data FOLDER          # and fashion_mnist, from the four IDX files there
    python benchmarks/bench_retraining.py --small                # each part in miniature, to see that it works

The floor of a study is its samples x epochs at the speed of one bare, warmed-up ``model.fit`` (the best of several
``steps_per_execution``) plus the images it evaluates at the speed of one bare ``predict``. The published way makes and
compiles a model for each fit, copies its inputs, validates every epoch and shares no cells. All three take turns, curve
by curve, so that other load on the machine meets them alike; the engine's own start-up is counted. The engine runs in a
process of its own with one thread for an operation, as in ``kedro run``; the others have all cores for each operation.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import psutil
from elsewhere import Elsewhere

from guided_retraining.attacks import KerasLogitsEstimator, make_attack
from guided_retraining.attacks.robustness import repeated_attacks
from guided_retraining.guidance import deep_gini, max_softmax
from guided_retraining.images.arrays import UnitImages
from guided_retraining.images.pool import LabelledPool
from guided_retraining.machine.backend import keras, side_by_side
from guided_retraining.machine.parallel import cores, in_threads
from guided_retraining.machine.resources import peak_memory_mb
from guided_retraining.models.architectures import build_model
from guided_retraining.models.forward import predicted_labels
from guided_retraining.parameters.blocks import (
    AttackParameters,
    ConfigurationParameters,
    FitParameters,
    ReattackParameters,
    RetrainingParameters,
)
from guided_retraining.readers import read
from guided_retraining.retraining.cell import Cell
from guided_retraining.retraining.cells import finished
from guided_retraining.retraining.curve import Curve
from guided_retraining.retraining.initial import initial_weights
from guided_retraining.retraining.measure import measure
from guided_retraining.retraining.plan import plan_study
from guided_retraining.retraining.replicate import Replicate
from guided_retraining.retraining.selection import budget_steps
from guided_retraining.retraining.trainer import Trainer
from guided_retraining.storage.store import Store

METRICS = ("neuron_coverage", "lsa", "dsa", "deep_gini", "softmax_entropy", "random")
CONFIGURATIONS = {
    "config_2": ConfigurationParameters(start="original", pool="all"),
    "config_3": ConfigurationParameters(start="original", pool="adversarial"),
}
STEPS_PER_EXECUTION = (1, 8, 32)  # tried for the bare fit
TARGETS = {"digits": 1.5, "fashion_mnist": 1.15}


def seconds(call: Callable[[], Any]) -> float:
    """Wall seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def arrays(name: str, folder: str | None, n: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Enough real images, as float32 in [0, 1], and labels."""
    total = sum(n.values())
    if name == "digits":
        from sklearn.datasets import load_digits

        images, labels = load_digits(return_X_y=True)
        images = (images / 16).reshape(-1, 8, 8, 1).astype(np.float32)
    else:
        part = read("idx", folder).train
        images = np.asarray(part.images[:total], np.float32)
        labels = np.asarray(part.labels[:total])
        images = (images / 255 if images.max() > 1 else images).reshape(total, *images.shape[1:3], 1)
    order = np.random.default_rng(0).permutation(len(labels))[:total]
    return images[order], labels[order].astype(np.int64)


def study(
    name: str, folder: str | None, n: dict[str, int], fit: FitParameters
) -> tuple[Any, dict[str, LabelledPool]]:
    """A trained model and its pools; the attacked share of each part is a third."""
    images, labels = arrays(name, folder, n)
    model = build_model(name, images.shape[1:], 10, seed=0)
    trainer = Trainer(model, fit)
    trainer.fit(model.get_weights(), images, labels, np.arange(n["train"]), seed=0)
    model.set_weights(trainer.model.get_weights())
    attack = make_attack("fgsm", KerasLogitsEstimator(model), eps=0.1)
    pools, start = {}, 0
    for part, size in n.items():
        x, y = images[start : start + size], labels[start : start + size]
        attacked = slice(0, size // 3)
        adversarial = attack.generate(x[attacked], np.eye(10, dtype=np.float32)[y[attacked]])
        pools[part] = LabelledPool(
            x, y, adversarial, y[attacked], np.full(size // 3, "fgsm"), np.arange(size // 3)
        )
        start += size
    return model, pools


def make_bare(
    model: Any, pool: LabelledPool, fit: FitParameters
) -> tuple[Callable[[], float], Callable[[], float], int]:
    """Images a second of a bare ``fit`` and of a bare ``predict``, and the best ``steps_per_execution``."""
    images, labels = pool[:], pool.labels

    def compiled(steps: int) -> Any:
        bare = keras.models.clone_model(model)
        bare.compile(
            optimizer=fit.optimizer, loss="sparse_categorical_crossentropy", steps_per_execution=steps
        )
        bare.fit(images, labels, batch_size=fit.batch_size, verbose=0)
        return bare

    def speed(bare: Any) -> float:
        epochs = max(1, 4000 // len(images))
        return (
            epochs
            * len(images)
            / seconds(lambda: bare.fit(images, labels, batch_size=fit.batch_size, epochs=epochs, verbose=0))
        )

    tried = {steps: compiled(steps) for steps in STEPS_PER_EXECUTION}
    speeds = {steps: max(speed(bare) for _ in range(2)) for steps, bare in tried.items()}
    best = max(speeds, key=lambda steps: speeds[steps])
    chosen = tried[best]
    chosen.predict(images, batch_size=512, verbose=0)
    return (
        lambda: speed(chosen),
        lambda: len(images) / seconds(lambda: chosen.predict(images, batch_size=512, verbose=0)),
        best,
    )


def published(model: Any, pools: dict[str, LabelledPool], cells: list[Cell]) -> None:
    """One curve with a new compiled model and a copied array for each fit, validated every epoch."""
    train, validation, test = pools["train"], pools["validation"], pools["test"]
    held_out = (validation[:], validation.labels)
    for cell in cells:
        if cell.n_inputs == 0:
            continue
        fresh = keras.models.clone_model(model)
        fresh.set_weights(model.get_weights())
        fresh.compile(
            optimizer=cell.fit.optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"]
        )
        fresh.fit(
            train[cell.indices], train.labels[cell.indices], batch_size=cell.fit.batch_size,
            epochs=cell.fit.epochs, validation_data=held_out, verbose=0,
        )  # fmt: skip
        fresh.predict(test[:], verbose=0)


class Bare:
    """The floor and the published way, in a process where TensorFlow shares each operation out over all cores."""

    environment: ClassVar[dict[str, str]] = {}

    def __init__(self, name: str, folder: str | None, n: dict[str, int], fit: FitParameters) -> None:
        self.model, self.pools = study(name, folder, n, fit)
        self.fit_speed, self.predict_speed, self.steps = make_bare(self.model, self.pools["train"], fit)

    def speeds(self) -> tuple[float, float]:
        """Images a second of the bare ``fit`` and ``predict``, now."""
        return self.fit_speed(), self.predict_speed()

    def published(self, curve: Curve, metric: str) -> float:
        """Seconds of a curve the published way."""
        scores = scored(self.model, self.pools["train"])[metric]
        cells = curve.cells(one_replicate(self.model, self.pools), scores)
        return seconds(lambda: published(self.model, self.pools, cells))


class Engine:
    """Our engine, in a process as ``kedro run`` sets it up."""

    environment: ClassVar[dict[str, str]] = {"TF_NUM_INTRAOP_THREADS": "1"}

    def __init__(self, name: str, folder: str | None, n: dict[str, int], fit: FitParameters) -> None:
        self.model, self.pools = study(name, folder, n, fit)
        self.scores = scored(self.model, self.pools["train"])
        self.evaluated = len(self.pools["validation"]) + len(self.pools["test"])
        self.cells = tempfile.TemporaryDirectory()

    def curve(self, curve: Curve, metric: str) -> tuple[float, int, int, int]:
        """Seconds of a curve; its new cells, their samples x epochs, and the images evaluated for them."""
        store = Store(self.cells.name)
        known = store.keys()
        begun = time.perf_counter()
        cells = curve.cells(one_replicate(self.model, self.pools), self.scores[metric])
        for _ in finished(cells, store, at_once=side_by_side()):
            pass
        spent = time.perf_counter() - begun
        new = [cell for key in store.keys() - known if (cell := store.get(key))]
        return spent, len(new), sum(cell["samples_seen"] for cell in new), len(new) * self.evaluated


def one_replicate(model: Any, pools: dict[str, LabelledPool]) -> Replicate:
    """A replicate whose models are not attacked anew."""
    return Replicate(0, 0, model, pools["train"], pools["validation"], pools["test"])


def scored(model: Any, pool: LabelledPool) -> dict[str, np.ndarray]:
    """Three rankings of a pool."""
    probabilities = np.asarray(model.predict(pool[:], verbose=0))
    return {
        "deep_gini": deep_gini(probabilities),
        "max_softmax": max_softmax(probabilities),
        "random": np.random.default_rng(0).random(len(pool)),
    }


def compare(name: str, folder: str | None, n: dict[str, int], fit: FitParameters, budgets: int) -> None:
    """Print the engine's, the floor's and the published way's time for two configurations and three metrics."""
    bare, engine = (Elsewhere(kind, name, folder, n, fit) for kind in (Bare, Engine))
    print(f"\n## {name}: {n['train']} clean + {n['train'] // 3} adversarial inputs, {fit.epochs} epochs, "
          f"batch {fit.batch_size}, {budgets} budgets, bare fit: steps_per_execution {bare('steps')}\n")  # fmt: skip
    print("| curve | cells | engine s | floor s | engine/floor | published way s | published/engine |")
    print("|---|---|---|---|---|---|---|")
    rows = []
    for configuration, row in CONFIGURATIONS.items():
        for metric in ("deep_gini", "max_softmax", "random"):
            curve = Curve(row, fit, budgets)
            speeds = [bare("speeds")]
            spent, cells, samples, evaluated = engine("curve", curve, metric)
            speeds.append(bare("speeds"))
            old = bare("published", curve, metric)
            training, prediction = np.mean(speeds, axis=0)
            rows.append((cells, spent, samples / training + evaluated / prediction, old))
            print(_row(f"{configuration} {metric}", *rows[-1]), flush=True)
    print(_row("all", *np.sum(rows, axis=0)))
    print(_row("all but the first, which starts the engine up", *np.sum(rows[1:], axis=0)))
    print(f"\nTarget: engine/floor at most {TARGETS[name]}, published/engine at least 2. Shared cells (the whole pool, "
          "no inputs) are fitted once by the engine and are in its row only once. Floor and published way have all "
          "cores for each operation.")  # fmt: skip


def _row(name: str, fits: float, engine: float, floor: float, old: float) -> str:
    times = f"{engine:.1f} | {floor:.1f} | {engine / floor:.2f} | {old:.1f} | {old / engine:.1f}"
    return f"| {name} | {fits:.0f} | {times} |"


def precision(name: str, folder: str | None, n: dict[str, int], fit: FitParameters, seeds: int) -> None:
    """Print speed and accuracy of mixed_bfloat16 against float32 on the same seeds, in turns."""
    model, pools = study(name, folder, n, fit)
    pool, test = pools["train"], pools["test"]
    kinds = ("float32", "mixed_bfloat16")
    trainers = {kind: Trainer(model, fit.model_copy(update={"precision": kind})) for kind in kinds}
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for seed in range(-1, seeds):
        start = initial_weights(model, seed + 1)
        for kind, trainer in trainers.items():
            cost = trainer.fit(start, pool, pool.labels, np.arange(len(pool)), seed=seed + 1)
            accuracy = float((predicted_labels(trainer.forward, test) == test.labels).mean())
            if seed >= 0:  # the first fit warms up
                found[kind].append((cost.seconds, accuracy))
    plain, mixed = (np.array(found[kind]) for kind in kinds)
    difference = mixed[:, 1] - plain[:, 1]
    error = difference.std(ddof=1) / np.sqrt(seeds) if seeds > 1 else float("nan")
    print(f"\n## mixed_bfloat16 on {name}, fresh weights, {seeds} seeds\n")
    print(
        "| speed against float32 | accuracy float32 | accuracy mixed_bfloat16 | difference +- standard error |"
    )
    print("|---|---|---|---|")
    print(f"| {np.median(plain[:, 0] / mixed[:, 0]):.2f}x | {plain[:, 1].mean():.4f} | {mixed[:, 1].mean():.4f} | "
          f"{difference.mean():+.4f} +- {error:.4f} |")  # fmt: skip


def reattacks(folder: str, n: dict[str, int], fit: FitParameters) -> None:
    """Print what attacking every retrained model anew costs, as a share of the stage on complete fashion_mnist.

    Speeds are measured on one core on a part of the data: of fits on the whole of that part, of everything measured of
    a model besides, and of 1,000 validation and 1,000 test images attacked anew with the defaults of ``conf/base``, for
    the original model and for one that was retrained. The stage's samples x epochs and cells are those of the plan.
    """
    model, pools = study("fashion_mnist", folder, n, fit)
    attacks = {"fgsm": {"eps": 0.1}, "bim": {"eps": 0.1, "eps_step": 0.02, "max_iter": 10}}
    anew = repeated_attacks(attacks, ReattackParameters(unseen={"apgd_ce": {"max_iter": 8}}))
    replicate = Replicate(
        0, 0, model, pools["train"], pools["validation"], pools["test"], anew, n_validation=1000, n_test=1000
    )
    trainer = Trainer(model, fit)
    pool = pools["train"]
    everything = np.arange(len(pool))
    trainer.fit(model.get_weights(), pool, pool.labels, everything[:640], seed=0)
    trained = trainer.fit(model.get_weights(), pool, pool.labels, everything, seed=0)
    speed = trained.samples_seen / trained.seconds
    planned = plan_study(
        {"train": 50_000, "validation": 10_000, "test": 10_000},
        AttackParameters(n_train=0.14, n_validation=0.3, n_test=0.6, attacks={**attacks, "carlini_wagner": {}}),
        RetrainingParameters(
            configurations={
                "config_1": ConfigurationParameters(start="fresh", pool="all"), **CONFIGURATIONS,
            }
        ),
        fit.model_copy(update={"epochs": 10}), {key: {} for key in METRICS}, 1,
    )  # fmt: skip
    print("\n## Attacks made anew, fashion_mnist, one core\n")
    print("| model | robust | unseen | s for 1,000 + 1,000 images | gradient passes | share of the stage |")
    print("|---|---|---|---|---|---|")
    for name in ("retrained", "original"):
        if name == "original":
            trainer.model.set_weights(model.get_weights())
        measure(trainer, replicate)  # compiled
        begun = time.perf_counter()
        record = measure(trainer, replicate)
        rest = time.perf_counter() - begun - record["reattack_seconds"]
        images = len(pools["test"]) + len(pools["validation"])
        rest *= (10_000 + 10_000 + 6_000 + 3_000) / images
        stage = planned["samples"] / speed + planned["cells"] * (rest + record["reattack_seconds"])
        share = planned["cells"] * record["reattack_seconds"] / stage
        print(f"| {name} | {record['accuracy_robust']:.3f} | {record['accuracy_unseen']:.3f} | "
              f"{record['reattack_seconds']:.1f} | {record['reattack_gradient_passes']:,.0f} | "
              f"{share:.1%} |")  # fmt: skip
    print(f"\n{planned['cells']} cells and {planned['samples']:,} samples x epochs a replicate; fits at {speed:,.0f} "
          "images/s")  # fmt: skip


class Steps:
    """Training steps of two models, with all cores in each operation."""

    environment: ClassVar[dict[str, str]] = {"TF_NUM_INTRAOP_THREADS": str(cores())}

    def milliseconds(self, name: str, shape: tuple[int, ...]) -> tuple[float, float]:
        """Of a step of 64 images: of one model alone, and of two side by side, per step of either."""
        rng = np.random.default_rng(0)
        images, labels = rng.random((1280, *shape), dtype=np.float32), rng.integers(0, 10, 1280)
        model = build_model(name, shape, 10, seed=0)
        trainers = [Trainer(model, FitParameters(epochs=3, batch_size=64)) for _ in range(2)]

        def fit(trainer: Trainer) -> None:
            trainer.fit(model.get_weights(), images, labels, np.arange(1280), seed=0)

        for trainer in trainers:
            fit(trainer)
        alone = min(seconds(lambda: fit(trainers[0])) for _ in range(3))
        both = min(seconds(lambda: list(in_threads(fit, trainers, workers=2))) for _ in range(3))
        return 1e3 * alone / 60, 1e3 * both / 120


class SingleThreadedSteps(Steps):
    """The same with one thread an operation."""

    environment: ClassVar[dict[str, str]] = {"TF_NUM_INTRAOP_THREADS": "1"}


def steps() -> None:
    """Print what a training step costs alone and side by side, for both ways of using the cores."""
    print("\n| milliseconds a step of 64 images | one model, all cores | two models, all cores "
          "| one model, one thread | two models, one thread each |\n|---|---|---|---|---|")  # fmt: skip
    sides = [Elsewhere(Steps), Elsewhere(SingleThreadedSteps)]
    for name, shape in (("digits", (8, 8, 1)), ("fashion_mnist", (28, 28, 1)), ("cifar10", (32, 32, 3))):
        figures = [f"{value:.2f}" for side in sides for value in side("milliseconds", name, shape)]
        print(f"| {name} | {' | '.join(figures)} |", flush=True)


def memory(fits: int) -> None:
    """Print how resident memory grows over many small fits, and its peak over one fit of a large pool."""
    process = psutil.Process()
    images, labels = arrays("digits", None, {"train": 1500})
    pool = LabelledPool(
        images[:1000], labels[:1000], images[1000:], labels[1000:], np.full(500, "fgsm"), np.arange(500)
    )
    model = build_model("digits", (8, 8, 1), 10, seed=0)
    trainer = Trainer(model, FitParameters(epochs=1))
    rng = np.random.default_rng(0)
    sizes = budget_steps(12, 400)  # oneDNN keeps a program for each size of a last batch: as many as budgets
    resident = []
    for number in range(fits + fits // 5):
        start = model.get_weights() if number % 2 else initial_weights(model, number % 6)
        indices = rng.choice(len(pool), sizes[number % len(sizes)], replace=False)
        trainer.fit(start, pool, pool.labels, indices, seed=number)
        predicted_labels(trainer.forward, pool)
        resident.append(process.memory_info().rss / 2**20)
    kept = np.array(resident[fits // 5 :])  # the first fits fill allocators
    slope = np.polyfit(np.arange(len(kept)), kept, 1)[0]
    print(f"\n## Memory\n\n{fits} fits in one process: {slope:+.4f} MiB a fit (least squares), "
          f"{kept[0]:.0f} MiB at the first, {kept[-1]:.0f} MiB at the last")  # fmt: skip

    with tempfile.TemporaryDirectory() as folder:
        shape = (200_000, 28, 28, 1)
        file = Path(folder) / "images.npy"
        stored = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=shape)
        stored[:] = 7
        stored.flush()
        del stored
        view = UnitImages(np.load(file, mmap_mode="r"))
        small = Trainer(
            build_model("P P P F", shape[1:], 10, seed=0), FitParameters(epochs=1, batch_size=512)
        )
        start = small.model.get_weights()
        labels = np.zeros(len(view), np.int64)
        small.fit(start, view, labels, np.arange(1024), seed=0)
        before = process.memory_info().rss / 2**20
        small.fit(start, view, labels, np.arange(len(view)), seed=0)
        rise, size = peak_memory_mb() - before, np.prod(shape) / 2**20
        print(f"\none fit over a memory-mapped uint8 pool of {size:.0f} MiB ({4 * size:.0f} MiB as float32): peak "
              f"{rise:.0f} MiB above what was held before, {rise / size:.2f} of the pool as stored "
              "(pages of the file that the system may drop are counted)")  # fmt: skip


def main() -> None:
    """Run all parts, each in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder with fashion_mnist's IDX files; without it digits alone")
    parser.add_argument("--train", type=int, default=1200, help="clean fashion_mnist images to train on")
    parser.add_argument("--epochs", type=int, default=3, help="of each fit on fashion_mnist")
    parser.add_argument("--budgets", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=5, help="for mixed_bfloat16")
    parser.add_argument("--fits", type=int, default=500, help="for memory")
    parser.add_argument("--small", action="store_true", help="miniature sizes")
    parser.add_argument(
        "--part", choices=["steps", "memory", "digits", "fashion_mnist", "reattacks", "precision"]
    )
    options = parser.parse_args()
    if options.part is None:
        parts = [
            "steps",
            "memory",
            "digits",
            *(["fashion_mnist", "reattacks"] if options.data else []),
            "precision",
        ]
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, keras {keras.__version__}", flush=True)
        for part in parts:
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--part", part], check=True)
        return
    if options.small:
        options.train, options.epochs, options.budgets, options.seeds, options.fits = 200, 1, 3, 2, 50
    fashion = {"train": options.train, "validation": options.train // 4, "test": options.train // 2}
    digits = {"train": 898, "validation": 300, "test": 599}
    adam = FitParameters(optimizer="adam", epochs=options.epochs, batch_size=64)
    rmsprop = FitParameters(optimizer="rmsprop", epochs=1 if options.small else 10, batch_size=64)
    if options.part == "steps":
        steps()
    elif options.part == "memory":
        memory(options.fits)
    elif options.part == "digits":
        compare("digits", None, digits, rmsprop, options.budgets)
    elif options.part == "reattacks":
        reattacks(options.data, {"train": 4 * options.train, "validation": 1000, "test": 1000}, adam)
    elif options.part == "fashion_mnist":
        compare("fashion_mnist", options.data, fashion, adam, options.budgets)
    else:
        chosen = (
            ("fashion_mnist", options.data, fashion, adam)
            if options.data
            else ("digits", None, digits, rmsprop)
        )
        precision(*chosen, options.seeds)


if __name__ == "__main__":
    main()
