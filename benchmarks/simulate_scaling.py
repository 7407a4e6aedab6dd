"""How long the whole study would take on 1, 10 and 100 workers: its real task graph, played through a list scheduler.

The graph comes from the project's own pipelines and parameters (five data sets, three configurations, six metrics), the
order from the runner's own schedule, the durations from costs recorded with ``--record``: processor seconds for
training on one image and for classifying one, for each architecture, on one thread.

    python benchmarks/simulate_scaling.py --record    # a minute or two; writes benchmarks/scaling_costs.json
    python benchmarks/simulate_scaling.py             # the tables of docs/scaling.md, in seconds
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COSTS = Path(__file__).with_name("scaling_costs.json")
# Images in the official training and test parts, and the shape used.
OFFICIAL = {
    "gtsrb": (39_209, 12_630, (48, 48, 3), 43),
    "intel": (14_034, 3_000, (48, 48, 3), 6),
    "cifar10": (50_000, 10_000, (32, 32, 3), 10),
    "mnist": (60_000, 10_000, (28, 28, 1), 10),
    "fashion_mnist": (60_000, 10_000, (28, 28, 1), 10),
}
CURVE_START_SECONDS = 10.0  # assumed: the model is loaded and its training step traced
OTHER_NODE_SECONDS = 30.0  # assumed: scoring, reading, drawing, joining
RECORDED_IMAGES = 512


def record() -> None:
    """Measure the costs of this machine."""
    os.environ.update(
        dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1")
    )
    import time

    import numpy as np

    from guided_retraining.models.architectures import build_model
    from guided_retraining.parameters.blocks import FitParameters
    from guided_retraining.retraining.trainer import Trainer

    costs = {}
    for name, (_, _, shape, classes) in OFFICIAL.items():
        generator = np.random.default_rng(0)
        images = generator.random((RECORDED_IMAGES, *shape), dtype=np.float32)
        labels = generator.integers(classes, size=RECORDED_IMAGES)
        trainer = Trainer(build_model(name, shape, classes, seed=0), FitParameters(epochs=1, batch_size=64))
        everything = np.arange(RECORDED_IMAGES)
        start = trainer.model.get_weights()
        fits = [trainer.fit(start, images, labels, everything, seed=0).seconds for _ in range(4)][1:]
        passes = []
        for _ in range(4):
            begun = time.process_time()
            trainer.forward(images)
            passes.append(time.process_time() - begun)
        costs[name] = {
            "fit_seconds": min(fits) / RECORDED_IMAGES,
            "classify_seconds": min(passes[1:]) / RECORDED_IMAGES,
        }
        say(f"{name}: {1e3 * costs[name]['fit_seconds']:.2f} ms to train on an image, "
            f"{1e3 * costs[name]['classify_seconds']:.2f} ms to classify one")  # fmt: skip
    COSTS.write_text(json.dumps(costs, indent=1) + "\n")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def studies(seeds: int, budgets: int) -> dict[str, Any]:
    """The typed parameters of the five data sets."""
    from guided_retraining.parameters.study import parse_study
    from guided_retraining.project.config_loader import LayeredConfigLoader

    wanted = {"defaults": {"ordering_retraining": {"seeds": list(range(seeds)), "budgets": budgets}}}
    loader = LayeredConfigLoader(
        str(ROOT / "conf"), base_env="base", default_run_env="base", runtime_params=wanted
    )
    parameters = loader["parameters"]
    return {name: parse_study(name, parameters[name]) for name in OFFICIAL}


class DatasetCosts:
    """Seconds of each node of one data set."""

    def __init__(self, name: str, study: Any, costs: dict[str, float]) -> None:
        from guided_retraining.retraining.plan import attacked_count

        official, test, self.shape, _ = OFFICIAL[name]
        held_out = round(official * study.preprocessing.validation_share)
        self.clean = {"train": official - held_out, "validation": held_out, "test": test}
        attacks = study.attack.attacks
        self.adversarial = {
            split: attacked_count(getattr(study.attack, f"n_{split}"), n, split, len(attacks))
            for split, n in self.clean.items()
        }
        self.study, self.costs = study, costs
        # Upper bounds: an attack's step is counted as a training step, and none stops early.
        steps = {"bim": lambda a: a.get("max_iter", 10), "carlini_wagner": _carlini_steps}
        self.attack_steps = sum(steps.get(key, lambda _: 1)(a or {}) for key, a in attacks.items()) / len(
            attacks
        )

    def seconds(self, name: str) -> float:
        """Of the node of that name; a curve's are those of :meth:`cells`."""
        last = name.rpartition(".")[2]
        if last == "train_original":
            return self.clean["train"] * self.study.training.epochs * self.costs["fit_seconds"]
        if last.startswith("attack_"):
            split = last.removeprefix("attack_")
            return self.adversarial[split] * self.attack_steps * self.costs["fit_seconds"]
        if last == "retrain":
            return CURVE_START_SECONDS + sum(self.cells(name))
        return OTHER_NODE_SECONDS

    def cells(self, name: str) -> list[float]:
        """Seconds of the cells that one seed of a curve computes; cells on the whole pool are shared by all metrics."""
        from guided_retraining.retraining.orderings import budget_steps

        from guided_retraining.parameters.blocks import retraining_fit

        study = self.study.ordering_retraining
        row = study.configurations[name.split(".")[2]]
        epochs = retraining_fit(self.study.training, study, row).epochs
        pool = self.adversarial["train"] + (self.clean["train"] if row.pool == "all" else 0)
        evaluated = sum(self.clean[s] + self.adversarial[s] for s in ("validation", "test"))
        evaluation = evaluated * self.costs["classify_seconds"]
        fits = [
            n * epochs * self.costs["fit_seconds"] + evaluation for n in budget_steps(study.budgets, pool)
        ]
        fits[-1] /= len(self.study.metrics)
        return fits * len(study.seeds)

    def curve_bytes(self) -> int:
        """Bytes of images that a curve reads: clean ones take one byte a value, adversarial ones four."""
        values = self.shape[0] * self.shape[1] * self.shape[2]
        return values * sum(self.clean[s] + 4 * self.adversarial[s] for s in self.clean)


