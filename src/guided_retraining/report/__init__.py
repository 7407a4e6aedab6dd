"""Figures, tables and the HTML page; plain pandas and Matplotlib."""

from guided_retraining.report.agreement import agreement_figure, stability_figure
from guided_retraining.report.attack_tables import attack_table, attack_warnings
from guided_retraining.report.canvas import figure_bytes
from guided_retraining.report.context import PageContext
from guided_retraining.report.contrasts import contrasts_figure
from guided_retraining.report.costs import costs_figure, costs_table
from guided_retraining.report.curve_levels import kinds_shown
from guided_retraining.report.curves import accuracy_curves, robust_against_clean
from guided_retraining.report.differences import differences_figure
from guided_retraining.report.faults import ranking_quality
from guided_retraining.report.figures import FIGURES
from guided_retraining.report.forgetting import forgetting_figure
from guided_retraining.report.main_table import main_numbers, main_table
from guided_retraining.report.overview import render_overview
from guided_retraining.report.overview_tables import overview_tables
from guided_retraining.report.page import render_page
from guided_retraining.report.paper import PaperTable, paper_files
from guided_retraining.report.paper_tables import paper_tables
from guided_retraining.report.price import price_figure
from guided_retraining.report.ranking_tables import agreement_table, ranking_table, stability_table
from guided_retraining.report.rankings import pair_rows, quality_rows, stability_rows
from guided_retraining.report.ranks_figure import ranks_figure
from guided_retraining.report.scores import adversarial_above_clean, score_distributions
from guided_retraining.report.sheet import adversarial_sheet
from guided_retraining.report.strategies import strategies_table
from guided_retraining.report.tables import contrasts_table, results_table, steps_table

__all__ = [
    "FIGURES",
    "PageContext",
    "PaperTable",
    "accuracy_curves",
    "adversarial_above_clean",
    "adversarial_sheet",
    "agreement_figure",
    "agreement_table",
    "attack_table",
    "attack_warnings",
    "contrasts_figure",
    "contrasts_table",
    "costs_figure",
    "costs_table",
    "differences_figure",
    "figure_bytes",
    "forgetting_figure",
    "kinds_shown",
    "main_numbers",
    "main_table",
    "overview_tables",
    "pair_rows",
    "paper_files",
    "paper_tables",
    "price_figure",
    "quality_rows",
    "ranking_quality",
    "ranking_table",
    "ranks_figure",
    "render_overview",
    "render_page",
    "results_table",
    "robust_against_clean",
    "score_distributions",
    "stability_figure",
    "stability_rows",
    "stability_table",
    "steps_table",
    "strategies_table",
]
