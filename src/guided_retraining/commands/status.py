"""Which cells of a study are done, missing or stale, by the same fingerprints that a run goes by."""

from __future__ import annotations

import pandas as pd
from kedro.io import CatalogProtocol

from guided_retraining.guidance import row_metric
from guided_retraining.parameters.study import Study
from guided_retraining.pipelines.ordering_retraining.nodes import curve_task, reattacks_of
from guided_retraining.storage.store import Store


def study_status(dataset: str, study: Study, catalog: CatalogProtocol) -> pd.DataFrame | None:
    """Cells of each configuration and metric.

    Args:
        dataset: its name.
        study: its parameters.
        catalog: of the session.

    Returns:
        ``configuration, metric, done, missing, seconds_left``, or None before the scores exist; cells in the store
        that no curve asks for any more are the ``stale`` attribute of the table's ``attrs``.
    """
    from guided_retraining.machine.backend import side_by_side
    from guided_retraining.retraining.cells import CellInputs
    from guided_retraining.retraining.curve import selections

    needed = [f"{dataset}.{name}" for name in ("model", "train_pool", "validation_pool", "test_pool")]
    needed += [f"{dataset}.{metric}.scores" for metric in study.metrics]
    if not all(catalog.exists(name) for name in needed):
        return None
    model, pool, validation, test = (catalog.load(name) for name in needed[:4])
    store: Store = catalog.load(f"{dataset}.cells")
    reattacks = reattacks_of(study.ordering_retraining, study.attack, test, study.seed)
    inputs = CellInputs(model, pool, validation, test, reattacks)
    rows, asked, spent = [], set(), [0.0, 0]
    counted: set[str] = set()
    for name in study.ordering_retraining.configurations:
        for metric in study.metrics:
            row = row_metric(metric, study.metrics[metric])
            task = curve_task(name, row, study.ordering_retraining, study.training, study.seed)
            done = missing = samples = 0
            for selection in selections(task, catalog.load(f"{dataset}.{metric}.scores"), pool):
                key = inputs.key(task, selection)
                asked.add(key)
                cell = store.get(key)
                done += cell is not None
                if cell is None and key not in counted:  # shared cells are waited for once
                    missing += 1
                    samples += len(selection.indices) * task.fit.epochs
                elif cell is not None:
                    spent[0] += cell["fit_seconds"]
                    spent[1] += cell["samples_seen"]
                counted.add(key)
            rows.append((name, metric, done, missing, samples))
    table = pd.DataFrame(rows, columns=["configuration", "metric", "done", "missing", "samples_left"])
    at_once = study.ordering_retraining.fits_at_once or side_by_side()
    rate = spent[0] / spent[1] / at_once if spent[1] else float("nan")
    table["seconds_left"] = table.pop("samples_left") * rate
    table.attrs["stale"] = len(set(store.keys()) - asked)
    return table
