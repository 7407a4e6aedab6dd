"""A cell of the study: one model to retrain, and what names it; to look for finished ones takes no backend."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.hardening import Hardening
from guided_retraining.retraining.replicate import Replicate
from guided_retraining.storage.fingerprint import fingerprint

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
        indices: ``(m,)`` sorted positions in the pool to train on, or to draw from.
        hardening: how, where it is not by retraining on those inputs.
    """

    replicate: Replicate
    start: Literal["fresh", "original"]
    fit: FitParameters
    n_inputs: int
    indices: NDArray[np.int64]
    hardening: Hardening | None = None

    @property
    def passes(self) -> float:
        """Gradient passes that it is to take."""
        if self.n_inputs == 0:
            return 0.0
        return len(self.indices) * self.fit.epochs if self.hardening is None else self.hardening.passes

    @cached_property
    def key(self) -> str:
        """Its name in the store: a fingerprint of all it depends on.

        The metric is no part of it: two metrics that choose the same inputs share the cell, as all do at the whole
        pool. The original model (no inputs) is the same for every way of fitting.
        """
        if self.n_inputs == 0:
            return fingerprint(ENGINE_VERSION, self.replicate.fingerprint, "original model")
        how = [] if self.hardening is None else [self.n_inputs, asdict(self.hardening)]
        return fingerprint(
            ENGINE_VERSION, self.replicate.fingerprint, self.fit, self.start, self.indices, *how
        )
