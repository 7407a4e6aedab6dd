"""Trainers that several curves of one process share, so that each is compiled once."""

from __future__ import annotations

from typing import Any

from guided_retraining.config import FitParameters
from guided_retraining.files import fingerprint
from guided_retraining.retraining.trainer import Trainer

_trainers: dict[str, Trainer] = {}
_MOST = 4  # configurations that train differently; older trainers are let go


def shared_trainer(model: Any, parameters: FitParameters) -> Trainer:
    """The process's trainer for an architecture and fit parameters; weights are set at each fit anyway.

    Args:
        model: a Keras classifier.
        parameters: optimizer, epochs, batch size, precision.
    """
    key = fingerprint(model.to_json(), parameters)
    if key not in _trainers:
        while len(_trainers) >= _MOST:
            del _trainers[next(iter(_trainers))]
        _trainers[key] = Trainer(model, parameters)
    return _trainers[key]
