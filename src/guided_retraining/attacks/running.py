"""Run an attack over many images, a batch at a time, and tell for each image what became of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.attacks.estimator import KerasLogitsEstimator
from guided_retraining.attacks.inputs import check_images, class_indices
from guided_retraining.attacks.making import attack_ball, check_attack, make_attack
from guided_retraining.attacks.norms import kept_inside, perturbation_norms
from guided_retraining.attacks.seeding import seeded_globals
from guided_retraining.errors import InputError, ModelError
from guided_retraining.images.arrays import ImageArray
from guided_retraining.machine.backend import keras
from guided_retraining.machine.parallel import in_threads

__all__ = ["AttackResult", "generate", "run_attack"]


@dataclass(frozen=True)
class AttackResult:
    """What an attack made of some images.

    Attributes:
        images: ``(n, h, w, c)`` float32 in [0, 1], in the order of the inputs.
        table: one row for each image: ``attack``, ``parameters`` (JSON), ``source_index``, ``true_label``,
            ``predicted_before``, ``predicted_after``, ``correct_before`` (the model was right on the clean
            image), ``success`` (right before, wrong after), ``l0``, ``l2``, ``linf``, ``seconds`` (a mean
            over the images).
    """

    images: NDArray[np.float32]
    table: pd.DataFrame


def run_attack(
    model: keras.Model | None,
    images: ImageArray,
    labels: NDArray[np.int64],
    *,
    attack: str,
    parameters: Mapping[str, Any],
    seed: int,
    batch_size: int = 64,
    estimator: KerasLogitsEstimator | None = None,
    source_indices: NDArray[np.int64] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> AttackResult:
    """Attack images and record each result.

    An input that the model gets wrong to begin with is kept and attacked like the others; its ``success`` is
    False, since the attack did not turn a right answer into a wrong one, and ``correct_before`` tells it
    apart from one that withstood.

    Args:
        model: a built Keras classifier; not needed with ``estimator``.
        images: ``(n, h, w, c)`` float32 in [0, 1], any image array; read a batch at a time.
        labels: ``(n,)`` int64, the true classes.
        attack: a key of ``ATTACKS`` or an import path.
        parameters: the attack's parameters; what is left out gets its default.
        seed: of all the attack's random draws.
        batch_size: most inputs at once, unless ``parameters`` has its own.
        estimator: the model's estimator, to share compiled functions between attacks; its ``workers`` batches are
            attacked at the same time, and the images do not depend on their number.
        source_indices: ``(n,)`` where each image came from; 0 to n - 1 by default.
        progress: called with (images done, images in all) after each batch.

    Returns:
        The adversarial images and a table with a row for each.

    Raises:
        ParameterError: see ``check_attack``.
        InputError: images or labels of another shape, dtype or range.
        ModelError: an unsuitable model, NaN gradients, or a result outside [0, 1] or its epsilon ball.
    """
    values = check_attack(
        attack, {"batch_size": batch_size, **parameters} if ":" not in attack else parameters
    )
    estimator = estimator if estimator is not None else KerasLogitsEstimator(model)
    n = len(images)
    true_labels = class_indices(labels, n, estimator.nb_classes)
    indices = np.arange(n) if source_indices is None else np.asarray(source_indices)
    if indices.shape != (n,):
        raise InputError(
            f"Found source_indices of shape {indices.shape}, expected ({n},) as there are images."
        )
    adversarial = np.empty(images.shape, np.float32)
    before, after = np.empty(n, np.int64), np.empty(n, np.int64)
    sizes = {name: np.empty(n) for name in ("l0", "l2", "linf")}
    seconds = 0.0
    batch = int(values.get("batch_size", batch_size))

    def one_batch(start: int) -> tuple[int, float]:
        part = slice(start, min(start + batch, n))
        clean = check_images(images[part], estimator.input_shape)
        before[part] = estimator.predict(clean).argmax(axis=1)
        began = time.perf_counter()
        try:
            made = generate(
                estimator, attack, values, clean, true_labels[part], seed=[seed, start], batch_size=batch
            )
        except ModelError as error:
            raise ModelError(f"Attack {attack}, inputs counted from {start}: {error}") from error
        took = time.perf_counter() - began
        adversarial[part] = made
        after[part] = estimator.predict(made).argmax(axis=1)
        norms = perturbation_norms(clean, made)
        for name, size in sizes.items():
            size[part] = norms[name]
        return part.stop - part.start, took

    done, starts = 0, range(0, n, batch)
    # an attack from elsewhere may draw from generators of the whole process
    workers = 1 if ":" in attack else max(1, min(estimator.workers, len(starts)))
    for count, took in in_threads(one_batch, starts, workers=workers):
        done, seconds = done + count, seconds + took
        if progress is not None:
            progress(done, n)
    table = pd.DataFrame(
        {
            "attack": attack,
            "parameters": json.dumps(values, sort_keys=True, default=str),
            "source_index": indices.astype(np.int64),
            "true_label": true_labels,
            "predicted_before": before,
            "predicted_after": after,
            "correct_before": before == true_labels,
            "success": (before == true_labels) & (after != true_labels),
            **sizes,
            "seconds": seconds / max(n, 1),
        },
        index=pd.RangeIndex(n),
    )
    return AttackResult(adversarial, table)


def generate(
    estimator: KerasLogitsEstimator,
    attack: str,
    parameters: Mapping[str, Any],
    images: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    seed: list[int],
    batch_size: int,
    until_fooled: bool = False,
) -> NDArray[np.float32]:
    """Adversarial images of all images at hand.

    Args:
        estimator: of the model.
        attack: a key of ``ATTACKS`` or an import path.
        parameters: the attack's parameters; what is left out gets its default.
        images: ``(n, h, w, c)`` float32 in [0, 1].
        labels: ``(n,)`` int64.
        seed: of the attack's random draws, one or several numbers.
        batch_size: most inputs at once, unless ``parameters`` has its own.
        until_fooled: an attack of this project may leave an input alone once the model is fooled.

    Returns:
        The shape of ``images``, float32 in [0, 1], within the attack's epsilon ball.

    Raises:
        ParameterError, ModelError: as :func:`run_attack`.
    """
    own = ":" not in attack
    values = check_attack(attack, {"batch_size": batch_size, **parameters} if own else parameters)
    drawn = int(np.random.SeedSequence(seed).generate_state(1)[0])
    made = make_attack(attack, estimator, **({**values, "seed": drawn} if "seed" in values else values))
    if own:
        made.until_fooled = until_fooled
    with nullcontext() if own else seeded_globals(drawn):
        adversarial = np.asarray(made.generate(images, labels), np.float32)
    return kept_inside(images, adversarial, *attack_ball(attack, values), attack)
