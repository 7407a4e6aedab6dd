"""A curve of the study: one configuration with one order of the inputs, at every budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guided_retraining.parameters.blocks import Budgets, ConfigurationParameters, FitParameters
from guided_retraining.retraining.cell import Cell
from guided_retraining.retraining.replicate import Replicate
from guided_retraining.retraining.selection import select


@dataclass(frozen=True)
class Curve:
    """What a curve is, whatever the replicate.

    Attributes:
        configuration: where weights start, what is ranked.
        fit: how each model is trained.
        budgets: equal steps, shares, or numbers of inputs.
        drawn: whether the order is drawn (the random baseline) rather than computed from scores.
    """

    configuration: ConfigurationParameters
    fit: FitParameters
    budgets: Budgets
    drawn: bool = False

    def cells(self, replicate: Replicate, scores: NDArray[np.floating]) -> list[Cell]:
        """The cells of one replicate, smallest budget first.

        Args:
            replicate: its data and models.
            scores: ``(n,)`` of its training pool, higher = earlier.

        Raises:
            ParameterError: a budget above the number of inputs that can be chosen.
        """
        chosen = select(
            None if self.drawn else scores,
            replicate.pool,
            self.configuration,
            self.budgets,
            seed=(replicate.seed, replicate.number),
        )
        return [
            Cell(replicate, self.configuration.start, self.fit, n_inputs, indices)
            for n_inputs, indices in chosen.items()
        ]
