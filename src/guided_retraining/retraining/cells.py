"""The cells of the study: one retrained and evaluated model for each budget and seed, kept once it is finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from guided_retraining.evaluation import accuracies
from guided_retraining.images.pool import LabelledPool
from guided_retraining.machine.resources import CPU_SECONDS, WATT_HOURS, peak_memory_mb
from guided_retraining.models.forward import predicted_labels
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.curve import CurveTask, Selection
from guided_retraining.retraining.initial import InitialWeights
from guided_retraining.retraining.reattacks import Reattacks
from guided_retraining.retraining.trainer import FitCost, Trainer
from guided_retraining.storage.claims import share
from guided_retraining.storage.fingerprint import fingerprint
from guided_retraining.storage.store import Store

# Part of each cell's fingerprint: raise it when a fit with equal arguments may end otherwise.
ENGINE_VERSION = 5


@dataclass(frozen=True)
class CellInputs:
    """What all cells of a study are computed from.

    Attributes:
        original: the model before retraining.
        pool: training inputs, clean then adversarial.
        validation: inputs to choose on.
        test: inputs to report on.
        reattacks: attacks made anew against each model.
    """

    original: Any
    pool: LabelledPool
    validation: LabelledPool
    test: LabelledPool
    reattacks: Reattacks

    @cached_property
    def start(self) -> list[Any]:
        """The original model's weights."""
        return list(self.original.get_weights())

    @cached_property
    def fingerprint(self) -> str:
        """Of all of it, and of the engine."""
        pools = [part.fingerprint for part in (self.pool, self.validation, self.test)]
        return fingerprint(ENGINE_VERSION, self.original.to_json(), *self.start, *pools, self.reattacks.key)

    def key(self, task: CurveTask, selection: Selection) -> str:
        """The name of a cell: a fingerprint of all it depends on.

        The metric is no part of it: two metrics that choose the same inputs share the cell, as all do at the whole
        pool. The original model (no inputs) is the same for every seed and way of fitting.

        Args:
            task: its curve.
            selection: its inputs.
        """
        if selection.n_inputs == 0:
            return fingerprint(self.fingerprint, "original model")
        return fingerprint(
            self.fingerprint,
            task.fit,
            task.configuration.start,
            [task.study_seed, selection.seed],
            selection.indices,
        )


class FinishedCell(NamedTuple):
    """A cell of a curve, its position among those asked for, and whether it was fitted here and now."""

    position: int
    cell: dict[str, Any]
    fitted_now: bool


class CellRunner:
    """Fits and evaluates cells, or finds them finished in the store.

    Args:
        inputs: what the cells are computed from.
        store: finished cells.
        lend: gives a trainer for fit parameters, the caller's own for a ``with`` block.
        initial: new weights for a seed, for configurations that do not start from the original's.
        fits_at_once: cells fitted at the same time, each in a thread with a trainer of its own.
    """

    def __init__(
        self,
        inputs: CellInputs,
        *,
        store: Store,
        lend: Callable[[FitParameters], AbstractContextManager[Trainer]],
        initial: InitialWeights,
        fits_at_once: int = 1,
    ) -> None:
        self.inputs, self.store = inputs, store
        self.lend, self.initial, self.fits_at_once = lend, initial, fits_at_once
        self.attack_names = sorted(set(inputs.test.attacks.tolist()))

    def run(self, task: CurveTask, selection: Selection) -> dict[str, Any]:
        """One finished cell: from the store, or fitted, evaluated and kept."""
        return next(self.run_all(task, [selection])).cell

    def run_all(self, task: CurveTask, chosen: Sequence[Selection]) -> Iterator[FinishedCell]:
        """Finished cells as they become available, each computed by one of those that share the store.

        Args:
            task: the curve.
            chosen: its cells. Large ones are begun first, so that threads and processes end at about the same time.

        Yields:
            One for each selection; a cell that another process is fitting comes later than in its turn.
        """
        order = sorted(range(len(chosen)), key=lambda position: -len(chosen[position].indices))
        keys = [self.inputs.key(task, chosen[position]) for position in order]
        fitted: set[int] = set()

        def compute(turn: int) -> dict[str, Any]:
            fitted.add(turn)
            return self._compute(task, chosen[order[turn]])

        finished = share(self.store, keys, compute, workers=self.fits_at_once)
        return (FinishedCell(order[turn], cell, turn in fitted) for turn, cell in finished)

    def _compute(self, task: CurveTask, selection: Selection) -> dict[str, Any]:
        with self.lend(task.fit) as trainer:
            with CPU_SECONDS.share() as cpu, WATT_HOURS.share() as energy:
                cost = self._fit(trainer, task, selection)
            # metered too, so that it is not counted as that of a fit beside it
            with CPU_SECONDS.share(), WATT_HOURS.share():
                measured = self._evaluate(trainer)
        fitted = selection.n_inputs > 0
        return {
            **measured,
            "fit_seconds": cost.seconds,
            "fit_cpu_seconds": cpu.used if fitted else 0.0,
            "epochs": task.fit.epochs if fitted else 0,
            "samples_seen": cost.samples_seen,
            "peak_memory_mb": peak_memory_mb(),
            "energy_wh": energy.used,
        }

    def _fit(self, trainer: Trainer, task: CurveTask, selection: Selection) -> FitCost:
        seed = int(np.random.SeedSequence((task.study_seed, selection.seed)).generate_state(1)[0])
        if selection.n_inputs == 0:
            trainer.model.set_weights(self.inputs.start)
            return FitCost(0.0, 0)
        start = self.inputs.start if task.configuration.start == "original" else self.initial(seed)
        pool = self.inputs.pool
        return trainer.fit(start, pool, pool.labels, selection.indices, seed=seed)

    def _evaluate(self, trainer: Trainer) -> dict[str, float]:
        test, validation = self.inputs.test, self.inputs.validation
        predicted = predicted_labels(trainer.forward, test)
        chosen_on = predicted_labels(trainer.forward, validation) == validation.labels
        return {
            **accuracies(
                predicted[: test.n_clean],
                test.clean_labels,
                predicted[test.n_clean :],
                test.adversarial_labels,
                test.attacks,
                attack_names=self.attack_names,
            ),
            **self.inputs.reattacks.accuracies(trainer.estimator),
            "validation_accuracy_combined": float(chosen_on.mean()),
        }
