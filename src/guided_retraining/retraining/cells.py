"""The cells of the study: one retrained and evaluated model for each budget and seed, kept once it is finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.claims import share
from guided_retraining.config import ConfigurationParameters, FitParameters
from guided_retraining.evaluation import accuracies
from guided_retraining.files import fingerprint
from guided_retraining.models.forward import predicted_labels
from guided_retraining.pool import LabelledPool
from guided_retraining.retraining.orderings import budget_steps, candidates, rank
from guided_retraining.retraining.resources import EnergyMeter, peak_memory_mb
from guided_retraining.retraining.trainer import FitCost, Trainer
from guided_retraining.store import Store

# Part of each cell's fingerprint: raise it when a fit with equal arguments may end otherwise.
ENGINE_VERSION = 2


@dataclass(frozen=True)
class Selection:
    """The inputs of one cell."""

    seed: int
    n_inputs: int
    indices: NDArray[np.int64]  # sorted: the set decides, not the order in which it was ranked


@dataclass(frozen=True)
class CurveTask:
    """All that one curve (a configuration and a metric) needs besides the images.

    Attributes:
        configuration: where weights start, what is ranked.
        fit: how each model is fitted.
        seeds: one model for each seed at each budget.
        budgets: equal steps, or numbers of inputs.
        study_seed: mixed into all draws.
        per_seed_scores: whether the metric draws its scores anew for each seed (the random baseline).
    """

    configuration: ConfigurationParameters
    fit: FitParameters
    seeds: tuple[int, ...]
    budgets: int | tuple[int, ...]
    study_seed: int
    per_seed_scores: bool = False


def selections(task: CurveTask, scores: NDArray[Any], pool: LabelledPool) -> list[Selection]:
    """The inputs of every cell of a curve, smallest budget first.

    Args:
        task: the curve.
        scores: ``(n,)`` of the pool, higher = earlier.
        pool: clean, then adversarial training inputs.

    Raises:
        ParameterError: a budget above the number of inputs that can be chosen.
    """
    ranked_pool = "adversarial" if task.configuration.keep_clean else task.configuration.pool
    ranked = candidates(ranked_pool, pool.n_clean, len(pool))
    always = np.arange(pool.n_clean if task.configuration.keep_clean else 0, dtype=np.int64)
    steps = budget_steps(task.budgets, len(ranked))
    if task.configuration.start == "original":
        steps = [0, *steps]
    orders = {seed: ranked[_order(task, scores[ranked], seed)] for seed in task.seeds}
    return [
        Selection(
            seed,
            steps_n,
            np.sort(np.concatenate([always, orders[seed][:steps_n]])) if steps_n else always[:0],
        )
        for steps_n in steps
        for seed in task.seeds
    ]


def _order(task: CurveTask, scores: NDArray[Any], seed: int) -> NDArray[np.int64]:
    # A metric drawn anew for each seed is an order without scores: all tied, so the seeded draw decides alone.
    return rank(np.zeros(len(scores)) if task.per_seed_scores else scores, seed=(task.study_seed, seed))


class CellRunner:
    """Fits and evaluates cells, or finds them finished in the store.

    Args:
        original: the model before retraining.
        pool: training inputs, clean then adversarial.
        validation: inputs to choose on.
        test: inputs to report on.
        store: finished cells.
        make_trainer: gives the (shared) trainer of fit parameters; called only when something is left to fit.
        attack_names: attacks that get a column.
    """

    def __init__(
        self,
        original: Any,
        *,
        pool: LabelledPool,
        validation: LabelledPool,
        test: LabelledPool,
        store: Store,
        make_trainer: Callable[[FitParameters], Trainer],
    ) -> None:
        self.start = original.get_weights()
        self.architecture = original.to_json()
        self.pool, self.validation, self.test = pool, validation, test
        self.store = store
        self.make_trainer = make_trainer
        self.attack_names = sorted(set(test.attacks.tolist()))
        self._inputs_key = fingerprint(
            ENGINE_VERSION,
            self.architecture,
            *self.start,
            pool.fingerprint,
            validation.fingerprint,
            test.fingerprint,
        )

    def key(self, task: CurveTask, selection: Selection) -> str:
        """The fingerprint of all a cell depends on.

        The metric is no part of it: two metrics that choose the same inputs share the cell, as all do at the whole
        pool. The original model (no inputs) is the same for every seed and way of fitting.
        """
        if selection.n_inputs == 0:
            return fingerprint(self._inputs_key, "original model")
        return fingerprint(
            self._inputs_key,
            task.fit,
            task.configuration.start,
            [task.study_seed, selection.seed],
            selection.indices,
        )

    def run(self, task: CurveTask, selection: Selection) -> dict[str, Any]:
        """One finished cell: from the store, or fitted, evaluated and kept."""
        return next(self.run_all(task, [selection]))[1]

    def run_all(self, task: CurveTask, chosen: Sequence[Selection]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Finished cells as they become available, each computed by one of the processes that share the store.

        Args:
            task: the curve.
            chosen: its cells, in the order in which to fit them.

        Yields:
            Position in ``chosen`` and cell; one that another process is fitting comes later than in its turn.
        """
        keys = [self.key(task, selection) for selection in chosen]
        return share(self.store, keys, lambda position: self._compute(task, chosen[position]))

    def _compute(self, task: CurveTask, selection: Selection) -> dict[str, Any]:
        trainer = self.make_trainer(task.fit)
        with EnergyMeter("fit") as meter:
            cost = self._fit(trainer, task, selection)
        return {**self._evaluate(trainer), **self._costs(task, selection, cost, meter.watt_hours)}

    def _fit(self, trainer: Trainer, task: CurveTask, selection: Selection) -> FitCost:
        seed = int(np.random.SeedSequence((task.study_seed, selection.seed)).generate_state(1)[0])
        if selection.n_inputs == 0:
            trainer.model.set_weights(self.start)
            return FitCost(0.0, 0.0, 0)
        start = self.start if task.configuration.start == "original" else trainer.fresh_weights(seed)
        return trainer.fit(start, self.pool, self.pool.labels, selection.indices, seed=seed)

    def _evaluate(self, trainer: Trainer) -> dict[str, float]:
        test, validation = self.test, self.validation
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
            "validation_accuracy_combined": float(chosen_on.mean()),
        }

    @staticmethod
    def _costs(
        task: CurveTask, selection: Selection, cost: FitCost, watt_hours: float | None
    ) -> dict[str, Any]:
        return {
            "fit_seconds": cost.seconds,
            "fit_cpu_seconds": cost.cpu_seconds,
            "epochs": task.fit.epochs if selection.n_inputs else 0,
            "samples_seen": cost.samples_seen,
            "peak_memory_mb": peak_memory_mb(),
            "energy_wh": watt_hours,
        }
