"""Results, scores and adversarial inputs -> costs, the answer, figures, and the page."""

from __future__ import annotations

from collections.abc import Sequence

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.reporting import nodes
from guided_retraining.pipelines.wiring import bound, stage
from guided_retraining.report import costs_figure, gain_over_baseline


def create_pipeline(metrics: Sequence[str]) -> Pipeline:
    """The stage, with plain names.

    Args:
        metrics: keys of the metrics.
    """
    names = tuple(metrics)
    tables = [f"{split}_adversarial_table" for split in ("train", "validation", "test")]
    spent = ["dataset_summary", "training_log", *tables, "trace_cost", "results"]
    return stage(
        "reporting",
        [
            _over_metrics(nodes.gather_costs, spent, names, "scoring_cost", "costs"),
            node(nodes.answer, ["results", "costs", "validation_pool", "test_pool"], "answer", name="answer"),
            *_figures(names),
            node(
                nodes.report,
                [
                    "answer",
                    "results",
                    "costs",
                    "train_adversarial_table",
                    "test_adversarial_table",
                    "rankings",
                    "dataset_summary",
                    "original_accuracy",
                    "parameters",
                    *nodes.FIGURES.values(),
                ],
                "report",
                name="report",
            ),
        ],
    )


def _figures(metrics: tuple[str, ...]) -> list[Pipeline]:
    sheet = ["test_images", "test_adversarial_images", "test_adversarial_table", "dataset_summary"]
    rankings = ["train_pool", "pool_probabilities", "params:ordering_retraining", "params:seed"]
    ranked = ["score_distributions_figure", "ranking_quality_figure", "metric_agreement_figure", "rankings"]
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
                node(gain_over_baseline, "results", "gain_figure", name="gain_over_random"),
                node(costs_figure, "costs", "costs_figure", name="draw_costs"),
                node(nodes.adversarial_sheet, sheet, "adversarial_sheet_figure", name="adversarial_sheet"),
            ]
        ),
        _over_metrics(nodes.describe_rankings, rankings, metrics, "scores", ranked),
    ]


def _over_metrics(
    function: object, inputs: list[str], metrics: tuple[str, ...], what: str, outputs: str | list[str]
) -> Pipeline:
    """A node that takes a piece of data of every metric after its other inputs."""
    inner = [f"{what}_{metric}" for metric in metrics]
    return Pipeline(
        [node(bound(function, metrics=metrics), [*inputs, *inner], outputs, name=function.__name__)],  # type: ignore
        inputs={f"{what}_{metric}": f"{metric}.{what}" for metric in metrics},
    )
