"""How much the rankings change when the original model is trained again from another seed."""

from __future__ import annotations

import logging
import time
import warnings
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.errors import GuidedRetrainingWarning, InputError
from guided_retraining.guidance import overlap, rank_correlation, row_metric
from guided_retraining.guidance.quality import first_of
from guided_retraining.images.arrays import ImageArray
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import FitParameters, ModelParameters
from guided_retraining.pipelines.metrics.nodes import score_pool, trace_pool
from guided_retraining.retraining.orderings import rank
from guided_retraining.retraining.original import train_classifier
from guided_retraining.storage.store import Store

SHARE_COMPARED = 0.10  # of the pool: what a small budget would choose

logger = logging.getLogger(__name__)


def measure_stability(
    train_images: ImageArray,
    train_labels: NDArray[np.int64],
    validation_images: ImageArray,
    validation_labels: NDArray[np.int64],
    dataset_summary: dict[str, Any],
    pool: LabelledPool,
    store: Store,
    model: ModelParameters,
    training: FitParameters,
    metric_parameters: dict[str, Any],
    seed: int,
    stability_seeds: list[int],
    *scores: NDArray[np.floating],
    metrics: tuple[str, ...],
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Each metric's ranking of the same pool by original models that differ in their seed alone.

    Metrics that draw their scores, as ``random`` does, ask no model and are left out.

    Args:
        train_images: ``(n, h, w, c)``.
        train_labels: ``(n,)``.
        validation_images: ``(m, h, w, c)``, watched during training.
        validation_labels: ``(m,)``.
        dataset_summary: from preprocessing; its classes give the number of outputs.
        pool: of the study, with the adversarial inputs made against the first model.
        store: finished trainings.
        model: its architecture.
        training: optimizer, epochs, batch size.
        metric_parameters: of every metric.
        seed: of the first model, and of all draws of the metrics, so that only the models differ.
        stability_seeds: a further model for each.
        scores: ``(n,)`` of each metric by the first model.
        metrics: their names, in the same order.

    Returns:
        ``metric, seed, other_seed, n_inputs, first, rank_correlation, overlap``, a row for each metric and
        pair of models; and the cost.
    """
    chosen = {
        m: s for m, s in zip(metrics, scores, strict=True) if not row_metric(m, metric_parameters[m]).per_seed
    }
    by_model = {seed: chosen}
    spent = 0.0
    for other in stability_seeds:
        assert model.architecture is not None  # refused with the parameters otherwise
        further, kept = train_classifier(
            model.architecture,
            len(dataset_summary["class_names"]),
            (train_images, train_labels),
            (validation_images, validation_labels),
            training,
            seed=other,
            store=store,
        )
        start = time.perf_counter()
        by_model[other], notes = _scored_by(
            further, other, pool, model, metric_parameters, seed, list(chosen)
        )
        spent += kept["seconds"] + time.perf_counter() - start
        logger.info("the pool scored again by an original model of seed %d%s", other, notes)
    rows = [row for metric in chosen for row in _pairs(metric, by_model)]
    columns = ["metric", "seed", "other_seed", "n_inputs", "first", "rank_correlation", "overlap"]
    return pd.DataFrame(rows, columns=columns), {"seconds": spent, "models": len(stability_seeds)}


def _scored_by(
    further: Any,
    other: int,
    pool: LabelledPool,
    model: ModelParameters,
    parameters: dict[str, Any],
    seed: int,
    metrics: list[str],
) -> tuple[dict[str, Any], str]:
    """Scores of the pool by a further model; notes instead of warnings, for that model hardens nothing."""
    activations, probabilities, _ = trace_pool(further, pool, model)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", GuidedRetrainingWarning)
        try:
            scores = {
                metric: score_pool(activations, probabilities, pool, parameters[metric], seed, metric=metric)[
                    0
                ]
                for metric in metrics
            }
        except InputError as error:
            raise InputError(
                f"the original model trained again with seed {other} cannot score the pool: {error}. Leave "
                "that seed out of stability_seeds, or train longer"
            ) from error
    return scores, "".join(f"; {warning.message}" for warning in said)


def _pairs(metric: str, by_model: dict[int, dict[str, Any]]) -> list[tuple[Any, ...]]:
    seeds = list(by_model)
    scores = np.stack([by_model[seed][metric] for seed in seeds])
    n = scores.shape[1]
    first = first_of(n, SHARE_COMPARED)
    # ties are drawn apart for each model, else equal scores alone would look like agreement
    shared = overlap(np.stack([rank(row, seed=seed) for seed, row in zip(seeds, scores, strict=True)]), first)
    correlation = rank_correlation(scores)
    return [
        (metric, seeds[i], seeds[j], n, first, float(correlation[i, j]), float(shared[i, j]))
        for i, j in combinations(range(len(seeds)), 2)
    ]
