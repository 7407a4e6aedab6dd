"""One forward pass over each replicate's pool, then a score for each input and metric."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.guidance import Trace, score
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import ModelParameters
from guided_retraining.parameters.names import named_function

Traced = tuple[dict[int, NDArray[np.float32]], dict[int, NDArray[np.float32]], dict[int, dict[str, Any]]]


def trace_pool(
    models: Mapping[int, Any],
    pools: Mapping[int, LabelledPool],
    parameters: ModelParameters,
    replicates: tuple[int, ...],
) -> Iterator[Traced]:
    """Activations of the feature layer and probabilities of every pool input, in one forward pass.

    Args:
        models: the original model of each replicate.
        pools: n inputs each.
        parameters: may name the feature layer.
        replicates: which there are.

    Yields:
        For one replicate after the other, so that one is in memory at a time: ``(n, d)`` activations, ``(n, k)``
        probabilities, and the cost of the pass.
    """
    from guided_retraining.machine.backend import side_by_side
    from guided_retraining.machine.progress import Ticker
    from guided_retraining.models.forward import FORWARD, ForwardPass, feature_layer, trace_model
    from guided_retraining.models.logits import output_kind, softmax
    from guided_retraining.models.working import working_copy

    layer = parameters.feature_layer
    for replicate in replicates:
        model, pool = models[replicate], pools[replicate]
        with (
            working_copy(model) as copy,
            Ticker("forward pass over the pool", len(pool), unit="images") as ticker,
        ):
            forward = copy.tool(
                f"trace {layer}", lambda model: ForwardPass(trace_model(model, layer), workers=side_by_side())
            )
            start = time.perf_counter()
            activations, outputs = forward(pool, progress=ticker.progress)
        probabilities = softmax(outputs) if output_kind(model) == "logits" else outputs
        cost = {
            "seconds": time.perf_counter() - start,
            "inputs": len(pool),
            "gradient_passes": len(pool) * FORWARD,
            "layer": feature_layer(model, layer).name,
        }
        yield {replicate: activations}, {replicate: probabilities}, {replicate: cost}


def score_pool(
    activations: Mapping[int, NDArray[np.float32]],
    probabilities: Mapping[int, NDArray[np.float32]],
    pools: Mapping[int, LabelledPool],
    parameters: dict[str, Any],
    replicates: tuple[int, ...],
    seed: int,
    *,
    metric: str,
) -> tuple[dict[int, NDArray[np.floating]], dict[int, dict[str, Any]]]:
    """A metric's score of every pool input; higher = retrained with earlier.

    Args:
        activations: ``(n, d)`` of each replicate, clean inputs first.
        probabilities: ``(n, k)``.
        pools: for labels and the number of clean inputs, which are the reference set.
        parameters: of the metric.
        replicates: which there are.
        seed: of the study, for metrics that draw.
        metric: its name in the parameters.

    Returns:
        ``(n,)`` scores of each replicate, and the cost of computing them.
    """
    from guided_retraining.retraining.replicate import replicate_seed

    function, rest = named_function(metric, parameters, "function")
    scores: dict[int, NDArray[np.floating]] = {}
    costs: dict[int, dict[str, Any]] = {}
    for replicate in replicates:
        pool = pools[replicate]
        trace = Trace(
            activations=activations[replicate],
            probabilities=probabilities[replicate],
            labels=pool.labels,
            n_reference=pool.n_clean,
        )
        start = time.perf_counter()
        scores[replicate] = score(function, trace, seed=replicate_seed(seed, replicate), **rest)
        costs[replicate] = {"seconds": time.perf_counter() - start, "inputs": len(pool)}
    return scores, costs
