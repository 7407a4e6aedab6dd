"""Figures, tables and the HTML page; plain pandas and Matplotlib."""

from guided_retraining.report.agreement import agreement_table, stability_table
from guided_retraining.report.attack_tables import attack_table, attack_warnings
from guided_retraining.report.figures import (
    accuracy_curves,
    accuracy_split,
    adversarial_sheet,
    costs_figure,
    figure_bytes,
    gain_over_baseline,
    metric_agreement,
    ranking_quality,
    score_distributions,
    stability_figure,
)
from guided_retraining.report.page import PageContext, render_page
from guided_retraining.report.tables import (
    costs_table,
    ranking_table,
    results_table,
    statistics_table,
)

__all__ = [
    "PageContext",
    "accuracy_curves",
    "accuracy_split",
    "adversarial_sheet",
    "agreement_table",
    "attack_table",
    "attack_warnings",
    "costs_figure",
    "costs_table",
    "figure_bytes",
    "gain_over_baseline",
    "metric_agreement",
    "ranking_quality",
    "ranking_table",
    "render_page",
    "results_table",
    "score_distributions",
    "stability_figure",
    "stability_table",
    "statistics_table",
]
