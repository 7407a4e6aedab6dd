"""One curve for each configuration and metric, then all of them in one table."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.evaluation.outcomes import columns_in_order
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import (
    AttackParameters,
    FitParameters,
    ModelParameters,
    RetrainingParameters,
)
from guided_retraining.storage.store import Store


def retrain_curve(
    models: Mapping[int, Any],
    train_pools: Mapping[int, LabelledPool],
    validation_pools: Mapping[int, LabelledPool],
    test_pools: Mapping[int, LabelledPool],
    train_table: pd.DataFrame,
    scores: Mapping[int, NDArray[np.floating]],
    replicates: tuple[int, ...],
    seed: int,
    study: RetrainingParameters,
    training: FitParameters,
    attack: AttackParameters,
    model: ModelParameters,
    metric: dict[str, Any],
    cells: Store,
    *,
    names: tuple[str, str],
) -> pd.DataFrame:
    """Accuracy against the number of retraining inputs, for one configuration and one metric.

    Args:
        models: the original model of each replicate.
        train_pools: inputs to choose from.
        validation_pools: inputs to choose the budget on.
        test_pools: inputs to report on.
        train_table: adversarial table of the training pools: what their attacks took.
        scores: ``(n,)`` of each training pool.
        replicates: which there are.
        seed: of the study.
        study: budgets and configurations.
        training: how the original models were fitted.
        attack: the study's attacks, which are repeated on the retrained models.
        model: whose activations metrics read.
        metric: its parameters.
        cells: finished cells; none is computed twice.
        names: of the configuration and of the metric.

    Returns:
        One row for each replicate and budget.
    """
    from guided_retraining.machine.backend import side_by_side
    from guided_retraining.machine.progress import Ticker
    from guided_retraining.retraining.cells import finished
    from guided_retraining.retraining.curve import Curve
    from guided_retraining.retraining.replicate import study_replicates

    curve = Curve.of(study, training, attack, names, metric, model.feature_layer)
    pools = train_pools, validation_pools, test_pools
    taking_part = curve.configuration.replicates_of(names[1], replicates)
    todo = [
        cell
        for replicate in study_replicates(
            models, *pools, taking_part, seed, attack, study.reattack, train_table
        )
        for cell in curve.cells(replicate, scores[replicate.number])
    ]
    found: dict[int, dict[str, Any]] = {}
    with Ticker(" ".join(names), len(todo), work=sum(cell.passes for cell in todo)) as ticker:
        for position, record, fitted_now in finished(
            todo, cells, at_once=study.fits_at_once or side_by_side()
        ):
            cell, accuracy = todo[position], record["accuracy_combined"]
            found[position] = record
            note = f"accuracy {accuracy:.3f} with {cell.n_inputs} inputs"
            ticker.tick(len(found), note, accuracy=accuracy, found=not fitted_now, work=cell.passes)
    rows = [
        {
            "seed": cell.replicate.number,
            "n_inputs": cell.n_inputs,
            "attacked": b64encode(cell.replicate.attacked_test.astype("<i4").tobytes()).decode("ascii"),
            **found[position],
            "price_gradient_passes": found[position]["gradient_passes"] + curve.paid_before(cell),
        }
        for position, cell in enumerate(todo)
    ]
    table = pd.DataFrame(rows)
    return table.assign(configuration=names[0], metric=names[1], pool_size=table["n_inputs"].max())


def stack(*curves: pd.DataFrame) -> pd.DataFrame:
    """Several tables of cells as one."""
    return pd.concat(curves, ignore_index=True)


def finish_results(*tables: pd.DataFrame, dataset: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The results table of a data set, its columns in the documented order, and what each model gets right.

    Args:
        tables: of the configurations.
        dataset: its name.

    Returns:
        One row for each cell, twice: numbers; and right or wrong of each test image, ``right_clean`` of all,
        ``right_robust`` and ``right_unseen`` of those at the positions ``attacked`` (int32), as packed bits.
    """
    together = stack(*tables).assign(dataset=dataset)
    bits = [column for column in map(str, together) if column.startswith("right_")]
    results = together.drop(columns=["attacked", *bits])
    for column in ("accuracy_robust", "accuracy_unseen", "validation_accuracy_robust"):
        if column not in results:
            results[column] = np.nan
    results["energy_wh"] = results["energy_wh"].astype(float)
    leading = [*LEADING_COLUMNS, *columns_in_order([str(column) for column in results])]
    correctness = together[[*KEY_COLUMNS, "attacked"]].copy()
    for column in ("attacked", *bits):
        correctness[column] = together[column].map(b64decode)
    return results[[*leading, *(column for column in results if column not in leading)]], correctness


KEY_COLUMNS = ["configuration", "metric", "seed", "n_inputs"]
LEADING_COLUMNS = ["dataset", *KEY_COLUMNS, "pool_size"]
