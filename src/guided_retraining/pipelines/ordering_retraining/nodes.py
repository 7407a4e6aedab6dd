"""One curve for each configuration and metric, then all of them in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.evaluation.outcomes import columns_in_order
from guided_retraining.guidance import row_metric
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import (
    AttackParameters,
    FitParameters,
    RetrainingParameters,
    retraining_fit,
)
from guided_retraining.storage.store import Store

if TYPE_CHECKING:
    from guided_retraining.guidance import Metric
    from guided_retraining.retraining.curve import CurveTask
    from guided_retraining.retraining.reattacks import Reattacks


def retrain_curve(
    model: Any,
    train_pool: LabelledPool,
    validation_pool: LabelledPool,
    test_pool: LabelledPool,
    scores: NDArray[np.floating],
    metric_parameters: dict[str, Any],
    study: RetrainingParameters,
    training: FitParameters,
    attack: AttackParameters,
    seed: int,
    cells: Store,
    *,
    name: str,
    metric: str,
) -> pd.DataFrame:
    """Accuracy against the number of retraining inputs, for one configuration and one metric.

    Args:
        model: the original model.
        train_pool: inputs to choose from.
        validation_pool: inputs to choose the budget on.
        test_pool: inputs to report on.
        scores: ``(n,)`` of the training pool.
        metric_parameters: of the metric.
        study: budgets, seeds and configurations.
        training: how the original model was fitted.
        attack: the study's attacks, which are repeated on the retrained models.
        seed: of the study.
        cells: finished cells; none is computed twice.
        name: of the configuration.
        metric: key of the metric.

    Returns:
        One row for each budget and seed.
    """
    from guided_retraining.machine.backend import side_by_side
    from guided_retraining.machine.progress import Ticker
    from guided_retraining.retraining.cells import CellInputs, CellRunner
    from guided_retraining.retraining.curve import selections
    from guided_retraining.retraining.shared import lender, shared_initial_weights

    task = curve_task(name, row_metric(metric, metric_parameters), study, training, seed)
    reattacks = reattacks_of(study, attack, test_pool, seed)
    runner = CellRunner(
        CellInputs(model, train_pool, validation_pool, test_pool, reattacks),
        store=cells,
        lend=lender(model),
        initial=shared_initial_weights(model),
        fits_at_once=study.fits_at_once or side_by_side(),
    )
    todo = selections(task, scores, train_pool)
    pool_size = max(selection.n_inputs for selection in todo)
    found: dict[tuple[int, int], dict[str, Any]] = {}
    work = sum(len(selection.indices) for selection in todo)
    with Ticker(f"{name} {metric}", len(todo), work=work) as ticker:
        for position, cell, fitted_now in runner.run_all(task, todo):
            selection, accuracy = todo[position], cell["accuracy_combined"]
            found[selection.n_inputs, selection.seed] = cell
            note = f"accuracy {accuracy:.3f} with {selection.n_inputs} inputs"
            ticker.tick(
                len(found), note, accuracy=accuracy, found=not fitted_now, work=len(selection.indices)
            )
    rows = [
        {
            "configuration": name,
            "metric": metric,
            "seed": selection.seed,
            "n_inputs": selection.n_inputs,
            "pool_size": pool_size,
            **found[selection.n_inputs, selection.seed],
        }
        for selection in todo
    ]
    return pd.DataFrame(rows)


def curve_task(
    name: str, metric: Metric, study: RetrainingParameters, training: FitParameters, seed: int
) -> CurveTask:
    """What one curve does, from the parameters.

    Args:
        name: of the configuration.
        metric: its row.
        study: budgets, seeds and configurations.
        training: how the original model was fitted.
        seed: of the study.
    """
    from guided_retraining.retraining.curve import CurveTask

    configuration = study.configurations[name]
    assert configuration is not None  # switched-off rows are gone after validation
    return CurveTask(
        configuration=configuration,
        fit=retraining_fit(training, study, configuration),
        seeds=study.seeds,
        budgets=study.budgets,
        study_seed=seed,
        per_seed_scores=metric.per_seed,
    )


def reattacks_of(
    study: RetrainingParameters, attack: AttackParameters, test_pool: LabelledPool, seed: int
) -> Reattacks:
    """What each retrained model is attacked with, from the parameters."""
    from guided_retraining.retraining.reattacks import Reattacks, repeated_attacks

    repeated = repeated_attacks(attack.attacks, study.reattack)
    return Reattacks(repeated, test_pool, n_test=study.reattack.n_test, seed=seed)


def stack(*curves: pd.DataFrame) -> pd.DataFrame:
    """Several tables of cells as one."""
    return pd.concat(curves, ignore_index=True)


def finish_results(*tables: pd.DataFrame, dataset: str) -> pd.DataFrame:
    """The results table of a data set, its columns in the documented order; those it does not know come last.

    Args:
        tables: of the configurations.
        dataset: its name.

    Returns:
        One row for each cell.
    """
    results = stack(*tables)
    results.insert(0, "dataset", dataset)
    for column in ("accuracy_reattacked", "accuracy_unseen"):
        if column not in results:
            results[column] = np.nan
    results["energy_wh"] = results["energy_wh"].astype(float)
    known = [*LEADING_COLUMNS, *columns_in_order(list(results.columns)), *TRAILING_COLUMNS]
    return results[[*known, *(column for column in results if column not in known)]]


LEADING_COLUMNS = ["dataset", "configuration", "metric", "seed", "n_inputs", "pool_size"]
TRAILING_COLUMNS = [
    "validation_accuracy_combined",
    "fit_seconds",
    "fit_cpu_seconds",
    "epochs",
    "samples_seen",
    "peak_memory_mb",
    "energy_wh",
]
