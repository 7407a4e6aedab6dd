"""Costs, figures, the recommendation and the page, from what the other stages left."""

from __future__ import annotations

import platform
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from guided_retraining.evaluation import Recommendation, answer_lines, recommend
from guided_retraining.guidance import overlap, rank_correlation, row_metric
from guided_retraining.guidance.quality import first_of
from guided_retraining.images.arrays import ImageArray
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import RetrainingParameters
from guided_retraining.report import (
    PageContext,
    agreement_table,
    metric_agreement,
    ranking_quality,
    ranking_table,
    render_page,
    score_distributions,
    stability_table,
)
from guided_retraining.report import accuracy_curves as draw_curves
from guided_retraining.report import accuracy_split as draw_split
from guided_retraining.report import adversarial_sheet as draw_sheet
from guided_retraining.report.palette import metric_order
from guided_retraining.retraining.orderings import rank

FIGURES = {
    "gain": "gain_figure",
    "curves": "accuracy_curves_figure",
    "split": "accuracy_split_figure",
    "sheet": "adversarial_sheet_figure",
    "scores": "score_distributions_figure",
    "ranking": "ranking_quality_figure",
    "agreement": "metric_agreement_figure",
    "overlap": "metric_overlap_figure",
    "stability": "stability_figure",
    "costs": "costs_figure",
}
TABLES = {
    "rankings": "How well each metric ranks the pool, before any retraining",
    "agreement": "What each pair of metrics has in common",
    "stability": "How stable each metric's ranking is when the original model is trained again",
}
SHARE_COMPARED = 0.10  # of the pool, as the third column of the rankings' table


def gather_costs(
    dataset_summary: dict[str, Any],
    training_log: dict[str, Any],
    train_table: pd.DataFrame,
    validation_table: pd.DataFrame,
    test_table: pd.DataFrame,
    trace_cost: dict[str, Any],
    results: pd.DataFrame,
    *further_costs: dict[str, Any],
    metrics: tuple[str, ...],
) -> pd.DataFrame:
    """One ledger of what each stage, attack and metric took.

    ``further_costs`` are those of each metric's scores, in the order of ``metrics``, and of the rankings'
    stability where it was measured.

    Returns:
        ``stage, item, seconds, count``, one row for each stage and item.
    """
    rows = [
        (
            "preprocessing",
            "read and split",
            dataset_summary["seconds"],
            sum(dataset_summary["images"].values()),
        ),
        ("training", "original model", training_log["seconds"], dataset_summary["images"]["train"]),
    ]
    attacked = pd.concat([train_table, validation_table, test_table])
    for attack, part in attacked.groupby("attack", sort=False):
        rows.append(("attack", str(attack), float(part["seconds"].sum()), len(part)))
    rows.append(("metrics", "forward pass", trace_cost["seconds"], trace_cost["inputs"]))
    for metric, cost in zip(metrics, further_costs, strict=False):
        rows.append(("metrics", metric, cost["seconds"], cost["inputs"]))
    for cost in further_costs[len(metrics) :]:
        rows.append(("stability", "further original models", cost["seconds"], cost["models"]))
    distinct = results.drop_duplicates(
        ["configuration", "seed", "n_inputs", "fit_seconds"]
    )  # shared cells count once
    for configuration, part in distinct.groupby("configuration"):
        rows.append(("retraining", str(configuration), float(part["fit_seconds"].sum()), len(part)))
    return pd.DataFrame(rows, columns=["stage", "item", "seconds", "count"])


def answer(
    results: pd.DataFrame,
    costs: pd.DataFrame,
    validation_pool: LabelledPool,
    test_pool: LabelledPool,
) -> dict[str, Any]:
    """What to do, chosen on validation data and measured on test data.

    Returns:
        ``recommendation`` and three ``lines`` of plain text.
    """
    recommendation = recommend(
        results, costs=costs, n_test_inputs=len(test_pool), n_validation_inputs=len(validation_pool)
    )
    return {"lines": answer_lines(recommendation), "recommendation": dict(recommendation)}


def accuracy_curves(results: pd.DataFrame, answer: dict[str, Any]) -> Figure:
    """Accuracy against the number of inputs, with the recommended cell ringed."""
    return draw_curves(results, recommendation=answer["recommendation"])


def accuracy_split(results: pd.DataFrame, answer: dict[str, Any]) -> Figure:
    """Clean and adversarial accuracy apart, with the recommended cell ringed."""
    return draw_split(results, recommendation=answer["recommendation"])


