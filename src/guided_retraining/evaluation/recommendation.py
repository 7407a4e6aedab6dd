"""All that the answer says: chosen on validation data, reported on test data with intervals, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from guided_retraining.errors import InputError
from guided_retraining.evaluation.choice import choose
from guided_retraining.evaluation.contrasts import compare_with_baseline
from guided_retraining.evaluation.curves import measured
from guided_retraining.evaluation.findings import Choice, Forgetting, Recommendation
from guided_retraining.evaluation.forgetting import forgetting
from guided_retraining.evaluation.models import Cell, StudyTables
from guided_retraining.evaluation.outcomes import OUTCOMES, attack_of
from guided_retraining.evaluation.prices import prices
from guided_retraining.evaluation.wording import attack_name, configuration_label, metric_name

__all__ = ["recommend"]


def recommend(
    results: pd.DataFrame,
    *,
    costs: pd.DataFrame | None = None,
    correctness: pd.DataFrame | None = None,
    labels: ArrayLike | None = None,
    n_images: Mapping[str, int] | None = None,
    words: Mapping[str, str] | None = None,
    hardening: Mapping[str, str] | None = None,
    own_model: bool = False,
    choose_by: str = "robust",
    margin: float = 0.02,
    alpha: float = 0.05,
    baseline: str = "random",
) -> Recommendation:
    """Recommend what to retrain on, and say how good, how sure and how costly that is.

    Args:
        results: the results table of one data set (columns in ``docs/statistics.md``).
        costs: ``stage, item, seconds``; scoring is read from the stage ``metrics``.
        correctness: right or wrong of each test image, packed, as in ``right_of``; without it intervals rest on
            ``n_images``, and nothing is said of forgetting.
        labels: ``(n_test,)`` true classes of the clean test images; needed with ``correctness``.
        n_images: test images that an accuracy was measured on, by the end of its column, such as ``clean``.
        words: what each configuration does, by key.
        hardening: the strategy of each configuration, by key; plain retraining where none is named.
        own_model: whether all replicates start from one model of the user's own.
        choose_by: the primary kind of accuracy, ``robust`` or ``combined``.
        margin: the largest loss of accuracy against the whole pool that counts as none, in (0, 1).
        alpha: error rate of the choice and of the comparison of metrics, in (0, 1); intervals have 1 - alpha.
        baseline: the ordering that needs no ranking.

    Returns:
        The recommendation, safe for JSON.

    Raises:
        ParameterError: an argument out of its bounds.
        InputError: if the results lack a column or any validation accuracy, or mix data sets; if ``correctness`` comes
            without labels.
    """
    if correctness is not None and labels is None:
        raise InputError("Correctness: give the labels of the clean test images too (labels=...).")
    rule = {"margin": margin, "alpha": alpha}
    choice = choose(results, costs=costs, hardening=hardening, choose_by=choose_by, baseline=baseline, **rule)
    tables = StudyTables(
        results=results,
        costs=costs,
        correctness=correctness,
        labels=None if labels is None else np.asarray(labels),
        n_images=n_images or {},
        confidence=1 - alpha,
        baseline=baseline,
        hardening=hardening or {},
    )
    cells = {name: one for name, one in _cells(choice).items() if len(tables.rows(one))}
    chosen = cells["recommended"]
    outcome = next((key for key in choice["outcomes"] if measured(results, OUTCOMES[key].column)), "combined")
    attacks = _attacks(results)
    return Recommendation(
        dataset=str(results["dataset"].iloc[0]),
        words=dict(words or {}),
        hardening=dict(hardening or {}),
        claim="for this model" if own_model else "for this data set, architecture and attacks",
        confidence=1 - alpha,
        choice=choice,
        models={name: tables.numbers(one) for name, one in cells.items()},
        differences={name: tables.differences(chosen, one) for name, one in cells.items() if one != chosen},
        contrasts=compare_with_baseline(
            results, outcome=outcome, baseline=baseline, words=words, margin=margin, alpha=alpha
        ),
        prices=prices(tables, choice, outcome),
        forgetting=_forgetting(tables, cells),
        attacks=attacks,
        notes=[
            *choice["notes"],
            *_notes(choice, attacks, own_model=own_model),
            *_fell_apart(results, tables.rows(chosen), words or {}),
        ],
    )


def _cells(choice: Choice) -> dict[str, Cell]:
    """The models of the table of four, and the next smaller budget where the whole pool is recommended."""
    strategy, baseline, n_inputs = choice["strategy"], choice["baseline"], choice["n_inputs"]
    original = Cell(None, None, 0)
    whole_pool = Cell(strategy, None, choice["pool_size"])
    recommended = {
        "original": original,
        "whole pool": whole_pool,
        "random inputs": Cell(strategy, baseline, n_inputs),
        "ranked inputs": Cell(strategy, choice["metric"], n_inputs),
    }[choice["action"]]
    cells = {"original": original, "recommended": recommended, "whole_pool": whole_pool}
    if choice["action"] == "ranked inputs":
        cells["random"] = Cell(strategy, baseline, n_inputs)
    if choice["action"] == "whole pool" and choice["steps"]:
        cells["fewer"] = Cell(strategy, baseline, max(step["n_inputs"] for step in choice["steps"]))
    return cells


def _forgetting(tables: StudyTables, cells: Mapping[str, Cell]) -> Forgetting | None:
    if "original" not in cells or cells["original"] == cells["recommended"] or tables.labels is None:
        return None
    before, after = (tables.right("clean", cells[name]) for name in ("original", "recommended"))
    if before is None or after is None or before.index.intersection(after.index).empty:
        return None
    return forgetting(before, after, tables.labels)


def _attacks(results: pd.DataFrame) -> dict[str, list[str]]:
    """The attacks behind each kind of accuracy, from the columns that were measured."""
    found: dict[str, list[str]] = {}
    for column in map(str, results):
        outcome, attack = attack_of(column)
        if outcome is not None and attack is not None and measured(results, column):
            found.setdefault(outcome.key, []).append(attack)
    return found


def _notes(choice: Choice, attacks: Mapping[str, list[str]], *, own_model: bool) -> list[str]:
    notes = []
    left_out = sorted(set(attacks.get("replayed", [])) - set(attacks.get("robust", [])))
    if left_out and attacks.get("robust"):
        names = " and ".join(attack_name(attack) for attack in left_out)
        notes.append(
            f"Replayed and combined accuracy include {names}, robust accuracy does not: do not set one against the "
            "other."
        )
    if own_model:
        notes.append(
            "All replicates start from your own model, so each metric ranks by that model's scores alone: a difference "
            f"between a metric and {metric_name(choice['baseline'])} is a claim about this model's ranking, not about "
            "the metric."
        )
    return notes


def _fell_apart(results: pd.DataFrame, recommended: pd.DataFrame, words: Mapping[str, str]) -> list[str]:
    """Which one-step adversarial training ended as a model that stands one step and nothing else."""
    column = "catastrophic_overfitting"
    if column not in results:
        return []
    said = []
    for key, rows in results[results[column] > 0].groupby("configuration", sort=True):
        fell, all_of_it = rows["seed"].nunique(), results[results["configuration"] == key]
        said.append(
            f"With {configuration_label(str(key), words)}, training fell apart in {fell} of "
            f"{all_of_it['seed'].nunique()} replicates (catastrophic overfitting): those models stand the one step "
            "that they were trained on, and not several. Several steps (steps), shorter ones (step_size) or a "
            "smaller eps avoid it."
        )
    if said and column in recommended and bool((recommended[column] > 0).any()):
        fell = int((recommended[column] > 0).sum())
        said.append(
            f"Of the recommended models themselves, {fell} of {len(recommended)} fell apart in this way."
        )
    return said
