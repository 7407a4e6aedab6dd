"""Which cells of a study are done, missing or stale, by the same fingerprints that a run goes by.

Nothing is loaded that only a run needs: no model, no image, no deep-learning library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kedro.io import CatalogProtocol

from guided_retraining.machine.checks import backend_name
from guided_retraining.machine.limits import visible_gpus
from guided_retraining.machine.parallel import cores
from guided_retraining.machine.progress import duration
from guided_retraining.parameters.study import Study
from guided_retraining.retraining.curve import Curve
from guided_retraining.retraining.replicate import study_replicates
from guided_retraining.storage.store import Store

INPUTS = ("model", "train_pool", "validation_pool", "test_pool", "train_adversarial_table")
HEADINGS = ("configuration", "metric", "done", "missing")


@dataclass(frozen=True)
class StudyStatus:
    """How far a study is.

    Attributes:
        curves: configuration, metric, cells done, cells missing of each; a cell that several share is missing once.
        stale: cells in the store that no curve asks for any more.
        seconds_left: about how long a run still takes; None where nothing is missing, or nothing was done yet.
    """

    curves: list[tuple[str, str, int, int]]
    stale: int
    seconds_left: float | None

    @property
    def done(self) -> int:
        """Cells done."""
        return sum(curve[2] for curve in self.curves)

    @property
    def missing(self) -> int:
        """Cells missing."""
        return sum(curve[3] for curve in self.curves)

    def lines(self, dataset: str) -> Iterator[str]:
        """What a person reads.

        Args:
            dataset: its name.
        """
        left = f", about {duration(self.seconds_left)} left" if self.seconds_left is not None else ""
        yield f"{dataset}: {self.done} cells done, {self.missing} missing{left}; {self.stale} stale (kept, never used)"
        rows = [HEADINGS, *(tuple(map(str, curve)) for curve in self.curves)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            yield " ".join(text.rjust(width) for text, width in zip(row, widths, strict=True))


def study_status(dataset: str, study: Study, catalog: CatalogProtocol) -> StudyStatus | None:
    """Cells of each configuration and metric.

    Args:
        dataset: its name.
        study: its parameters.
        catalog: of the project.

    Returns:
        How far it is, or None before the scores of every replicate exist.
    """
    needed = [f"{dataset}.{name}" for name in INPUTS]
    scores = {metric: f"{dataset}.{metric}.scores" for metric in study.metrics}
    found = {name: catalog.load(name) for name in (*needed, *scores.values()) if catalog.exists(name)}
    if len(found) < len(needed) + len(scores):
        return None
    stored, train, validation, test, table = (found[name] for name in needed)
    drawn = [stored, train, validation, test, *(found[name] for name in scores.values()), set(table["seed"])]
    if any(set(study.replicates) - set(one) for one in drawn):
        return None
    models = {number: stored.datasets[number].unloaded() for number in study.replicates}
    retraining = study.ordering_retraining
    replicates = study_replicates(
        models, train, validation, test, study.replicates, study.seed, study.attack, retraining.reattack,
        table,
    )  # fmt: skip
    store: Store = catalog.load(f"{dataset}.cells")
    curves, asked = [], set()
    seconds, passes, passes_left = 0.0, 0.0, 0.0
    for name in retraining.configurations:
        for metric in study.orders(name):
            curve = Curve.of(
                retraining, study.training, study.attack, (name, metric), study.metrics[metric],
                study.model.feature_layer,
            )  # fmt: skip
            done = missing = 0
            taking_part = curve.configuration.replicates_of(metric, study.replicates)
            for replicate in replicates[: len(taking_part)]:
                for cell in curve.cells(replicate, found[scores[metric]][replicate.number]):
                    record = store.get(cell.key)
                    if record is not None:
                        done += 1
                        seconds += record["fit_seconds"]
                        passes += record["gradient_passes"]
                    elif cell.key not in asked:  # shared cells are waited for once
                        missing += 1
                        passes_left += cell.passes
                    asked.add(cell.key)
            curves.append((name, metric, done, missing))
    at_once = retraining.fits_at_once or _side_by_side()
    known = passes and passes_left
    return StudyStatus(
        curves,
        stale=len(set(store.keys()) - asked),
        seconds_left=passes_left * seconds / passes / at_once if known else None,
    )


def _side_by_side() -> int:
    """How many models a run fits at the same time, as far as that can be said without loading the backend."""
    one = visible_gpus() or backend_name() != "tensorflow"
    return 1 if one else cores()
