"""A curve of the study: one configuration with one order of the inputs, at every budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.guidance.registry import METRICS
from guided_retraining.guidance.scoring import row_metric
from guided_retraining.models.forward import FORWARD
from guided_retraining.parameters.blocks import AttackParameters, FitParameters, RetrainingParameters
from guided_retraining.parameters.configurations import Budgets, ConfigurationParameters
from guided_retraining.parameters.names import named_function
from guided_retraining.parameters.strategies import PLAIN
from guided_retraining.retraining.cell import Cell
from guided_retraining.retraining.hardening import Hardening, Ordering, hardenings
from guided_retraining.retraining.replicate import Replicate
from guided_retraining.retraining.selection import candidates, select


@dataclass(frozen=True)
class Curve:
    """What a curve is, whatever the replicate.

    Attributes:
        configuration: where weights start, how they are hardened, what is ranked.
        fit: how each model is trained.
        budgets: equal steps, shares, or numbers of inputs.
        drawn: whether the order is drawn (the random baseline) rather than computed from scores.
        ordering: how a strategy orders inputs with the model as it then is; None for a drawn order.
        planned_passes: gradient passes that an adversarial input of the pool may take at most, on average.
    """

    configuration: ConfigurationParameters
    fit: FitParameters
    budgets: Budgets
    drawn: bool = False
    ordering: Ordering | None = None
    planned_passes: float = 0.0

    @classmethod
    def of(
        cls,
        study: RetrainingParameters,
        training: FitParameters,
        attack: AttackParameters,
        names: tuple[str, str],
        metric: Mapping[str, Any] | None,
        feature_layer: str | None = None,
    ) -> Curve:
        """A curve of a study.

        Args:
            study: budgets and configurations.
            training: how the original models were fitted.
            attack: the study's attacks, whose largest Linf ``eps`` a strategy gets that has none of its own.
            names: of the configuration and of the metric.
            metric: the metric's parameters.
            feature_layer: whose activations are read; None for the usual one.
        """
        from guided_retraining.attacks.counts import planned_passes
        from guided_retraining.attacks.robustness import largest_linf

        configuration = study.configuration(names[0]).with_eps(largest_linf(attack.attacks))
        strategy, values = configuration.hardening
        return cls(
            configuration,
            study.fit(training, names[0]),
            study.budgets_of(names[0]),
            drawn=row_metric(names[1], metric).per_seed,
            ordering=_ordering(names[1], metric, feature_layer) if strategy.uses_order(values) else None,
            planned_passes=planned_passes(attack.attacks),
        )

    def cells(self, replicate: Replicate, scores: NDArray[np.floating]) -> list[Cell]:
        """The cells of one replicate, smallest budget first.

        Args:
            replicate: its data and models.
            scores: ``(n,)`` of its training pool, higher = earlier.

        Raises:
            ParameterError: a budget above the number of inputs that can be chosen.
        """
        row = self.configuration
        if row.hardening[0].key != PLAIN:
            return self._hardened(replicate)
        chosen = select(
            None if self.drawn else scores,
            replicate.pool,
            row,
            self.budgets,
            seed=(replicate.seed, replicate.number),
        )
        return [
            Cell(replicate, row.start, self.fit, n_inputs, indices) for n_inputs, indices in chosen.items()
        ]

    def paid_before(self, cell: Cell) -> float:
        """Gradient passes that had to be spent before a cell of this curve could be trained.

        Retraining on stored inputs takes the attacks on the whole pool, and where not all of it is used, the metric's
        forward pass over it. A strategy that makes its own attacks needs neither.

        Args:
            cell: one of this curve's.
        """
        if cell.n_inputs == 0 or cell.hardening is not None:
            return 0.0
        replicate, row = cell.replicate, self.configuration
        ranked = len(candidates(row, replicate.pool.n_clean, len(replicate.pool)))
        scored = not self.drawn and cell.n_inputs < ranked
        return replicate.pool_passes + (FORWARD * len(replicate.pool) if scored else 0.0)

    def hardenings(
        self, n_clean: int, n_adversarial: int, pool_passes: float | None = None
    ) -> dict[int, Hardening]:
        """What a strategy that makes its own attacks does, by number of inputs, smallest first.

        Args:
            n_clean: clean training images.
            n_adversarial: adversarial inputs of the pool.
            pool_passes: gradient passes that the attacks on the pool took; None before they are made, for what they
                may take at most.

        Raises:
            ParameterError: a budget above the number of inputs that can be chosen.
        """
        planned = n_adversarial * self.planned_passes
        return hardenings(
            self.configuration,
            self.budgets,
            n_clean=n_clean,
            n_adversarial=n_adversarial,
            epochs=self.fit.epochs,
            batch_size=self.fit.batch_size,
            pool_passes=planned if pool_passes is None else pool_passes,
            planned_passes=planned,
            ordering=self.ordering,
        )

    def _hardened(self, replicate: Replicate) -> list[Cell]:
        row, pool = self.configuration, replicate.pool
        clean = np.arange(pool.n_clean, dtype=np.int64)
        planned = self.hardenings(pool.n_clean, len(pool) - pool.n_clean, replicate.pool_passes)
        original = [Cell(replicate, row.start, self.fit, 0, clean[:0])] if row.start == "original" else []
        return [
            *original,
            *(Cell(replicate, row.start, self.fit, n, clean, how) for n, how in planned.items()),
        ]


def _ordering(name: str, parameters: Mapping[str, Any] | None, feature_layer: str | None) -> Ordering | None:
    metric = row_metric(name, parameters)
    if metric.per_seed:
        return None
    function, rest = named_function(name, parameters, "function", METRICS)
    return Ordering(function, rest, "reference" in metric.needs, feature_layer)
