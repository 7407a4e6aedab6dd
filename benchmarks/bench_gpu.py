"""Time many small fits on one GPU, four ways in three precisions: one call that goes on where it was.

    python benchmarks/bench_gpu.py                    # on images made up in the shape of fashion_mnist
    python benchmarks/bench_gpu.py --data FOLDER      # on fashion_mnist, from the four IDX files there
    python benchmarks/bench_gpu.py --miniature        # each part on a tiny model, to see that it works, on a CPU too

The ways: (a) one model after the other, as ``kedro run`` fits them, and through the fused loop with one member; (b)
several processes that share the GPU, under NVIDIA's MPS where that was started before; (c) ``jax.vmap`` over stacked
models, whose convolutions become grouped ones; (d) the same with convolutions as products of patches and kernels.
Speed-ups are over the faster of (a) in the same precision. Differences are those of weights to fits by themselves,
after one short epoch.

Each measurement is kept in ``--results`` when it is finished; the same command measures only what is not there.
"""

# ruff: noqa: T201

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np

from guided_retraining.images.arrays import UnitImages
from guided_retraining.machine.backend import device_name, keras, on_accelerator
from guided_retraining.machine.gpus import gpus_of_driver, installed_packages
from guided_retraining.models.architectures import build_model
from guided_retraining.models.cloning import clone
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.readers import read
from guided_retraining.retraining.fused import FusedTrainer
from guided_retraining.retraining.trainer import Trainer
from guided_retraining.storage.files import atomic_path

# Precision of layers, and of the products of float32 numbers in them; float32 is not what a GPU does by itself.
PRECISIONS = {
    "float32": ("float32", "float32"),
    "TF32": ("float32", "tensorfloat32"),
    "bfloat16": ("mixed_bfloat16", "default"),
}
FORWARD_AND_BACKWARD = 3  # times the arithmetic of a forward pass
STARTUP_SECONDS = 300.0  # for worker processes to load their libraries and to compile