def _carlini_steps(arguments: dict[str, Any]) -> int:
    return int(arguments.get("max_iter", 100)) * int(arguments.get("binary_search_steps", 5))


def graph(
    loaded: dict[str, Any], costs: dict[str, DatasetCosts], chunks: int
) -> dict[str, tuple[list[str], float]]:
    """Each task's dependencies and seconds; curves cut into a number of chunks that share their cells."""
    from guided_retraining.pipeline_registry import dataset_stages

    tasks: dict[str, tuple[list[str], float]] = {}
    for name, study in loaded.items():
        pipeline = sum_of(list(dataset_stages(name, study).values()))
        needed = pipeline.node_dependencies
        for node in pipeline.nodes:
            before = sorted(other.name for other in needed[node])
            seconds = costs[name].seconds(node.name)
            if node.name.endswith(".retrain") and chunks > 1:
                parts = [f"{node.name}.{part}" for part in range(chunks)]
                share = CURVE_START_SECONDS + (seconds - CURVE_START_SECONDS) / chunks
                tasks |= dict.fromkeys(parts, (before, share))
                before, seconds = parts, 0.0
            tasks[node.name] = (before, seconds)
    return tasks


def sum_of(pipelines: list[Any]) -> Any:
    from kedro.pipeline import Pipeline

    return Pipeline(pipelines)


def play(tasks: dict[str, tuple[list[str], float]], workers: int) -> float:
    """Seconds until the last task is done when every idle worker takes the task that is due."""
    from guided_retraining.runners.schedule import Schedule

    schedule = Schedule({name: before for name, (before, _) in tasks.items()})
    now, running = 0.0, []
    while not schedule.over:
        while len(running) < workers and (task := schedule.take()) is not None:
            heapq.heappush(running, (now + tasks[task][1], task))
        now, task = heapq.heappop(running)
        schedule.finish(task)
    return now


def longest_chain(tasks: dict[str, tuple[list[str], float]]) -> float:
    """Seconds below which no number of workers comes."""
    ends: dict[str, float] = {}
    for name, (before, seconds) in tasks.items():
        ends[name] = seconds + max((ends[other] for other in before), default=0.0)
    return max(ends.values())


def main(argv: list[str] | None = None, tell: Callable[[str], None] = say) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", action="store_true", help="measure this machine's costs first")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--budgets", type=int, default=20)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 30, 100])
    options = parser.parse_args(argv)
    if options.record:
        record()
    recorded = json.loads(COSTS.read_text())
    loaded = studies(options.seeds, options.budgets)
    costs = {name: DatasetCosts(name, study, recorded[name]) for name, study in loaded.items()}
    curves = graph(loaded, costs, 1)
    tell(f"{len(curves)} nodes, {sum(name.endswith('.retrain') for name in curves)} of them curves")
    tell(
        "\n| data set | hours of work | longest curve, hours | images a curve reads, MB |\n|---|---|---|---|"
    )
    for name, one in costs.items():
        own = {task: seconds for task, (_, seconds) in curves.items() if task.startswith(f"{name}.")}
        longest = max(seconds for task, seconds in own.items() if task.endswith(".retrain"))
        tell(
            f"| {name} | {sum(own.values()) / 3600:.1f} | {longest / 3600:.2f} | {one.curve_bytes() / 1e6:.0f} |"
        )
    tell("\n| tasks | workers | hours | speed-up | share of the workers' time used |\n|---|---|---|---|---|")
    for chunks in (1, options.seeds):
        tasks = graph(loaded, costs, chunks)
        work = sum(seconds for _, seconds in tasks.values())
        kind = "a curve" if chunks == 1 else f"1/{chunks} of a curve"
        for workers in options.workers:
            hours = play(tasks, workers)
            tell(
                f"| {kind} | {workers} | {hours / 3600:.1f} | {work / hours:.1f} | {work / hours / workers:.0%} |"
            )
        tell(
            f"| {kind} | any number | {longest_chain(tasks) / 3600:.1f} | {work / longest_chain(tasks):.1f} | |"
        )


if __name__ == "__main__":
    main()
