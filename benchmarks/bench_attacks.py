"""Images per second of our attacks and of ART's own, in one run on one model, with success and mean sizes beside.

    python benchmarks/bench_attacks.py [--cifar PATH/cifar-10-binary.tar.gz] [--images 64] [--repeats 3]

Without ``--cifar`` the digits of scikit-learn are enlarged to 32x32x3. The model is a CIFAR-10-sized network trained
for a few epochs. Each runs in a process of its own, ours with one thread for an operation and batches side by side, as
in ``kedro run``, ART's with all cores for each operation, as TensorFlow does by itself. They take turns; the best of
the repeats counts. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from elsewhere import Elsewhere

from guided_retraining.attacks import ATTACKS, KerasLogitsEstimator, make_attack, withstood
from guided_retraining.attacks.norms import perturbation_norms
from guided_retraining.attacks.robustness import RepeatedAttack
from guided_retraining.machine.backend import keras
from guided_retraining.models.logits import logits_twin

Data = tuple[np.ndarray, np.ndarray]
EPS = 8 / 255
BATCH_SIZE = 32  # of ours: two batches side by side on two cores; ART's takes all images at once
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
AGAIN: dict[str, dict[str, Any]] = {
    "fgsm": OURS["fgsm"],
    "bim": OURS["bim"],
    "apgd_ce": OURS["apgd_ce"],
    "auto_attack": OURS["auto_attack"],
}
AGAIN_IMAGES = 500
CALLS = (
    "predict",
    "loss_gradient",
    "class_gradient, a class for each image",
    "class_gradient, one of two classes",
    "class_gradient, one class for all",
    "class_gradient, all classes",
)
IN_ART = ("fgsm", "bim", "pgd", "deepfool", "apgd_ce", "square", "carlini_wagner")
ONCE = ("carlini_wagner", "deepfool")  # ART needs some 5 and 3 minutes for 64 images: one repeat


class Side:
    """One of the two estimators of the same model, in a process of its own."""

    environment: ClassVar[dict[str, str]] = {}

    def __init__(self, weights: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> None:
        model = network()
        model.set_weights(weights)
        self.x, self.y, self.one_hot = x, y, np.eye(10, dtype=np.float32)[y]
        self.estimator, self.attacks = self.make(model)
        self.found: np.ndarray | None = None

    def make(self, model: keras.Model) -> tuple[Any, dict[str, Callable[[], Any]]]:
        """The estimator and its attacks."""
        raise NotImplementedError

    def call(self, name: str, n: int) -> float:
        """Seconds of one kind of call to the estimator."""
        x, half = self.x[:n], np.tile([2, 7], n)[:n]
        calls: dict[str, Callable[[], Any]] = {
            "predict": lambda: self.estimator.predict(x),
            "loss_gradient": lambda: self.estimator.loss_gradient(x, self.one_hot[:n]),
            "class_gradient, a class for each image": lambda: self.estimator.class_gradient(
                x, label=self.y[:n]
            ),
            "class_gradient, one of two classes": lambda: self.estimator.class_gradient(x, label=half),
            "class_gradient, one class for all": lambda: self.estimator.class_gradient(x, label=3),
            "class_gradient, all classes": lambda: self.estimator.class_gradient(x),
        }
        return seconds(calls[name])

    def attack(self, key: str, n: int) -> float:
        """Seconds of an attack; its images are kept."""
        made = self.attacks[key]()

        def generate() -> None:
            self.found = made.generate(self.x[:n], self.one_hot[:n])

        return seconds(generate)

    def images(self) -> np.ndarray:
        """Of the latest attack."""
        assert self.found is not None
        return self.found

    def fooled(self, images: np.ndarray) -> np.ndarray:
        """Which of some images the model gets wrong."""
        return np.asarray(self.estimator.predict(images).argmax(axis=1) != self.y[: len(images)])


class Ours(Side):
    """Our estimator, as ``kedro run`` sets it up."""

    environment: ClassVar[dict[str, str]] = {"TF_NUM_INTRAOP_THREADS": "1"}

    def make(self, model: keras.Model) -> tuple[Any, dict[str, Callable[[], Any]]]:
        """The estimator and its attacks."""
        estimator = KerasLogitsEstimator(model, batch_size=BATCH_SIZE)
        return estimator, {
            key: lambda key=key: make_attack(key, estimator, **OURS[key], batch_size=BATCH_SIZE)
            for key in OURS
        }

    def again(self, key: str) -> tuple[float, float]:
        """Seconds and result of attacking the model once more, as each retrained model is, on all images."""
        trainer_like = KerasLogitsEstimator(
            self.estimator.classifier, workers=1
        )  # other cores fit other models
        attack = RepeatedAttack("robust", key, key, AGAIN[key])
        withstood(trainer_like, [attack], self.x, self.y, seed=0)
        began = time.perf_counter()
        standing = withstood(trainer_like, [attack], self.x, self.y, seed=0)[key]
        return time.perf_counter() - began, float(standing.mean())


class Stock(Side):
    """ART's own estimator and attacks."""

    def make(self, model: keras.Model) -> tuple[Any, dict[str, Callable[[], Any]]]:
        """The estimator and its attacks."""
        from art.estimators.classification import TensorFlowV2Classifier

        stock = TensorFlowV2Classifier(
            logits_twin(model),
            nb_classes=10,
            input_shape=(32, 32, 3),
            loss_object=keras.losses.CategoricalCrossentropy(from_logits=True, reduction="sum"),
            clip_values=(0, 1),
        )
        return stock, art_attacks(stock, 128)