def adversarial_sheet(
    images: ImageArray, adversarial_images: ImageArray, table: pd.DataFrame, dataset_summary: dict[str, Any]
) -> Figure:
    """Clean image, perturbation and adversarial image of a few inputs of each attack."""
    return draw_sheet(images, adversarial_images, table, class_names=dataset_summary["class_names"])


def describe_rankings(
    pool: LabelledPool,
    probabilities: NDArray[np.float32],
    metric_parameters: dict[str, Any],
    study: RetrainingParameters,
    seed: int,
    *scores: NDArray[np.floating],
    metrics: tuple[str, ...],
) -> tuple[Figure, Figure, Figure, Figure, pd.DataFrame, pd.DataFrame]:
    """How each metric ranks the pool, before any retraining.

    Args:
        pool: the training pool.
        probabilities: ``(n, k)`` of the original model.
        metric_parameters: of every metric.
        study: its first seed draws the order that is shown where scores tie.
        seed: of the study.
        scores: ``(n,)`` of each metric.
        metrics: their names, in the same order.

    Returns:
        Figures of score distributions, of faults found, of rank correlation and of overlap between metrics;
        tables of the rankings and of each pair of metrics.
    """
    named = dict(zip(metrics, (np.asarray(values) for values in scores), strict=True))
    drawn = {metric for metric in named if row_metric(metric, metric_parameters[metric]).per_seed}
    faults = probabilities.argmax(axis=1) != pool.labels
    orders = {
        metric: rank(np.zeros(len(pool)) if metric in drawn else values, seed=(seed, study.seeds[0]))
        for metric, values in named.items()
    }
    scored = {metric: named[metric] for metric in metric_order(named) if metric not in drawn}
    agreement = rank_correlation(np.stack(list(scored.values()))) if scored else np.empty((0, 0))
    ranked = metric_order(orders)
    shared = overlap(np.stack([orders[metric] for metric in ranked]), first_of(len(pool), SHARE_COMPARED))
    return (
        score_distributions(scored or named, pool.is_adversarial),
        ranking_quality(orders, faults),
        metric_agreement(agreement, list(scored)),
        metric_agreement(shared, ranked, what=f"overlap of the first {SHARE_COMPARED:.0%}"),
        ranking_table(orders, faults),
        agreement_table(orders, pd.DataFrame(agreement, index=list(scored), columns=list(scored))),
    )


def report(
    answer: dict[str, Any],
    results: pd.DataFrame,
    costs: pd.DataFrame,
    train_table: pd.DataFrame,
    test_table: pd.DataFrame,
    dataset_summary: dict[str, Any],
    original_accuracy: dict[str, float],
    parameters: dict[str, Any],
    *shown: Any,
    figures: tuple[str, ...],
    tables: tuple[str, ...],
) -> str:
    """The page a person reads and sends on.

    ``shown`` are the figures, then the tables, in the order of their names in ``figures`` and ``tables``.

    Returns:
        Self-contained HTML.
    """
    recommendation: Recommendation = answer["recommendation"]
    found = dict(zip(tables, shown[len(figures) :], strict=True))
    if "stability" in found:
        found["stability"] = stability_table(found["stability"])
    return render_page(
        PageContext(
            recommendation=recommendation,
            results=results,
            figures=dict(zip(figures, shown[: len(figures)], strict=True)),
            train_table=train_table,
            test_table=test_table,
            costs=costs,
            tables={TABLES[name]: table for name, table in found.items()},
            original=_facts(dataset_summary, original_accuracy),
            parameters=parameters,
            versions=_versions(),
            created=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        )
    )


def _facts(dataset_summary: dict[str, Any], original_accuracy: dict[str, float]) -> dict[str, Any]:
    facts = {
        "classes": len(dataset_summary["class_names"]),
        "image shape": " x ".join(str(size) for size in dataset_summary["image_shape"]),
        **{f"clean {split} images": f"{n:,}" for split, n in dataset_summary["images"].items()},
        **{f"original accuracy, clean {split}": f"{100 * a:.1f} %" for split, a in original_accuracy.items()},
    }
    return facts | {f"note {i}": note for i, note in enumerate(dataset_summary["notes"], start=1)}


def _versions() -> dict[str, str]:
    packages = (
        "guided-retraining",
        "keras",
        "tensorflow",
        "adversarial-robustness-toolbox",
        "numpy",
        "scikit-learn",
    )
    machine = f"{platform.system()} {platform.machine()}, {platform.processor() or 'processor not named'}"
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
        "machine": machine,
    }
