"""How long a study will take on this machine, and how much memory and disk, from a short calibration."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from guided_retraining.machine.limits import visible_gpus
from guided_retraining.machine.parallel import in_threads
from guided_retraining.machine.progress import duration
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.parameters.study import Study
from guided_retraining.sequential.forecast import first_pace, plan_of, work_of

CALIBRATION_SECONDS = 2.0  # for training and for prediction each
# Batches a call: on a GPU a few would end before they were well begun.
BATCHES, BATCHES_ON_GPU = 4, 256
LONG_SECONDS = 3600.0  # a study longer than this gets advice on how to make it shorter


@dataclass(frozen=True)
class Speed:
    """Images a second in training and in prediction, and the model's size in bytes."""

    training: float
    prediction: float
    model_bytes: int


def calibrate(model: Any, fit: FitParameters, at_once: int) -> Speed:
    """Measure this machine on random images, after a warm-up, at as much work as the study gives it.

    Args:
        model: a built classifier.
        fit: batch size, optimizer and precision matter.
        at_once: models fitted side by side.
    """
    from guided_retraining.machine.backend import on_accelerator
    from guided_retraining.retraining.trainer import Trainer

    batches = BATCHES_ON_GPU if on_accelerator() else BATCHES
    shape = tuple(model.inputs[0].shape[1:])
    rng = np.random.default_rng(0)
    images = rng.random((batches * fit.batch_size, *shape), dtype=np.float32)
    labels = rng.integers(0, model.outputs[0].shape[-1], len(images))
    start = model.get_weights()
    indices = np.arange(len(images))
    trainers = [Trainer(model, fit.model_copy(update={"epochs": 1})) for _ in range(at_once)]

    def train(trainer: Trainer) -> None:
        trainer.fit(start, images, labels, indices, seed=0)

    def classify(trainer: Trainer) -> None:
        trainer.forward(images)

    def images_a_second(work: Callable[[Trainer], None]) -> float:
        for trainer in trainers:
            work(trainer)
        begun = time.perf_counter()

        def rounds(trainer: Trainer) -> int:
            done = 0
            while time.perf_counter() - begun < CALIBRATION_SECONDS:
                work(trainer)
                done += 1
            return done

        done = sum(in_threads(rounds, trainers, workers=at_once))
        return done * len(images) / (time.perf_counter() - begun)

    return Speed(images_a_second(train), images_a_second(classify), sum(weight.nbytes for weight in start))


def at_once(study: Study) -> int:
    """How many models a run of a study fits side by side.

    Args:
        study: its parameters.
    """
    from guided_retraining.machine.backend import side_by_side

    return study.ordering_retraining.fits_at_once or side_by_side()


def model_of(study: Study, summary: Mapping[str, Any]) -> Any:
    """A study's model, from its file or new of its architecture.

    Args:
        study: its parameters.
        summary: of its preprocessed data set.
    """
    from guided_retraining.models.architectures import build_model
    from guided_retraining.models.loading import load_model

    if study.model.path:
        return load_model(Path(study.model.path))
    shape, classes = tuple(summary["image_shape"]), len(summary["class_names"])
    return build_model(str(study.model.architecture), shape, classes, seed=study.seed)


def forecast(study: Study, n_images: dict[str, int], model: Any) -> dict[str, Any]:
    """Cells, samples, seconds, memory and disk of a study.

    Args:
        study: its parameters.
        n_images: clean images of each split.
        model: the original model, or one of its architecture.

    Returns:
        A dictionary with ``cells``, ``samples``, ``seconds``, ``memory_bytes``, ``disk_bytes``, ``plan``, and in
        ``words`` what each configuration does.
    """
    from guided_retraining.attacks.robustness import largest_linf
    from guided_retraining.evaluation.wording import configurations_in_words

    retraining = study.ordering_retraining
    planned = plan_of(study, n_images)
    speed = calibrate(model, study.training, at_once(study))
    evaluated = planned["cells"] * sum(
        planned["clean"][split] + planned["adversarial"][split] for split in ("validation", "test")
    )
    pace = first_pace(study, planned, speed.training)
    seconds = pace.seconds(len(study.replicates), work_of(study, planned), answered=True)
    image_bytes = int(np.prod(model.inputs[0].shape[1:])) * 4
    adversarial = sum(planned["adversarial"].values())
    pool = planned["clean"]["train"] + planned["adversarial"]["train"]
    return {
        "plan": planned,
        "words": configurations_in_words(retraining.configurations, largest_linf(study.attack.attacks)),
        "cells": planned["cells"],
        "samples": planned["samples"],
        "seconds": seconds + evaluated / speed.prediction,
        "training_speed": speed.training,
        "memory_bytes": 2**30 + pool * image_bytes + 6 * speed.model_bytes,  # 1 GiB: Python and its libraries
        "disk_bytes": (sum(n_images.values()) + 2 * adversarial) * image_bytes + 2 * speed.model_bytes,
    }


def describe(dataset: str, found: dict[str, Any]) -> list[str]:
    """The forecast in lines a person reads, with advice where it is long."""
    lines = [
        f"{dataset}: {found['cells']:,} retrained models, {found['samples']:,} samples x epochs",
        f"  about {duration(found['seconds'])} here ({found['training_speed']:,.0f} images/s in training), "
        "models, attacks and report included",
        f"  about {found['memory_bytes'] / 2**30:.1f} GiB of memory, {found['disk_bytes'] / 2**30:.2f} GiB of disk",
    ]
    for name, row in found["plan"]["configurations"].items():
        shown = ", ".join(str(budget) for budget in row["budgets"][:4])
        more = f", ... {row['budgets'][-1]}" if len(row["budgets"]) > 4 else ""
        does = found["words"][name]
        lines.append(
            f"  {name} ({does}): budgets {shown}{more} of {row['pool']:,} inputs; {row['cells']:,} models"
        )
    if found["seconds"] > LONG_SECONDS:
        lines.append(
            "  that is long: `kedro guided study` tells what a part of it shows; fewer replicates or budgets, "
            "configurations or metrics set to null, or fewer ordering_retraining.training.epochs shorten it in "
            "proportion; docs/scaling.md spreads it over machines"
        )
        if not visible_gpus():
            lines.append("  no GPU is used here; kedro guided doctor tells what there is and why")
    return lines
