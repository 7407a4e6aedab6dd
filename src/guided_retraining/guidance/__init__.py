"""Guidance metrics: score inputs by what the original model makes of them, to retrain on the best first.

All functions take plain arrays and need only NumPy, SciPy and scikit-learn. Scores are float64, higher =
earlier.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from guided_retraining.guidance.boundaries import multisection_coverage, neuron_boundary, strong_activation
from guided_retraining.guidance.coverage import neuron_coverage
from guided_retraining.guidance.diversity import k_center
from guided_retraining.guidance.quality import apfd, faults_found, overlap, rank_correlation
from guided_retraining.guidance.registry import METRICS, Metric
from guided_retraining.guidance.scoring import check_metric, drawn_row, row_metric, score
from guided_retraining.guidance.trace import Trace
from guided_retraining.guidance.uncertainty import (
    cross_entropy_loss,
    deep_gini,
    margin,
    max_softmax,
    softmax_entropy,
)
from guided_retraining.guidance.wrappers import WRAPPERS, class_balanced, k_multisection, ranking

if TYPE_CHECKING:
    from guided_retraining.guidance.distance_surprise import DistanceSurprise
    from guided_retraining.guidance.likelihood_surprise import LikelihoodSurprise
    from guided_retraining.guidance.mahalanobis_surprise import MahalanobisSurprise

__all__ = [
    "METRICS",
    "WRAPPERS",
    "DistanceSurprise",
    "LikelihoodSurprise",
    "MahalanobisSurprise",
    "Metric",
    "Trace",
    "apfd",
    "check_metric",
    "class_balanced",
    "cross_entropy_loss",
    "deep_gini",
    "drawn_row",
    "faults_found",
    "k_center",
    "k_multisection",
    "margin",
    "max_softmax",
    "multisection_coverage",
    "neuron_boundary",
    "neuron_coverage",
    "overlap",
    "rank_correlation",
    "ranking",
    "row_metric",
    "score",
    "softmax_entropy",
    "strong_activation",
]

_ESTIMATORS = {
    "DistanceSurprise": "distance_surprise",
    "LikelihoodSurprise": "likelihood_surprise",
    "MahalanobisSurprise": "mahalanobis_surprise",
}


def __getattr__(name: str) -> Any:
    """Import an estimator when it is asked for: they alone need scikit-learn, slow to import."""
    if name in _ESTIMATORS:
        return getattr(import_module(f"guided_retraining.guidance.{_ESTIMATORS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
