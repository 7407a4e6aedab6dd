"""Accuracies, statistics over replicates and images, and the answer; plain NumPy and pandas."""

from guided_retraining.evaluation.accuracy import accuracies
from guided_retraining.evaluation.answer import answer_lines
from guided_retraining.evaluation.calibration import expected_calibration_error
from guided_retraining.evaluation.choice import choose
from guided_retraining.evaluation.contrasts import compare_with_baseline
from guided_retraining.evaluation.findings import Choice, Contrasts, Recommendation
from guided_retraining.evaluation.forgetting import forgetting
from guided_retraining.evaluation.intervals import accuracy_interval, difference_interval, replicate_interval
from guided_retraining.evaluation.recommendation import recommend
from guided_retraining.evaluation.steps import steps_down

__all__ = [
    "Choice",
    "Contrasts",
    "Recommendation",
    "accuracies",
    "accuracy_interval",
    "answer_lines",
    "choose",
    "compare_with_baseline",
    "difference_interval",
    "expected_calibration_error",
    "forgetting",
    "recommend",
    "replicate_interval",
    "steps_down",
]
