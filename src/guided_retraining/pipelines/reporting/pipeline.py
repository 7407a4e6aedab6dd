"""Results, scores and adversarial inputs -> costs, the answer, figures, the page and tables for papers."""

from __future__ import annotations

from collections.abc import Sequence

from kedro.pipeline import Pipeline, node

from guided_retraining.pipelines.reporting.figures import (
    describe_rankings,
    draw_answer,
    draw_costs,
    draw_sheet,
)
from guided_retraining.pipelines.reporting.ledger import gather_costs
from guided_retraining.pipelines.reporting.nodes import answer, report
from guided_retraining.pipelines.wiring import over_metrics, stage

ANSWERED = [
    f"{name}_figure" for name in ("price", "differences", "contrasts", "curves", "tradeoff", "forgetting")
]
DESCRIBED = [f"{name}_figure" for name in ("scores", "ranking", "agreement", "stability")]
RANKED = ["rankings", "agreement", "stability"]
SPLIT_TABLES = {f"{split}_table": f"{split}_adversarial_table" for split in ("train", "validation", "test")}


def create_pipeline(metrics: Sequence[str]) -> Pipeline:
    """The stage, with plain names.

    Args:
        metrics: keys of the metrics.
    """
    spent = _same(["dataset_summary", "training_log", "trace_cost", "results"]) | SPLIT_TABLES
    chosen = ["results", "correctness", "costs", "test_labels"]
    rules = [f"params:{name}" for name in ("ordering_retraining", "attack", "model", "metrics", "answer")]
    return stage(
        "reporting",
        [
            over_metrics(gather_costs, spent, metrics, "scoring_cost", "costs"),
            node(answer, [*chosen, *rules], "answer", name="answer"),
            *_figures(metrics),
            node(report, _shown(), ["report", "tables"], name="report"),
        ],
    )


def _figures(metrics: Sequence[str]) -> list[Pipeline]:
    sheet = ["test_images", "test_adversarial_images", "test_adversarial_table", "dataset_summary"]
    rankings = {
        "pools": "train_pool",
        "probabilities": "pool_probabilities",
        "metric_parameters": "params:metrics",
        "replicates": "params:replicates",
        "seed": "params:seed",
    }
    return [
        Pipeline(
            [
                node(draw_answer, ["answer", "results", "dataset_summary"], ANSWERED, name="draw_answer"),
                node(draw_costs, "costs", "costs_figure", name="draw_costs"),
                node(draw_sheet, sheet, ["sheet_figure", "sheet_inputs"], name="draw_sheet"),
            ]
        ),
        over_metrics(describe_rankings, rankings, metrics, "scores", [*DESCRIBED, *RANKED]),
    ]


def _shown() -> dict[str, str]:
    tables = {name: SPLIT_TABLES[name] for name in ("train_table", "test_table")}
    given = ["answer", "results", "costs", *RANKED, "dataset_summary", "original_accuracy", "parameters"]
    return (
        _same(given) | tables | _same([*ANSWERED, *DESCRIBED, "costs_figure", "sheet_figure", "sheet_inputs"])
    )


def _same(names: Sequence[str]) -> dict[str, str]:
    """Arguments that bear the name of their data."""
    return {name: name for name in names}