Measured = dict[str, float]


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        architecture: of the model.
        shape: of an image.
        images: of an epoch.
        compared: images of the epoch after which weights are compared.
        epochs: of a fit.
        members: models fitted at once, for each row.
        processes: likewise.
        seconds: of a measurement, after one fit to warm up.
    """

    architecture: str
    shape: tuple[int, int, int]
    images: int
    compared: int
    epochs: int
    members: tuple[int, ...]
    processes: tuple[int, ...]
    seconds: float


WHOLE = Size("fashion_mnist", (28, 28, 1), 32_768, 512, 3, (8, 18), (2, 4, 8), 4.0)
MINIATURE = Size("C4 P F FC8", (6, 6, 1), 128, 128, 1, (2,), (2,), 0.05)


class Bench:
    """Measurements on one set of images.

    Args:
        size: how much.
        folder: of fashion_mnist's files; None makes images up.
        arguments: of the command line, for worker processes.
    """

    def __init__(self, size: Size, folder: Path | None, arguments: list[str]) -> None:
        self.size, self.arguments = size, arguments
        rng = np.random.default_rng(0)
        self.images, self.labels = (
            rng.random((size.images, *size.shape), dtype=np.float32),
            rng.integers(0, 10, size.images),
        )
        if folder is not None:
            train = read("idx", folder).train
            self.images = UnitImages(train.images)[: size.images]
            self.labels = train.labels[: size.images]

    def trainer(self, precision: str, epochs: int | None = None) -> Trainer:
        """Of a new model."""
        model = build_model(self.size.architecture, self.size.shape, 10, seed=0)
        fit = FitParameters(
            epochs=epochs or self.size.epochs, batch_size=64, precision=PRECISIONS[precision][0]
        )
        return Trainer(model, fit)

    def lone(self, precision: str) -> Measured:
        """(a) as ``kedro run`` fits."""
        fit = self._lone_fit(precision)
        return self._speed(fit, self.size.images * self.size.epochs)

    def _lone_fit(self, precision: str) -> Callable[[], Any]:
        trainer = self.trainer(precision)
        everything = np.arange(self.size.images)
        start = trainer.model.get_weights()
        return lambda: trainer.fit(start, self.images, self.labels, everything, seed=0)

    def fused(self, precision: str, members: int, convolutions: Any) -> Measured:
        """(c) and (d)."""
        trainer = self.trainer(precision)
        fused = FusedTrainer(trainer, convolutions=convolutions)
        starts = [clone(trainer.model, seed=member).get_weights() for member in range(members)]
        indices = np.tile(np.arange(self.size.images), (members, 1))
        fit = partial(fused.fit, starts, self.images, self.labels, indices, seeds=range(members))
        return self._speed(fit, members * self.size.images * self.size.epochs)

    def processes(self, precision: str, number: int) -> Measured:
        """(b): all begin when the last is ready."""
        command = [sys.executable, __file__, *self.arguments, "--worker", precision]
        begun = time.perf_counter()
        workers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(number)
        ]
        try:
            for worker in workers:
                assert worker.stdout is not None
                if worker.stdout.readline().strip() != "ready":
                    raise RuntimeError("a worker process ended before it was ready; its own words are above")
            ready = time.perf_counter() - begun
            told = [_begin(worker) for worker in workers]
            speeds = [json.loads(worker.communicate(timeout=STARTUP_SECONDS)[0]) for worker in told]
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        return {"images_per_second": float(sum(speeds)), "first_seconds": ready}

    def work(self, precision: str) -> None:
        """One process of several."""
        fit = self._lone_fit(precision)
        fit()
        print("ready", flush=True)
        sys.stdin.readline()
        print(json.dumps(self._repeated(fit, self.size.images * self.size.epochs)), flush=True)

    def difference(self, precision: str, convolutions: Any | None) -> Measured:
        """Of fits at once to fits by themselves, or of those to themselves once more."""
        members, trainer = 4, self.trainer(precision, epochs=1)
        starts = [clone(trainer.model, seed=member).get_weights() for member in range(members)]
        indices = np.tile(np.arange(self.size.compared), (members, 1))

        def alone() -> list[Any]:
            ends = []
            for start, chosen, seed in zip(starts, indices, range(members), strict=True):
                trainer.fit(start, self.images, self.labels, chosen, seed=seed)
                ends.append(trainer.model.get_weights())
            return ends

        first = alone()
        again = (
            alone()
            if convolutions is None
            else FusedTrainer(trainer, convolutions=convolutions).fit(
                starts, self.images, self.labels, indices, seeds=range(members)
            )
        )
        pairs = [
            (a, b) for one, other in zip(first, again, strict=True) for a, b in zip(one, other, strict=True)
        ]
        return {"difference": max(float(np.abs(a - b).max()) for a, b in pairs)}

    def ways(self) -> Iterator[tuple[str, Callable[[str], Measured]]]:
        """Name and measurement of each row, what says most first."""
        yield "a: one model, as kedro run", self.lone
        yield "a: one model, fused loop", partial(self.fused, members=1, convolutions="grouped")
        for members in self.size.members:
            yield (
                f"d: {members} models, products",
                partial(self.fused, members=members, convolutions="products"),
            )
            yield (
                f"c: {members} models, grouped",
                partial(self.fused, members=members, convolutions="grouped"),
            )
        yield "a: one model, as kedro run, twice", partial(self.difference, convolutions=None)
        yield "c: 4 models, grouped, against alone", partial(self.difference, convolutions="grouped")
        yield "d: 4 models, products, against alone", partial(self.difference, convolutions="products")
        shared = " with MPS" if _mps_is_running() else ""
        for number in self.size.processes:
            yield f"b: {number} processes{shared}", partial(self.processes, number=number)

    def flops(self) -> float:
        """Floating-point operations of training on one image, of convolutions and dense layers."""
        kernels = [layer for layer in self.trainer("float32").model.layers if hasattr(layer, "kernel")]
        products = sum(
            int(np.prod(layer.kernel.shape)) * int(np.prod(layer.output.shape[1:-1])) for layer in kernels
        )
        return 2.0 * products * FORWARD_AND_BACKWARD

    def _speed(self, fit: Callable[[], Any], images: int) -> Measured:
        begun = time.perf_counter()
        fit()
        first = time.perf_counter() - begun
        return {"images_per_second": self._repeated(fit, images), "first_seconds": first}

    def _repeated(self, fit: Callable[[], Any], images: int) -> float:
        begun, fits = time.perf_counter(), 0
        while time.perf_counter() - begun < self.size.seconds:
            fit()
            fits += 1
        return fits * images / (time.perf_counter() - begun)


def measure(
    bench: Bench, results: Path, about: dict[str, Any], minutes: float, only: str
) -> dict[str, Measured]:
    """All measurements that are not there yet, each kept when it is finished, until the time is over."""
    import jax

    begun = time.perf_counter()
    measured = _found(results, about)
    for way, take in bench.ways():
        for precision, (_, products) in PRECISIONS.items():
            name = f"{way}, {precision}"
            if name in measured or only not in name:
                continue
            if time.perf_counter() - begun > 60 * minutes:
                print(
                    f"{name}: not measured, the {minutes:g} minutes are over; the same command goes on here"
                )
                continue
            try:
                with jax.default_matmul_precision(products):
                    measured[name] = take(precision)
            except Exception as error:  # one that does not fit into memory leaves the others
                print(f"{name}: failed, {type(error).__name__}: {str(error).splitlines()[0]}", flush=True)
                continue
            with atomic_path(results) as path:
                path.write_text(json.dumps({"about": about, "measured": measured}, indent=1))
            print(f"{name}: {measured[name]}", file=sys.stderr, flush=True)
    return measured


def _found(results: Path, about: dict[str, Any]) -> dict[str, Measured]:
    if not results.exists():
        return {}
    kept = json.loads(results.read_text())
    if kept["about"] != about:
        sys.exit(f"{results} holds measurements of {kept['about']}, now is {about}: give another --results")
    found: dict[str, Measured] = kept["measured"]
    return found


def table(measured: dict[str, Measured], about: dict[str, Any], flops: float) -> str:
    """The measurements as Markdown."""
    lines = [", ".join(f"{name} {value}" for name, value in about.items()), ""]
    lines += [
        "| way | images/s | times one model | TFLOP/s | first fit, s | largest difference of a weight |"
    ]
    lines += ["|---|---|---|---|---|---|"]
    speeds = {name: row["images_per_second"] for name, row in measured.items() if "images_per_second" in row}
    for name, row in measured.items():
        if "difference" in row:
            lines.append(f"| {name} | | | | | {row['difference']:.1e} |")
            continue
        precision = name.rpartition(", ")[2]
        one = max(
            (s for n, s in speeds.items() if n.startswith("a:") and n.endswith(precision)), default=None
        )
        times = "" if one is None else f"{speeds[name] / one:.2f}"
        rate = flops * speeds[name] / 1e12
        lines.append(
            f"| {name} | {speeds[name]:,.0f} | {times} | {rate:.2f} | {row['first_seconds']:.1f} | |"
        )
    return "\n".join(lines)


def _begin(worker: subprocess.Popen[str]) -> subprocess.Popen[str]:
    assert worker.stdin is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()
    return worker


def _mps_is_running() -> bool:
    return (Path(os.environ.get("CUDA_MPS_PIPE_DIRECTORY", "/tmp/nvidia-mps")) / "control").exists()


def main() -> None:
    """Measure what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--results", type=Path, default=Path("bench_gpu.json"))
    parser.add_argument("--minutes", type=float, default=8.5, help="no measurement begins later")
    parser.add_argument("--only", default="", help="measure rows with this in their names")
    parser.add_argument("--miniature", action="store_true")
    parser.add_argument("--worker", choices=PRECISIONS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if keras.backend.backend() != "jax":
        sys.exit(f"KERAS_BACKEND={keras.backend.backend()}: expected jax")
    if not asked.miniature and not on_accelerator():
        sys.exit("no GPU is used here (kedro guided doctor says why); --miniature tries it on a CPU")
    own = [
        *(["--miniature"] if asked.miniature else []),
        *(["--data", str(asked.data)] if asked.data else []),
    ]
    bench = Bench(MINIATURE if asked.miniature else WHOLE, asked.data, own)
    if asked.worker:
        import jax

        with jax.default_matmul_precision(PRECISIONS[asked.worker][1]):
            bench.work(asked.worker)
        return
    versions = installed_packages()
    about = {
        "device": device_name(),
        "driver": next((gpu.driver for gpu in gpus_of_driver()[0]), "none"),
        **{name: versions[name] for name in ("guided-retraining", "jax", "keras")},
        "images": f"{bench.size.images} {'of ' + asked.data.name if asked.data else 'made up'}",
    }
    print(table(measure(bench, asked.results, about, asked.minutes, asked.only), about, bench.flops()))


if __name__ == "__main__":
    main()
