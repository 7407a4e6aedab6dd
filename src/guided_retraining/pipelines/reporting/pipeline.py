"""Results, scores and adversarial inputs -> costs, the answer, figures, and the page."""

from __future__ import annotations

from collections.abc import Sequence

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.reporting import nodes
from guided_retraining.pipelines.wiring import bound, over_metrics, stage


def create_pipeline(metrics: Sequence[str]) -> Pipeline:
    """The stage, with plain names.

    Args:
        metrics: keys of the metrics.
    """
    found = ["rankings", "agreement"]
    tables = [f"{split}_adversarial_table" for split in ("train", "validation", "test")]
    spent = ["dataset_summary", "training_log", *tables, "trace_cost", "results"]
    return stage(
        "reporting",
        [
            over_metrics(nodes.gather_costs, spent, metrics, "scoring_cost", "costs"),
            node(nodes.answer, ["results", "costs", "validation_pool", "test_pool"], "answer", name="answer"),
            *_figures(metrics),
            node(
                bound(nodes.report, figures=tuple(nodes.FIGURES), tables=tuple(found)),
                [
                    "answer",
                    "results",
                    "costs",
                    "train_adversarial_table",
                    "test_adversarial_table",
                    "dataset_summary",
                    "original_accuracy",
                    "parameters",
                    *nodes.FIGURES.values(),
                    *found,
                ],
                "report",
                name="report",
            ),
        ],
    )


def _figures(metrics: Sequence[str]) -> list[Pipeline]:
    sheet = ["test_images", "test_adversarial_images", "test_adversarial_table", "dataset_summary"]
    rankings = [
        "train_pool",
        "pool_probabilities",
        "params:metrics",
        "params:replicates",
        "params:seed",
    ]
    drawn = ("score_distributions", "ranking_quality", "metric_agreement", "metric_overlap")
    ranked = [*(f"{name}_figure" for name in drawn), "rankings", "agreement"]
    return [
        Pipeline(
            [
                node(
                    nodes.accuracy_curves,
                    ["results", "answer"],
                    "accuracy_curves_figure",
                    name="accuracy_curves",
                ),
                node(
                    nodes.accuracy_split,
                    ["results", "answer"],
                    "accuracy_split_figure",
                    name="accuracy_split",
                ),
                node(nodes.gain_over_baseline, "results", "gain_figure", name="gain_over_random"),
                node(nodes.costs_figure, "costs", "costs_figure", name="draw_costs"),
                node(nodes.adversarial_sheet, sheet, "adversarial_sheet_figure", name="adversarial_sheet"),
            ]
        ),
        over_metrics(nodes.describe_rankings, rankings, metrics, "scores", ranked),
    ]
