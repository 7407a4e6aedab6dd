"""The figures, each drawn from the data that the report's text is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.guidance import row_metric
from guided_retraining.images.arrays import ImageArray
from guided_retraining.images.pool import LabelledPool
from guided_retraining.retraining.selection import rank

if TYPE_CHECKING:
    from matplotlib.figure import Figure
else:
    Figure = (
        Any  # Matplotlib is loaded by what draws; Kedro looks annotations up when it only lists pipelines
    )

PREFIX = "scores_"  # before a metric's name in the names of the node's inputs

Described = tuple[Figure, Figure, Figure, Figure, pd.DataFrame, pd.DataFrame, pd.DataFrame]


def draw_answer(
    answer: dict[str, Any], results: pd.DataFrame, dataset_summary: dict[str, Any]
) -> tuple[Figure, Figure, Figure, Figure, Figure, Figure]:
    """The figures of the answer.

    Returns:
        Accuracy against price, differences from the whole pool, contrasts with random, curves, robust against clean,
        forgetting.
    """
    from guided_retraining import report

    found = answer["recommendation"]
    words, choice, hardening = found["words"], found["choice"], found["hardening"]
    kinds = report.kinds_shown(results)
    return (
        report.price_figure(found),
        report.differences_figure(answer["steps"], choice, words=words, hardening=hardening),
        report.contrasts_figure(found["contrasts"], words=words, confidence=found["confidence"]),
        report.accuracy_curves(results, outcomes=kinds, words=words, choice=choice, hardening=hardening),
        report.robust_against_clean(results, outcome=kinds[0], words=words, choice=choice),
        report.forgetting_figure(found["forgetting"], class_names=dataset_summary["class_names"]),
    )


def draw_costs(costs: pd.DataFrame) -> Figure:
    """Where time and gradient passes went."""
    from guided_retraining import report

    return report.costs_figure(costs)


def draw_sheet(
    images: ImageArray,
    adversarial_images: Mapping[int, ImageArray],
    table: pd.DataFrame,
    dataset_summary: dict[str, Any],
) -> tuple[Figure, list[dict[str, Any]]]:
    """Clean image, perturbation and adversarial image of a few inputs of each attack, in the first replicate.

    Returns:
        The figure, and where in it each input lies.
    """
    from guided_retraining import report

    first = int(table["seed"].min())
    adversarial, table = adversarial_images[first], table[table["seed"] == first]
    names = dataset_summary["class_names"]
    figure, inputs = report.adversarial_sheet(images, adversarial, table, class_names=names)
    return figure, [dict(one) for one in inputs]


def describe_rankings(
    *,
    pools: Mapping[int, LabelledPool],
    probabilities: Mapping[int, NDArray[np.float32]],
    metric_parameters: dict[str, Any],
    replicates: tuple[int, ...],
    seed: int,
    **scores: Mapping[int, NDArray[np.floating]],
) -> Described:
    """How each metric ranks the pools, before any retraining.

    Args:
        pools: the training pool of each replicate.
        probabilities: ``(n, k)`` of the original models.
        metric_parameters: of every metric.
        replicates: which there are.
        seed: of the study.
        scores: ``(n,)`` of each replicate, as ``scores_<metric>``.

    Returns:
        Figures of score distributions (of the first replicate), of faults found, of agreement between metrics and of
        stability between replicates; tables of quality, of each pair of metrics and of stability.
    """
    from guided_retraining import report

    metrics = {name.removeprefix(PREFIX): values for name, values in scores.items()}
    drawn = {name for name in metrics if row_metric(name, metric_parameters[name]).per_seed}
    orders: dict[str, list[NDArray[np.int64]]] = {name: [] for name in metrics}
    faults, quality, pairs = [], [], []
    clean: dict[str, dict[int, NDArray[np.floating]]] = {name: {} for name in metrics if name not in drawn}
    shown: dict[str, NDArray[np.floating]] = {}
    for replicate in replicates:
        pool = pools[replicate]
        named = {name: np.asarray(metrics[name][replicate]) for name in clean}
        ranked = {
            name: rank(named.get(name, np.zeros(len(pool))), seed=(seed, replicate)) for name in metrics
        }
        wrong = np.asarray(probabilities[replicate]).argmax(axis=1) != pool.labels
        quality.append(report.quality_rows(ranked, named, wrong, pool.is_adversarial, replicate=replicate))
        pairs.append(report.pair_rows(ranked, named, replicate=replicate))
        faults.append(wrong)
        shown = shown or named
        for name, order in ranked.items():
            orders[name].append(order)
        for name, values in named.items():
            clean[name][replicate] = values[: pool.n_clean]  # the same inputs in every replicate
    together, agreement = pd.concat(quality, ignore_index=True), pd.concat(pairs, ignore_index=True)
    stability = report.stability_rows(clean)
    return (
        report.score_distributions(shown, pools[replicates[0]].is_adversarial),
        report.ranking_quality(orders, faults),
        report.agreement_figure(agreement),
        report.stability_figure(stability),
        together,
        agreement,
        stability,
    )
