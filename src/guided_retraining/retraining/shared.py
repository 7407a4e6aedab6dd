"""Trainers and initial weights that all curves of one process share, so that each model is compiled once a core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import Any

from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.initial import InitialWeights
from guided_retraining.retraining.trainer import BUILDING, Trainer
from guided_retraining.storage.fingerprint import fingerprint

MOST_KINDS = 4  # ways of fitting whose idle trainers are kept; those of others are let go

_idle: dict[str, list[Trainer]] = {}
_initial: dict[str, InitialWeights] = {}
_lock = Lock()

Lend = Callable[[FitParameters], AbstractContextManager[Trainer]]


def lender(model: Any) -> Lend:
    """Gives, for fit parameters, a trainer that is the caller's own for the length of a ``with`` block.

    Args:
        model: a Keras classifier; its architecture counts, weights are set at each fit anyway.
    """
    architecture = fingerprint(model.to_json())

    @contextmanager
    def lent(parameters: FitParameters) -> Iterator[Trainer]:
        kind = fingerprint(architecture, parameters)
        with _lock:
            trainer = _idle[kind].pop() if _idle.get(kind) else None
        if trainer is None:
            with BUILDING:
                trainer = Trainer(model, parameters)
        try:
            yield trainer
        finally:
            with _lock:
                _idle.setdefault(kind, []).append(trainer)
                for oldest in list(_idle)[: max(0, len(_idle) - MOST_KINDS)]:
                    del _idle[oldest]

    return lent


def shared_initial_weights(model: Any) -> InitialWeights:
    """The process's draws of initial weights for an architecture."""
    key = fingerprint(model.to_json())
    with _lock:
        if key not in _initial:
            _initial.clear()  # a study is of one architecture; those before are done
            _initial[key] = InitialWeights(model)
        return _initial[key]
