"""The original model: built and fitted once for each seed, and kept in a store."""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.images.arrays import ImageArray
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.cell import ENGINE_VERSION
from guided_retraining.storage.fingerprint import fingerprint
from guided_retraining.storage.store import Store

logger = logging.getLogger(__name__)

Labelled = tuple[ImageArray, NDArray[np.int64]]


def train_classifier(
    architecture: str,
    n_classes: int,
    train: Labelled,
    validation: Labelled,
    training: FitParameters,
    *,
    seed: int,
    store: Store,
) -> tuple[Any, dict[str, Any]]:
    """A fitted model of one of our architectures, trained now or found finished.

    Args:
        architecture: a name or a line of layer words.
        n_classes: outputs.
        train: ``(n, h, w, c)`` images and ``(n,)`` labels.
        validation: the same; watched after each epoch, nothing is chosen on them.
        training: optimizer, epochs, batch size.
        seed: of initial weights, shuffling and dropout.
        store: finished trainings; one with the same fingerprint is used again.

    Returns:
        The Keras model, and ``accuracies`` (validation, after each epoch) and ``seconds`` of its training.
    """
    from guided_retraining.models.architectures import build_model

    height, width, channels = train[0].shape[1:]
    model = build_model(architecture, (height, width, channels), n_classes, seed=seed)
    key = fingerprint(ENGINE_VERSION, model.to_json(), training, seed, *train)
    kept = store.get(key)
    if kept is None:
        kept = _fit(model, train, validation, training, seed)
        store.put(key, kept)
    model.set_weights([kept[f"weights_{i}"] for i in range(len(model.get_weights()))])
    return model, {"accuracies": kept["accuracies"], "seconds": float(kept["seconds"])}


def _fit(
    model: Any, train: Labelled, validation: Labelled, training: FitParameters, seed: int
) -> dict[str, Any]:
    from guided_retraining.machine.progress import Ticker
    from guided_retraining.models.forward import predicted_labels
    from guided_retraining.retraining.trainer import lent_trainer

    accuracies: list[float] = []
    with (
        lent_trainer(model, training) as trainer,
        Ticker(f"training {model.name}", training.epochs, unit="epochs") as ticker,
    ):

        def after_epoch(epoch: int, seconds: float) -> None:
            accuracy = float((predicted_labels(trainer.forward, validation[0]) == validation[1]).mean())
            accuracies.append(accuracy)
            note = f"validation accuracy {accuracy:.3f}"
            ticker.tick(epoch, note)
            level = logging.INFO if seconds > 2 else logging.DEBUG
            logger.log(level, "epoch %d of %d: %s, %.1f s", epoch, training.epochs, note, seconds)

        start = time.perf_counter()
        trainer.fit(
            model.get_weights(),
            train[0],
            train[1],
            np.arange(len(train[1])),
            seed=seed,
            after_epoch=after_epoch,
        )
        seconds = time.perf_counter() - start
        weights = {f"weights_{i}": weight for i, weight in enumerate(trainer.model.get_weights())}
    return {**weights, "accuracies": np.array(accuracies), "seconds": seconds}
