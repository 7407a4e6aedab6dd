"""A metric's scores by the model as it is in the middle of its training."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError
from guided_retraining.guidance.scoring import score
from guided_retraining.guidance.trace import Trace
from guided_retraining.images.arrays import ImageArray, JoinedImages
from guided_retraining.models.forward import FORWARD, ForwardPass, trace_model
from guided_retraining.retraining.hardening import Ordering
from guided_retraining.retraining.trainer import BUILDING, Trainer

__all__ = ["current_scores"]

logger = logging.getLogger(__name__)


def current_scores(
    trainer: Trainer,
    ordering: Ordering,
    clean: tuple[ImageArray, NDArray[np.int64]],
    attacked: tuple[NDArray[np.float32], NDArray[np.int64]] | None = None,
    *,
    with_clean: bool = True,
    seed: int,
) -> tuple[NDArray[np.float64], float]:
    """Score images with the model that a trainer holds.

    Args:
        trainer: in the middle of a fit.
        ordering: the metric.
        clean: ``(n, h, w, c)`` training images, the reference of metrics that have one, and ``(n,)`` labels.
        attacked: ``(m, h, w, c)`` and ``(m,)``; None for none.
        with_clean: whether clean images are scored too.
        seed: of a metric's own draws.

    Returns:
        Scores, higher = earlier, of the clean images (if asked for) followed by the attacked ones; and the gradient
        passes that this took. A model that cannot be scored yet, because it takes all images for one class, gives
        equal scores, and a drawn order.
    """
    parts = [clean] if with_clean or ordering.reads_reference else []
    if attacked is not None and len(attacked[1]):
        parts.append(attacked)
    images: Any = parts[0][0] if len(parts) == 1 else JoinedImages(parts[0][0], parts[1][0])
    labels = np.concatenate([part[1] for part in parts])
    activations, outputs = _tracer(trainer, ordering.feature_layer)(images)
    n_clean = len(clean[1]) if parts[0] is clean else 0
    trace = Trace(
        activations, trainer.probabilities(outputs), labels, n_reference=n_clean or len(labels)
    )  # without clean images for metrics that read no reference
    try:
        scores = score(ordering.function, trace, seed=seed, **ordering.parameters)
    except InputError as error:
        logger.warning("inputs taken in a drawn order for once: %s", error)
        scores = np.zeros(len(labels))
    return scores[0 if with_clean else n_clean :], FORWARD * len(labels)


def _tracer(trainer: Trainer, layer: str | None) -> ForwardPass:
    """Activations and outputs of the model as it is; made once for a trainer."""
    trainer.synchronise()
    if layer not in trainer.tracers:
        with BUILDING:
            trainer.tracers[layer] = ForwardPass(trace_model(trainer.forward.model, layer))
    return trainer.tracers[layer]