def seconds(call: Callable[[], Any]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def best_of(repeats: int, *calls: Callable[[], float]) -> list[float]:
    """The least of each call's times; they take turns, after a warm-up of each."""
    for call in calls:
        call()
    return np.min([[call() for call in calls] for _ in range(repeats)], axis=0).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cifar", type=Path)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--carlini-images", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument(
        "--only", nargs="*", help="attacks to run; 'gradients' and 'again' for the other tables"
    )
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
    ours, stock = (Elsewhere(kind, model.get_weights(), x, y) for kind in (Ours, Stock))
    write = sys.stdout.write
    write(f"\n{len(x)} images the model gets right (accuracy {len(right) / len(test_labels):.3f})\n")
    if not options.only or "gradients" in options.only:
        write(gradient_table(ours, stock, len(x), options.repeats))
    write(
        "\n| attack | ours, images/s | ART's own, images/s | ratio | success (ART) | mean L2 (ART) | mean Linf |\n"
    )
    write("|---|---|---|---|---|---|---|\n")
    for key in OURS:
        if not options.only or key in options.only:
            n = options.carlini_images if key == "carlini_wagner" else len(x)
            write(attack_row(key, ours, stock, x[:n], options.repeats))
            sys.stdout.flush()
    if not options.only or "again" in options.only:
        write(again_table(model.get_weights(), test_images[:AGAIN_IMAGES], test_labels[:AGAIN_IMAGES]))


def again_table(weights: list[np.ndarray], x: np.ndarray, y: np.ndarray) -> str:
    ours = Elsewhere(Ours, weights, x, y)
    text = f"\n| attacked again: {len(x)} images, one core | seconds | accuracy left |\n|---|---|---|\n"
    for key in AGAIN:
        spent, accuracy = ours("again", key)
        text += f"| {ATTACKS[key].label} | {spent:.2f} | {accuracy:.3f} |\n"
    return text


def gradient_table(ours: Elsewhere, stock: Elsewhere, n: int, repeats: int) -> str:
    text = "\n| call | images | ours, images/s | ART's own, images/s | ratio |\n|---|---|---|---|---|\n"
    for name in CALLS:
        for number in sorted({1, 8, n}) if name in CALLS[1:5] else [n]:
            mine, arts = best_of(
                repeats,
                lambda name=name, number=number: ours("call", name, number),
                lambda name=name, number=number: stock("call", name, number),
            )
            text += (
                f"| {name} | {number} | {number / mine:,.0f} | {number / arts:,.0f} | {arts / mine:.1f}x |\n"
            )
    return text


def attack_row(key: str, ours: Elsewhere, stock: Elsewhere, x: np.ndarray, repeats: int) -> str:
    sides = [ours, stock] if key in IN_ART else [ours]
    if key in ONCE:  # no warm-up for ART's slow ones: nothing in them is compiled
        ours("attack", key, len(x))
        best = [side("attack", key, len(x)) for side in sides]
    else:
        best = best_of(repeats, *(lambda side=side: side("attack", key, len(x)) for side in sides))
    results = [side("images") for side in sides]
    fooled = [ours("fooled", result) for result in results]
    shared = np.logical_and.reduce(fooled)
    norms = [perturbation_norms(x, result) for result in results]
    l2 = [norm["l2"][shared].mean() if shared.any() else float("nan") for norm in norms]
    cells = [f"{len(x) / best[0]:,.1f}", "-", "-", f"{fooled[0].mean():.2f}", f"{l2[0]:.3f}"]
    if len(sides) > 1:
        cells[1:3] = [f"{len(x) / best[1]:,.2f}", f"{best[1] / best[0]:.1f}x"]
        cells[3:] = [f"{fooled[0].mean():.2f} ({fooled[1].mean():.2f})", f"{l2[0]:.3f} ({l2[1]:.3f})"]
    return f"| {' | '.join([ATTACKS[key].label, *cells])} | {norms[0]['linf'].mean():.4f} |\n"


if __name__ == "__main__":
    main()
