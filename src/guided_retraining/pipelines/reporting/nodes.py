"""Costs, figures, the recommendation and the page, from what the other stages left."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.evaluation.first_edition import Recommendation, recommend
from guided_retraining.evaluation.first_edition_answer import answer_lines
from guided_retraining.guidance import overlap, rank_correlation, row_metric
from guided_retraining.guidance.quality import first_of
from guided_retraining.images.arrays import ImageArray
from guided_retraining.images.pool import LabelledPool
from guided_retraining.retraining.selection import rank

if TYPE_CHECKING:
    from matplotlib.figure import Figure
else:
    Figure = (
        Any  # Matplotlib is loaded by what draws; Kedro looks annotations up when it only lists pipelines
    )

FIGURES = {
    "gain": "gain_figure",
    "curves": "accuracy_curves_figure",
    "split": "accuracy_split_figure",
    "sheet": "adversarial_sheet_figure",
    "scores": "score_distributions_figure",
    "ranking": "ranking_quality_figure",
    "agreement": "metric_agreement_figure",
    "overlap": "metric_overlap_figure",
    "costs": "costs_figure",
}
TABLES = {
    "rankings": "How well each metric ranks the pool, before any retraining",
    "agreement": "What each pair of metrics has in common",
}
SHARE_COMPARED = 0.10  # of the pool, as the third column of the rankings' table


def gather_costs(
    dataset_summary: dict[str, Any],
    training_log: Mapping[int, dict[str, Any]],
    train_table: pd.DataFrame,
    validation_table: pd.DataFrame,
    test_table: pd.DataFrame,
    trace_cost: Mapping[int, dict[str, Any]],
    results: pd.DataFrame,
    *scoring_costs: Mapping[int, dict[str, Any]],
    metrics: tuple[str, ...],
) -> pd.DataFrame:
    """One ledger of what each stage, attack and metric took, over all replicates.

    ``scoring_costs`` are those of each metric's scores, in the order of ``metrics``.

    Returns:
        ``stage, item, seconds, count``, one row for each stage and item.
    """
    replicates = sorted(int(seed) for seed in results["seed"].unique())
    trained = [training_log[replicate] for replicate in replicates]
    rows = [
        (
            "preprocessing",
            "read and split",
            dataset_summary["seconds"],
            sum(dataset_summary["images"].values()),
        ),
        (
            "training",
            "original model",
            sum(log["seconds"] for log in trained),
            dataset_summary["images"]["train"] * len(trained),
        ),
    ]
    attacked = pd.concat([train_table, validation_table, test_table])
    for attack, part in attacked.groupby("attack", sort=False):
        rows.append(("attack", str(attack), float(part["seconds"].sum()), len(part)))
    for item, costs in zip(("forward pass", *metrics), (trace_cost, *scoring_costs), strict=True):
        spent = [costs[replicate] for replicate in replicates]
        rows.append(
            ("metrics", item, sum(one["seconds"] for one in spent), sum(one["inputs"] for one in spent))
        )
    distinct = results.drop_duplicates(
        ["configuration", "seed", "n_inputs", "fit_seconds"]
    )  # shared cells count once
    for configuration, part in distinct.groupby("configuration"):
        rows.append(("retraining", str(configuration), float(part["fit_seconds"].sum()), len(part)))
    return pd.DataFrame(rows, columns=["stage", "item", "seconds", "count"])


def answer(
    results: pd.DataFrame,
    costs: pd.DataFrame,
    validation_pools: Mapping[int, LabelledPool],
    test_pools: Mapping[int, LabelledPool],
) -> dict[str, Any]:
    """What to do, chosen on validation data and measured on test data.

    Returns:
        ``recommendation`` and three ``lines`` of plain text.
    """
    first = int(results["seed"].min())
    recommendation = recommend(
        results,
        costs=costs,
        n_test_inputs=len(test_pools[first]),
        n_validation_inputs=len(validation_pools[first]),
    )
    return {"lines": answer_lines(recommendation), "recommendation": dict(recommendation)}


def accuracy_curves(results: pd.DataFrame, answer: dict[str, Any]) -> Figure:
    """Accuracy against the number of inputs, with the recommended cell ringed."""
    from guided_retraining.report import accuracy_curves as draw

    return draw(results, recommendation=answer["recommendation"])


def accuracy_split(results: pd.DataFrame, answer: dict[str, Any]) -> Figure:
    """Clean and adversarial accuracy apart, with the recommended cell ringed."""
    from guided_retraining.report import accuracy_split as draw

    return draw(results, recommendation=answer["recommendation"])


def gain_over_baseline(results: pd.DataFrame) -> Figure:
    """What each metric gains over the baseline, at each budget and over all of them."""
    from guided_retraining.report import gain_over_baseline as draw

    return draw(results)


def costs_figure(costs: pd.DataFrame) -> Figure:
    """What each stage and metric took."""
    from guided_retraining.report import costs_figure as draw

    return draw(costs)


def adversarial_sheet(
    images: ImageArray,
    adversarial_images: Mapping[int, ImageArray],
    table: pd.DataFrame,
    dataset_summary: dict[str, Any],
) -> Figure:
    """Clean image, perturbation and adversarial image of a few inputs of each attack, in the first replicate."""
    from guided_retraining.report import adversarial_sheet as draw

    first = int(table["seed"].min())
    adversarial, table = adversarial_images[first], table[table["seed"] == first]
    return draw(images, adversarial, table, class_names=dataset_summary["class_names"])


def describe_rankings(
    pools: Mapping[int, LabelledPool],
    probabilities: Mapping[int, NDArray[np.float32]],
    metric_parameters: dict[str, Any],
    replicates: tuple[int, ...],
    seed: int,
    *scores: Mapping[int, NDArray[np.floating]],
    metrics: tuple[str, ...],
) -> tuple[Figure, Figure, Figure, Figure, pd.DataFrame, pd.DataFrame]:
    """How each metric ranks the pool of the first replicate, before any retraining.

    Args:
        pools: the training pools.
        probabilities: ``(n, k)`` of the original models.
        metric_parameters: of every metric.
        replicates: which there are.
        seed: of the study.
        scores: ``(n,)`` of each metric and replicate.
        metrics: their names, in the same order.

    Returns:
        Figures of score distributions, of faults found, of rank correlation and of overlap between metrics;
        tables of the rankings and of each pair of metrics.
    """
    from guided_retraining.report import (
        agreement_table,
        metric_agreement,
        ranking_quality,
        ranking_table,
        score_distributions,
    )
    from guided_retraining.report.palette import metric_order

    first = replicates[0]
    pool = pools[first]
    named = {metric: np.asarray(values[first]) for metric, values in zip(metrics, scores, strict=True)}
    drawn = {metric for metric in named if row_metric(metric, metric_parameters[metric]).per_seed}
    faults = probabilities[first].argmax(axis=1) != pool.labels
    orders = {
        metric: rank(np.zeros(len(pool)) if metric in drawn else values, seed=(seed, first))
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
    original_accuracy: Mapping[int, dict[str, float]],
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
    from guided_retraining.report import PageContext, render_page

    recommendation: Recommendation = answer["recommendation"]
    found = dict(zip(tables, shown[len(figures) :], strict=True))
    return render_page(
        PageContext(
            recommendation=recommendation,
            results=results,
            figures=dict(zip(figures, shown[: len(figures)], strict=True)),
            train_table=train_table,
            test_table=test_table,
            costs=costs,
            tables={TABLES[name]: table for name, table in found.items()},
            original=_facts(
                dataset_summary, [original_accuracy[seed] for seed in sorted(results["seed"].unique())]
            ),
            parameters=parameters,
            versions=_versions(),
            created=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        )
    )


def _facts(dataset_summary: dict[str, Any], original_accuracy: list[dict[str, float]]) -> dict[str, Any]:
    facts = {
        "classes": len(dataset_summary["class_names"]),
        "image shape": " x ".join(str(size) for size in dataset_summary["image_shape"]),
        **{f"clean {split} images": f"{n:,}" for split, n in dataset_summary["images"].items()},
        **{
            f"original accuracy, clean {split}": ", ".join(
                f"{100 * one[split]:.1f} %" for one in original_accuracy
            )
            for split in ("validation", "test")
        },
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
