"""One forward pass over the pool, then a score for each input and metric."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.guidance import Trace, score
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import ModelParameters, named_function


def trace_pool(
    model: Any, pool: LabelledPool, parameters: ModelParameters
) -> tuple[NDArray[np.float32], NDArray[np.float32], dict[str, Any]]:
    """Activations of the feature layer and probabilities of every pool input, in one forward pass.

    Args:
        model: the original model.
        pool: n inputs.
        parameters: may name the feature layer.

    Returns:
        ``(n, d)`` activations, ``(n, k)`` probabilities, and the cost of the pass.
    """
    from guided_retraining.machine.backend import side_by_side
    from guided_retraining.machine.progress import Ticker
    from guided_retraining.models.forward import ForwardPass, feature_layer, trace_model
    from guided_retraining.models.logits import output_kind

    forward = ForwardPass(trace_model(model, parameters.feature_layer), workers=side_by_side())
    start = time.perf_counter()
    with Ticker("forward pass over the pool", len(pool), unit="images") as ticker:
        activations, outputs = forward(pool, progress=ticker.progress)
    if output_kind(model) == "logits":
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        outputs /= outputs.sum(axis=1, keepdims=True)
    cost = {
        "seconds": time.perf_counter() - start,
        "inputs": len(pool),
        "layer": feature_layer(model, parameters.feature_layer).name,
    }
    return activations, outputs, cost


def score_pool(
    activations: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    pool: LabelledPool,
    parameters: dict[str, Any],
    seed: int,
    *,
    metric: str,
) -> tuple[NDArray[np.floating], dict[str, Any]]:
    """A metric's score of every pool input; higher = retrained with earlier.

    Args:
        activations: ``(n, d)``, clean inputs first.
        probabilities: ``(n, k)``.
        pool: for labels and the number of clean inputs, which are the reference set.
        parameters: of the metric.
        seed: of metrics that draw.
        metric: its name in the parameters.

    Returns:
        ``(n,)`` scores, and the cost of computing them.
    """
    trace = Trace(
        activations=activations, probabilities=probabilities, labels=pool.labels, n_reference=pool.n_clean
    )
    function, rest = named_function(metric, parameters, "function")
    start = time.perf_counter()
    scores = score(function, trace, seed=seed, **rest)
    return scores, {"seconds": time.perf_counter() - start, "inputs": len(scores)}
