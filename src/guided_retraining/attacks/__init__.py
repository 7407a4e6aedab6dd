"""Adversarial attacks on Keras 3 classifiers, through ART's interface.

Names are loaded when they are first used: checking a configuration must not load TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from guided_retraining.attacks.making import check_attack, make_attack
from guided_retraining.attacks.registry import ATTACKS, AttackRow

if TYPE_CHECKING:
    from guided_retraining.attacks.estimator import KerasLogitsEstimator
    from guided_retraining.attacks.robustness import withstood
    from guided_retraining.attacks.running import AttackResult, run_attack

__all__ = [
    "ATTACKS",
    "AttackResult",
    "AttackRow",
    "KerasLogitsEstimator",
    "check_attack",
    "make_attack",
    "run_attack",
    "withstood",
]

_MODULES = {
    "KerasLogitsEstimator": "estimator",
    "AttackResult": "running",
    "run_attack": "running",
    "withstood": "robustness",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
