"""Train or load the original model and measure it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.images.arrays import ImageArray
from guided_retraining.parameters.blocks import FitParameters, ModelParameters
from guided_retraining.storage.store import Store

logger = logging.getLogger(__name__)


def train_original(
    train_images: ImageArray,
    train_labels: NDArray[np.int64],
    validation_images: ImageArray,
    validation_labels: NDArray[np.int64],
    dataset_summary: dict[str, Any],
    study_plan: dict[str, Any],  # noqa: ARG001  a study that cannot be done is refused before its model is trained
    model: ModelParameters,
    training: FitParameters,
    replicates: tuple[int, ...],
    seed: int,
    store: Store,
) -> tuple[dict[int, Any], dict[int, dict[str, Any]]]:
    """The model to harden and how it came to be, for each replicate.

    Args:
        train_images: ``(n, h, w, c)``.
        train_labels: ``(n,)``.
        validation_images: watched after each epoch; nothing is chosen on them here.
        validation_labels: ``(m,)``.
        dataset_summary: from preprocessing; its classes give the number of outputs.
        study_plan: made and checked before anything is trained.
        model: an architecture to train, or a file to load.
        training: optimizer, epochs, batch size.
        replicates: each trains a model of its own; a model from a file is the same in all.
        seed: of the study; with the replicate it decides initial weights, shuffling and dropout.
        store: finished trainings; one with the same fingerprint is used again.

    Returns:
        The Keras models, and a log of each (``origin``, ``epochs``, ``seconds``, ``gradient_passes``).
    """
    from guided_retraining.models.loading import check_model, load_model
    from guided_retraining.models.recognising import on_unit_images

    n_classes = len(dataset_summary["class_names"])
    if model.path is not None:
        loaded = load_model(Path(model.path))
        check_model(loaded, train_images.shape[1:], n_classes)
        names = dataset_summary["class_names"]
        loaded, found = on_unit_images(
            loaded, train_images, train_labels, names, input_range=model.input_range
        )
        if found != "0..1":
            logger.info("%s expects pixels in %s; images, attacks and eps stay in [0, 1]", model.path, found)
        log = {"origin": model.path, "input_range": found, "epochs": [], "seconds": 0.0, "gradient_passes": 0}
        return dict.fromkeys(replicates, loaded), dict.fromkeys(replicates, log)

    from guided_retraining.retraining.original import train_classifier
    from guided_retraining.retraining.replicate import replicate_seed

    assert model.architecture is not None  # one of both is required
    models, logs = {}, {}
    for replicate in replicates:
        models[replicate], kept = train_classifier(
            model.architecture,
            n_classes,
            (train_images, train_labels),
            (validation_images, validation_labels),
            training,
            seed=replicate_seed(seed, replicate),
            store=store,
        )
        logs[replicate] = {
            "origin": model.architecture,
            "parameters": int(models[replicate].count_params()),
            "epochs": [
                {"epoch": i + 1, "validation_accuracy": float(a)} for i, a in enumerate(kept["accuracies"])
            ],
            "seconds": kept["seconds"],
            "gradient_passes": len(train_labels) * training.epochs,
        }
    return models, logs


def evaluate_original(
    models: Mapping[int, Any],
    validation_images: ImageArray,
    validation_labels: NDArray[np.int64],
    test_images: ImageArray,
    test_labels: NDArray[np.int64],
    replicates: tuple[int, ...],
) -> dict[int, dict[str, float]]:
    """Accuracy of each original model on clean validation and test images.

    Returns:
        For each replicate ``validation`` and ``test``, each in [0, 1].
    """
    from guided_retraining.machine.backend import side_by_side
    from guided_retraining.models.forward import ForwardPass, predicted_labels
    from guided_retraining.models.working import working_copy

    found = {}
    for replicate in replicates:
        with working_copy(models[replicate]) as copy:
            forward = copy.tool("forward", lambda model: ForwardPass(model, workers=side_by_side()))
            found[replicate] = {
                "validation": float(
                    (predicted_labels(forward, validation_images) == validation_labels).mean()
                ),
                "test": float((predicted_labels(forward, test_images) == test_labels).mean()),
            }
        logger.info(
            "original model of replicate %d: %.1f %% of %d clean test images right",
            replicate,
            100 * found[replicate]["test"],
            len(test_labels),
        )
    return found
