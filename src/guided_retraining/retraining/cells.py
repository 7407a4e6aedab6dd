"""The cells of the study: for each configuration, order, budget and replicate a model retrained, measured and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from guided_retraining.machine.resources import CPU_SECONDS, WATT_HOURS, peak_memory_mb
from guided_retraining.parameters.names import imported
from guided_retraining.parameters.strategies import PLAIN, STRATEGIES
from guided_retraining.retraining.cell import Cell
from guided_retraining.retraining.initial import start_weights
from guided_retraining.retraining.measure import measure
from guided_retraining.retraining.trainer import FitCost, Trainer, lent_trainer
from guided_retraining.storage.claims import share
from guided_retraining.storage.store import Store


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
    order = sorted(range(len(cells)), key=lambda position: -cells[position].passes)
    fitted: set[int] = set()

    def compute(turn: int) -> dict[str, Any]:
        fitted.add(turn)
        cell = cells[order[turn]]
        with lent_trainer(cell.replicate.original, cell.fit) as trainer:
            return retrain(cell, trainer)

    for turn, record in share(store, [cells[position].key for position in order], compute, workers=at_once):
        yield FinishedCell(order[turn], record, turn in fitted)


def fit_chosen(cell: Cell, trainer: Trainer) -> FitCost:
    """Retrain on the inputs that a cell has chosen, each in every epoch.

    Args:
        cell: with its inputs chosen.
        trainer: the caller's own for this long.
    """
    pool, seed = cell.replicate.pool, cell.replicate.draws
    return trainer.fit(start_weights(cell), pool, pool.labels, cell.indices, seed=seed)


def retrain(cell: Cell, trainer: Trainer) -> dict[str, Any]:
    """Harden the model by the cell's strategy, from its start weights on, and measure it.

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
            strategy = STRATEGIES[PLAIN if cell.hardening is None else cell.hardening.strategy]
            cost = imported("strategy", strategy.target)(cell, trainer)
            trainer.synchronise()
    with CPU_SECONDS.share(), WATT_HOURS.share():  # so that it is not counted as that of a fit beside it
        measured = measure(trainer, replicate)
    fitted = cell.n_inputs > 0
    return {
        **measured,
        "fit_seconds": cost.seconds,
        "fit_cpu_seconds": cpu.used if fitted else 0.0,
        "epochs": cost.samples_seen / len(cell.indices) if fitted else 0,
        "samples_seen": cost.samples_seen,
        "gradient_passes": cost.samples_seen + cost.other_passes,
        **cost.notes,
        "peak_memory_mb": peak_memory_mb(),
        "energy_wh": energy.used,
    }
