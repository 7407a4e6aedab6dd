"""Train original models as the training stage does and print the accuracy each reaches on clean test images.

    python benchmarks/original_models.py --data FOLDER [--only mnist fashion_mnist] [--seeds 0 1 2]

FOLDER holds a folder of raw files for each data set. Readers, splits, training, seeds and the parameters of conf/base
are those of ``kedro run --pipelines preprocessing,training``; only Kedro is left out, so that it also runs on a machine
with another Keras backend (``KERAS_BACKEND=jax``).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from guided_retraining.images.arrays import SelectedImages, UnitImages
from guided_retraining.machine.backend import keras
from guided_retraining.models.forward import ForwardPass, predicted_labels
from guided_retraining.parameters.blocks import FitParameters, PreprocessingParameters, SourceParameters
from guided_retraining.readers import read, stratified_split
from guided_retraining.retraining.original import train_classifier
from guided_retraining.storage.store import Store

CONF = Path(__file__).resolve().parents[1] / "conf" / "base"
DATASETS = ("mnist", "fashion_mnist", "cifar10", "gtsrb", "intel")


def accuracy(name: str, folder: Path, seed: int) -> tuple[int, int, float, float]:
    """Training images, test images, test accuracy and seconds of one training."""
    block = yaml.safe_load((CONF / "parameters" / f"{name}.yml").read_text())[name]
    defaults = yaml.safe_load((CONF / "parameters.yml").read_text())["defaults"]
    source = SourceParameters(**block["source"])
    wanted = PreprocessingParameters(**{**defaults["preprocessing"], **block.get("preprocessing", {})})
    fit = FitParameters(**{**defaults["training"], **block["training"]})
    raw = read(source.reader, folder, size=wanted.size, grey=wanted.grey, **source.options)
    assert raw.test is not None
    shares = [1 - wanted.validation_share, wanted.validation_share]
    parts = stratified_split(raw.train.labels, fractions=shares, seed=seed, groups=raw.train.groups)
    images = UnitImages(raw.train.images)
    train, validation = ((SelectedImages(images, part), raw.train.labels[part]) for part in parts)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as store:
        model, _ = train_classifier(
            block["model"]["architecture"],
            len(raw.class_names),
            train,
            validation,
            fit,
            seed=seed,
            store=Store(store),
        )
    seconds = time.perf_counter() - start
    predicted = predicted_labels(ForwardPass(model), UnitImages(raw.test.images))
    return len(train[1]), len(raw.test.labels), float(np.mean(predicted == raw.test.labels)), seconds


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=DATASETS, default=DATASETS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    arguments = parser.parse_args()
    tell(
        f"{keras.backend.backend()} backend",
        "",
        "| data set | seed | training images | test images | test accuracy |",
    )
    tell("|---|---:|---:|---:|---:|")
    for name in arguments.only:
        for seed in arguments.seeds:
            n_train, n_test, reached, _ = accuracy(name, arguments.data / name, seed)
            tell(f"| {name} | {seed} | {n_train:,} | {n_test:,} | {reached:.4f} |")


def tell(*lines: Any) -> None:
    """Write lines at once."""
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
