"""What to retrain on: chosen on validation data by a rule whose error rate is known (``docs/statistics.md``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.evaluation.cost import cost_of
from guided_retraining.evaluation.curves import cell, check_results, measured
from guided_retraining.evaluation.findings import Action, Choice, Difference
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.steps import FEWEST_REPLICATES, fewest_accepted, gain_over, steps_down
from guided_retraining.evaluation.terms import PLAIN, strategy_of
from guided_retraining.evaluation.wording import number, seconds

__all__ = ["choose"]


def choose(
    results: pd.DataFrame,
    *,
    costs: pd.DataFrame | None = None,
    hardening: Mapping[str, str] | None = None,
    choose_by: str = "robust",
    margin: float = 0.02,
    alpha: float = 0.05,
    baseline: str = "random",
) -> Choice:
    """Choose strategy, budget and ordering on validation data, and measure the same on test data.

    Args:
        results: the results table of one data set (columns in ``docs/statistics.md``).
        costs: ``stage, item, seconds``; without them no metric is named, since none is shown to be cheaper.
        hardening: the strategy of each configuration, by key; plain retraining where none is named.
        choose_by: the primary kind of accuracy, ``robust`` or ``combined``.
        margin: the largest loss of accuracy against the whole pool that counts as none, in (0, 1).
        alpha: error rate of the choice, in (0, 1).
        baseline: the ordering that needs no ranking.

    Returns:
        The choice, safe for JSON.

    Raises:
        ParameterError: an argument out of its bounds.
        InputError: if the results lack a column or any validation accuracy, or mix data sets.
    """
    _check_arguments(choose_by, margin, alpha)
    check_results(results)
    notes: list[str] = []
    outcomes = _outcomes(results, choose_by, notes)
    results = _usable(results, outcomes, notes)
    primary = OUTCOMES[outcomes[0]].validation_column

    # 1. The strategy: the best mean at the whole pool.
    strategies = {
        str(configuration): float(_whole_pool(rows)[primary].mean())
        for configuration, rows in results.groupby("configuration", sort=True)
    }
    configuration = max(strategies, key=lambda key: strategies[key])
    whole_pool = _whole_pool(results[results["configuration"] == configuration])
    n_replicates, pool_size = len(whole_pool), int(whole_pool["pool_size"].iloc[0])

    # Does retraining help at all? The best of several strategies was picked, so they share alpha.
    gain = gain_over(cell(results, None, None, 0), whole_pool, primary, alpha / len(strategies))
    keep = _not_shown_to_help(gain, notes)

    # 2. Budgets from the largest down, as long as they are not inferior to the whole pool.
    steps = steps_down(
        results, configuration, outcomes, on="validation", margin=margin, alpha=alpha, baseline=baseline
    )
    accepted = fewest_accepted(steps)

    # 3. A metric is named only where it needs fewer inputs than random and costs less, scoring included.
    n_random = accepted.get(baseline) or pool_size
    apart = strategy_of(hardening or {}, configuration).key == PLAIN
    metric, not_named = _worth_ranking(
        results, costs, configuration, accepted, n_random, baseline, scored_apart=apart
    )

    # 4. If nothing passed: the whole pool.
    n_inputs = n_random if metric is None else accepted[metric] or pool_size
    action: Action = "whole pool" if n_inputs == pool_size else "random inputs"
    if metric is not None:
        action = "ranked inputs"
    return Choice(
        action="original" if keep else action,
        configuration=None if keep else configuration,
        metric=None if keep else metric,
        n_inputs=0 if keep else n_inputs,
        pool_size=pool_size,
        n_replicates=n_replicates,
        descriptive=n_replicates < FEWEST_REPLICATES,
        asked=choose_by,
        outcomes=outcomes,
        margin=margin,
        alpha=alpha,
        baseline=baseline,
        strategy=configuration,
        strategies=strategies,
        gain=gain,
        accepted=accepted,
        steps=steps,
        # 5. Then once on test data, where nothing is chosen.
        test_steps=steps_down(
            results, configuration, outcomes, on="test", margin=margin, alpha=alpha, baseline=baseline
        ),
        not_named=not_named,
        notes=notes,
    )


def _whole_pool(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["n_inputs"] == rows["pool_size"]].drop_duplicates("seed").set_index("seed").sort_index()


def _check_arguments(choose_by: str, margin: float, alpha: float) -> None:
    if choose_by not in ("robust", "combined"):
        raise ParameterError(f"choose_by: expected 'robust' or 'combined', found '{choose_by}'.")
    for name, value in (("margin", margin), ("alpha", alpha)):
        if not 0 < value < 1:
            raise ParameterError(f"{name}: expected a share in (0, 1), such as 0.02, found {value}.")


def _outcomes(results: pd.DataFrame, choose_by: str, notes: list[str]) -> list[str]:
    """The primary kind of accuracy and clean accuracy, as far as they were measured on validation data."""
    primary = choose_by
    if choose_by == "robust" and not measured(results, OUTCOMES["robust"].validation_column):
        primary = "combined"
        notes.append(
            "No attack was made anew against the retrained models on validation images, so the choice rests on clean "
            "inputs and inputs made against the original model: it says nothing of attacks on the hardened model."
        )
    if not measured(results, OUTCOMES[primary].validation_column):
        raise InputError(
            f"Results: column {OUTCOMES[primary].validation_column} holds no value, so nothing can be chosen. Keep a "
            "validation split; a choice on test data would make the reported accuracy too good."
        )
    if measured(results, OUTCOMES["clean"].validation_column):
        return [primary, "clean"]
    notes.append("Clean accuracy was not measured on validation data, so it had no say in the choice.")
    return [primary]


def _usable(results: pd.DataFrame, outcomes: Sequence[str], notes: list[str]) -> pd.DataFrame:
    """The replicates in which the whole pool of every configuration was measured."""
    whole = results[results["n_inputs"] == results["pool_size"]]
    columns = [OUTCOMES[key].validation_column for key in outcomes]
    complete = whole.dropna(subset=columns).groupby("seed")["configuration"].nunique()
    usable = complete.index[complete == results["configuration"].nunique()]
    left_out = sorted(set(results["seed"]) - set(usable))
    if not len(usable):
        raise InputError(
            "Results: no replicate holds the whole-pool cell of every configuration; run the pipeline "
            "ordering_retraining to its end."
        )
    if left_out:
        notes.append(
            f"Left out of the choice, since their whole-pool cells are not complete: replicates {left_out}."
        )
    return results[results["seed"].isin(usable)]


def _not_shown_to_help(gain: Difference | None, notes: list[str]) -> bool:
    """Whether the original model is to be kept: hardening must be shown, or with few replicates seen, to help."""
    if gain is None or gain["mean"] is None:
        notes.append(
            "The original model was not measured beside the retrained ones, so the gain over it is not known."
        )
        return False
    return gain["mean"] <= 0 if gain["low"] is None else gain["low"] <= 0


def _worth_ranking(
    results: pd.DataFrame,
    costs: pd.DataFrame | None,
    configuration: str,
    accepted: Mapping[str, int | None],
    n_random: int,
    baseline: str,
    *,
    scored_apart: bool,
) -> tuple[str | None, dict[str, str]]:
    """The cheapest metric that needs fewer inputs and less money than random, and why others are not named."""
    whole = n_random == results.loc[results["configuration"] == configuration, "pool_size"].iloc[0]
    against = cost_of(
        results, costs, configuration, None if whole else baseline, n_random, baseline=baseline
    )["total_seconds"]
    named, not_named = {}, {}
    for metric, n_inputs in accepted.items():
        if metric == baseline or n_inputs is None or n_inputs >= n_random:
            continue
        total = cost_of(results, costs, configuration, metric, n_inputs, scored_apart=scored_apart)[
            "total_seconds"
        ]
        if total is None or against is None:
            not_named[metric] = f"{number(n_inputs)} inputs are enough, but what it costs is not known"
        elif total >= against:
            not_named[metric] = (
                f"{number(n_inputs)} inputs are enough, but with scoring they take {seconds(total)}, "
                f"{number(n_random)} inputs without ranking {seconds(against)}"
            )
        else:
            named[metric] = total
    return (min(named, key=lambda key: named[key]) if named else None), not_named
