"""All figures of the report in one place."""

from guided_retraining.report.agreement import metric_agreement, stability_figure
from guided_retraining.report.canvas import figure_bytes
from guided_retraining.report.cost_figure import costs_figure
from guided_retraining.report.curves import accuracy_curves, accuracy_split
from guided_retraining.report.differences import gain_over_baseline
from guided_retraining.report.scores import ranking_quality, score_distributions
from guided_retraining.report.sheet import adversarial_sheet

__all__ = [
    "accuracy_curves",
    "accuracy_split",
    "adversarial_sheet",
    "costs_figure",
    "figure_bytes",
    "gain_over_baseline",
    "metric_agreement",
    "ranking_quality",
    "score_distributions",
    "stability_figure",
]
