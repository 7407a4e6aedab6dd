"""The cells of the study: for each configuration, order, budget and replicate a model retrained, measured and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from guided_retraining.machine.resources import CPU_SECONDS, WATT_HOURS, peak_memory_mb
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.initial import initial_weights
from guided_retraining.retraining.measure import measure
from guided_retraining.retraining.replicate import Replicate
from guided_retraining.retraining.trainer import FitCost, Trainer, lent_trainer
from guided_retraining.storage.claims import share
from guided_retraining.storage.fingerprint import fingerprint
from guided_retraining.storage.store import Store

# Part of each cell's fingerprint: raise it when a fit with equal arguments may end otherwise.
ENGINE_VERSION = 5


@dataclass(frozen=True, eq=False)
class Cell:
    """One model to retrain.

    Attributes:
        replicate: what it is computed from.
        start: whether training starts from newly drawn weights or from the original's.
        fit: how it is trained.
        n_inputs: its budget; 0 is the original model as it is.
        indices: ``(m,)`` sorted positions in the pool to train on.
    """

    replicate: Replicate
    start: Literal["fresh", "original"]
    fit: FitParameters
    n_inputs: int
    indices: NDArray[np.int64]

    @cached_property
    def key(self) -> str:
        """Its name in the store: a fingerprint of all it depends on.

        The metric is no part of it: two metrics that choose the same inputs share the cell, as all do at the whole
        pool. The original model (no inputs) is the same for every way of fitting.
        """
        if self.n_inputs == 0:
            return fingerprint(ENGINE_VERSION, self.replicate.fingerprint, "original model")
        return fingerprint(ENGINE_VERSION, self.replicate.fingerprint, self.fit, self.start, self.indices)


class FinishedCell(NamedTuple):
    """The position of a cell among those asked for, what was measured, and whether it was retrained here and now."""

    position: int
    record: dict[str, Any]
    fitted_now: bool


def finished(cells: Sequence[Cell], store: Store, *, at_once: int = 1) -> Iterator[FinishedCell]:
    """Every cell as it becomes available: found in the store, or retrained and kept there.

    Any number of processes may do this with one store; each cell is retrained by one of them.

    Args:
        cells: large ones are begun first, so that threads and processes end at about the same time.
        store: finished cells.
        at_once: cells retrained at the same time, each in a thread with a trainer of its own.

    Yields:
        One for each cell; one that another process is working on comes later than in its turn.
    """
    order = sorted(range(len(cells)), key=lambda position: -len(cells[position].indices))
    fitted: set[int] = set()

    def compute(turn: int) -> dict[str, Any]:
        fitted.add(turn)
        cell = cells[order[turn]]
        with lent_trainer(cell.replicate.original, cell.fit) as trainer:
            return retrain(cell, trainer)

    for turn, record in share(store, [cells[position].key for position in order], compute, workers=at_once):
        yield FinishedCell(order[turn], record, turn in fitted)


def retrain(cell: Cell, trainer: Trainer) -> dict[str, Any]:
    """Reset the model, fit it on the chosen inputs, measure it.

    Args:
        cell: with its inputs chosen.
        trainer: the caller's own for this long.

    Returns:
        Accuracies, right and wrong of each image, and costs, as the cell store keeps them.
    """
    replicate = cell.replicate
    with CPU_SECONDS.share() as cpu, WATT_HOURS.share() as energy:
        if cell.n_inputs == 0:
            trainer.model.set_weights(replicate.start)
            cost = FitCost(0.0, 0)
        else:
            fresh = cell.start == "fresh"
            weights = initial_weights(replicate.original, replicate.draws) if fresh else replicate.start
            pool = replicate.pool
            cost = trainer.fit(weights, pool, pool.labels, cell.indices, seed=replicate.draws)
    with CPU_SECONDS.share(), WATT_HOURS.share():  # so that it is not counted as that of a fit beside it
        measured = measure(trainer, replicate)
    fitted = cell.n_inputs > 0
    return {
        **measured,
        "fit_seconds": cost.seconds,
        "fit_cpu_seconds": cpu.used if fitted else 0.0,
        "epochs": cell.fit.epochs if fitted else 0,
        "samples_seen": cost.samples_seen,
        "gradient_passes": cost.samples_seen,
        "peak_memory_mb": peak_memory_mb(),
        "energy_wh": energy.used,
    }
