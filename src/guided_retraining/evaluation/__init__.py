"""Accuracies, statistics over seeds, and the recommendation; plain NumPy and pandas."""

from guided_retraining.evaluation.accuracy import accuracies, attacked_accuracies
from guided_retraining.evaluation.answer import answer_lines
from guided_retraining.evaluation.comparison import (
    area_differences,
    areas,
    budget_differences,
    metrics_differ,
    summarise,
)
from guided_retraining.evaluation.recommendation import Recommendation, recommend
from guided_retraining.evaluation.statistics import compare_paired, holm, mean_interval
from guided_retraining.evaluation.verdict import Verdict, metrics_verdict

__all__ = [
    "Recommendation",
    "Verdict",
    "accuracies",
    "answer_lines",
    "area_differences",
    "areas",
    "attacked_accuracies",
    "budget_differences",
    "compare_paired",
    "holm",
    "mean_interval",
    "metrics_differ",
    "metrics_verdict",
    "recommend",
    "summarise",
]
