"""Images per second of our attacks and of ART's own, in one run on one model, with success and mean sizes beside.

    python benchmarks/bench_attacks.py [--cifar PATH/cifar-10-binary.tar.gz] [--images 64] [--repeats 3]

Without ``--cifar`` the digits of scikit-learn are enlarged to 32x32x3. The model is a CIFAR-10-sized network trained
for a few epochs. Ours and ART's take turns; the best of the repeats counts. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from guided_retraining.attacks import ATTACKS, KerasLogitsEstimator, make_attack
from guided_retraining.attacks.norms import perturbation_norms
from guided_retraining.models.logits import logits_twin

Data = tuple[np.ndarray, np.ndarray]
EPS = 8 / 255
CARLINI = {"binary_search_steps": 3, "max_iter": 20, "initial_const": 1.0}


def cifar(archive: Path) -> tuple[Data, Data]:
    parts: dict[bool, list[np.ndarray]] = {True: [], False: []}
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            if member.name.endswith(".bin") and (file := tar.extractfile(member)):
                records = np.frombuffer(file.read(), np.uint8).reshape(-1, 3073)
                parts["test" in member.name].append(records)

    def unpack(records: np.ndarray) -> Data:
        pixels = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return (pixels / 255).astype(np.float32), records[:, 0].astype(np.int64)

    return unpack(np.concatenate(parts[False])), unpack(np.concatenate(parts[True]))


def enlarged_digits() -> tuple[Data, Data]:
    from sklearn.datasets import load_digits

    data = load_digits()
    images = np.repeat(np.repeat(data.images / 16, 4, axis=1), 4, axis=2).astype(np.float32)
    images = np.repeat(images[..., None], 3, axis=3)
    labels = data.target.astype(np.int64)
    return (images[:1300], labels[:1300]), (images[1300:], labels[1300:])


def network() -> keras.Model:
    layers = keras.layers

    def convolution(filters: int) -> keras.Layer:
        return layers.Conv2D(filters, 3, padding="same", activation="relu")

    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            convolution(16), convolution(32), layers.MaxPooling2D(),
            convolution(64), convolution(64), layers.MaxPooling2D(), layers.Dropout(0.25),
            convolution(128), layers.MaxPooling2D(), layers.Dropout(0.25),
            layers.Flatten(), layers.Dropout(0.3), layers.Dense(256, activation="relu"),
            layers.Dropout(0.3), layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )  # fmt: skip


def seconds(calls: list[Callable[[], Any]], repeats: int) -> tuple[list[float], list[Any]]:
    """Best time of each call and its result; the calls take turns, after one warm-up each."""
    results = [call() for call in calls]
    best = [float("inf")] * len(calls)
    for _ in range(repeats):
        for index, call in enumerate(calls):
            began = time.perf_counter()
            results[index] = call()
            best[index] = min(best[index], time.perf_counter() - began)
    return best, results


def art_attacks(stock: Any, batch_size: int) -> dict[str, Callable[[], Any]]:
    import art.attacks.evasion as evasion

    quiet = {"verbose": False, "batch_size": batch_size}
    return {
        "fgsm": lambda: evasion.FastGradientMethod(stock, eps=EPS, batch_size=batch_size),
        "bim": lambda: evasion.BasicIterativeMethod(stock, eps=EPS, eps_step=EPS / 4, max_iter=10, **quiet),
        "pgd": lambda: evasion.ProjectedGradientDescent(
            stock, eps=EPS, eps_step=EPS / 4, max_iter=20, num_random_init=1, **quiet
        ),
        "deepfool": lambda: evasion.DeepFool(stock, max_iter=50, epsilon=0.02, **quiet),
        "apgd_ce": lambda: evasion.AutoProjectedGradientDescent(
            stock,
            eps=EPS,
            eps_step=2 * EPS,
            max_iter=20,
            nb_random_init=1,
            loss_type="cross_entropy",
            **quiet,
        ),
        "square": lambda: evasion.SquareAttack(stock, eps=EPS, max_iter=100, **quiet),
        "carlini_wagner": lambda: evasion.CarliniL2Method(stock, **CARLINI, learning_rate=0.01, **quiet),
    }


OURS: dict[str, dict[str, Any]] = {
    "fgsm": {"eps": EPS},
    "bim": {"eps": EPS, "eps_step": EPS / 4, "max_iter": 10},
    "pgd": {"eps": EPS, "eps_step": EPS / 4, "max_iter": 20},
    "mi_fgsm": {"eps": EPS, "eps_step": EPS / 4, "max_iter": 10},
    "deepfool": {},
    "apgd_ce": {"eps": EPS, "max_iter": 20},
    "apgd_dlr": {"eps": EPS, "max_iter": 20},
    "square": {"eps": EPS, "max_iter": 100},
    "auto_attack": {"eps": EPS, "max_iter": 20, "square_max_iter": 100},
    "carlini_wagner": CARLINI,
}
ONCE = ("carlini_wagner", "deepfool")  # ART needs some 5 and 3 minutes for 64 images: one repeat


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cifar", type=Path)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--carlini-images", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--only", nargs="*", help="attacks to run; 'gradients' for the first table")
    options = parser.parse_args()
    (images, labels), (test_images, test_labels) = (
        cifar(options.cifar) if options.cifar else enlarged_digits()
    )
    keras.utils.set_random_seed(0)
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images, labels, epochs=options.epochs, batch_size=64, verbose=0)
    right = np.flatnonzero(model.predict(test_images, verbose=0).argmax(axis=1) == test_labels)
    x, y = test_images[right][: options.images], test_labels[right][: options.images]
    estimator, stock = KerasLogitsEstimator(model), stock_estimator(model)
    write = sys.stdout.write
    share = len(right) / len(test_labels)
    write(f"\n{len(x)} images the model gets right (accuracy {share:.3f})\n")
    if not options.only or "gradients" in options.only:
        write(gradient_table(estimator, stock, x, y, options.repeats))
    write(
        "\n| attack | ours, images/s | ART's own, images/s | ratio | success (ART) | mean L2 (ART) | mean Linf |\n"
    )
    write("|---|---|---|---|---|---|---|\n")
    for key in OURS:
        if not options.only or key in options.only:
            n = options.carlini_images if key == "carlini_wagner" else len(x)
            write(attack_row(key, estimator, stock, x[:n], y[:n], 1 if key in ONCE else options.repeats))
            sys.stdout.flush()


def stock_estimator(model: keras.Model) -> Any:
    from art.estimators.classification import TensorFlowV2Classifier

    return TensorFlowV2Classifier(
        logits_twin(model),
        nb_classes=10,
        input_shape=(32, 32, 3),
        loss_object=keras.losses.CategoricalCrossentropy(from_logits=True, reduction="sum"),
        clip_values=(0, 1),
    )


def gradient_table(estimator: Any, stock: Any, x: np.ndarray, y: np.ndarray, repeats: int) -> str:
    one_hot, half = np.eye(10, dtype=np.float32)[y], np.tile([2, 7], len(y))[: len(y)]
    rows: dict[str, tuple[Callable[[Any], Any], int]] = {
        "predict": (lambda used: used.predict(x), len(x)),
        "loss_gradient": (lambda used: used.loss_gradient(x, one_hot), len(x)),
        "class_gradient, a class for each image": (lambda used: used.class_gradient(x, label=y), len(x)),
        "class_gradient, one of two classes": (lambda used: used.class_gradient(x, label=half), len(x)),
        "class_gradient, one class for all": (lambda used: used.class_gradient(x, label=3), len(x)),
        "class_gradient, all classes": (lambda used: used.class_gradient(x), len(x)),
    }
    text = "\n| call | ours, images/s | ART's own, images/s | ratio |\n|---|---|---|---|\n"
    for name, (call, n) in rows.items():
        best, _ = seconds([lambda call=call: call(estimator), lambda call=call: call(stock)], repeats)
        text += f"| {name} | {n / best[0]:,.0f} | {n / best[1]:,.0f} | {best[1] / best[0]:.1f}x |\n"
    return text


def attack_row(key: str, estimator: Any, stock: Any, x: np.ndarray, y: np.ndarray, repeats: int) -> str:
    ours = make_attack(key, estimator, **OURS[key], batch_size=128)
    arts = art_attacks(stock, 128).get(key)
    calls: list[Callable[[], Any]] = [lambda: ours.generate(x, y)]
    if arts is not None:
        made = arts()
        calls.append(lambda: made.generate(x, np.eye(10, dtype=np.float32)[y]))
    if key in ONCE and arts is not None:  # no warm-up for ART's slow ones: nothing in them is compiled
        calls[0]()
        best, results = [], []
        for call in calls:
            began = time.perf_counter()
            results.append(call())
            best.append(time.perf_counter() - began)
    else:
        best, results = seconds(calls, repeats)
    fooled = [estimator.predict(result).argmax(axis=1) != y for result in results]
    shared = np.logical_and.reduce(fooled)
    norms = [perturbation_norms(x, result) for result in results]
    l2 = [norm["l2"][shared].mean() if shared.any() else float("nan") for norm in norms]
    rate = len(x) / best[0]
    if arts is None:
        return (
            f"| {ATTACKS[key].label} | {rate:,.1f} | - | - | {fooled[0].mean():.2f} | {l2[0]:.3f} | "
            f"{norms[0]['linf'].mean():.4f} |\n"
        )
    return (
        f"| {ATTACKS[key].label} | {rate:,.1f} | {len(x) / best[1]:,.2f} | {best[1] / best[0]:.1f}x | "
        f"{fooled[0].mean():.2f} ({fooled[1].mean():.2f}) | {l2[0]:.3f} ({l2[1]:.3f}) | "
        f"{norms[0]['linf'].mean():.4f} |\n"
    )


if __name__ == "__main__":
    main()
