"""Which cells of a study are done, missing or stale, by the same fingerprints that a run goes by."""

from __future__ import annotations

import pandas as pd
from kedro.io import CatalogProtocol

from guided_retraining.guidance import row_metric
from guided_retraining.parameters.study import Study
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
    from guided_retraining.retraining.curve import Curve
    from guided_retraining.retraining.replicate import study_replicates

    needed = [f"{dataset}.{name}" for name in ("model", "train_pool", "validation_pool", "test_pool")]
    scores = {metric: f"{dataset}.{metric}.scores" for metric in study.metrics}
    found = {name: catalog.load(name) for name in (*needed, *scores.values()) if catalog.exists(name)}
    if len(found) < len(needed) + len(scores) or any(
        set(study.replicates) - set(one) for one in found.values()
    ):
        return None
    store: Store = catalog.load(f"{dataset}.cells")
    retraining = study.ordering_retraining
    models, train, validation, test = (found[name] for name in needed)
    replicates = study_replicates(
        models, train, validation, test, study.replicates, study.seed, study.attack, retraining.reattack
    )
    rows, asked, spent = [], set(), [0.0, 0]
    counted: set[str] = set()
    for name in retraining.configurations:
        for metric, parameters in study.metrics.items():
            drawn = row_metric(metric, parameters).per_seed
            curve = Curve(
                retraining.configuration(name),
                retraining.fit(study.training, name),
                retraining.budgets,
                drawn,
            )
            done = missing = samples = 0
            for replicate in replicates:
                for cell in curve.cells(replicate, found[scores[metric]][replicate.number]):
                    asked.add(cell.key)
                    record = store.get(cell.key)
                    done += record is not None
                    if record is None and cell.key not in counted:  # shared cells are waited for once
                        missing += 1
                        samples += len(cell.indices) * cell.fit.epochs
                    elif record is not None:
                        spent[0] += record["fit_seconds"]
                        spent[1] += record["samples_seen"]
                    counted.add(cell.key)
            rows.append((name, metric, done, missing, samples))
    table = pd.DataFrame(rows, columns=["configuration", "metric", "done", "missing", "samples_left"])
    at_once = study.ordering_retraining.fits_at_once or side_by_side()
    rate = spent[0] / spent[1] / at_once if spent[1] else float("nan")
    table["seconds_left"] = table.pop("samples_left") * rate
    table.attrs["stale"] = len(set(store.keys()) - asked)
    return table
