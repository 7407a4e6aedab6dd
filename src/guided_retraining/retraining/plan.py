"""The size of a study before it starts: pools, budgets, cells, samples to train on."""

from __future__ import annotations

from typing import Any

from guided_retraining.errors import ParameterError
from guided_retraining.parameters.blocks import (
    AttackParameters,
    FitParameters,
    RetrainingParameters,
    retraining_fit,
)
from guided_retraining.retraining.orderings import budget_steps


def attacked_count(wanted: int | float, available: int, split: str, n_attacks: int) -> int:
    """How many images of a split are attacked.

    Args:
        wanted: a number, or a share of the split.
        available: images in the split.
        split: its name, for the message.
        n_attacks: at least one image is needed for each.

    Raises:
        ParameterError: more than there are, or fewer than attacks.

    >>> attacked_count(0.5, 100, "train", 3)
    50
    """
    number = wanted if isinstance(wanted, int) else round(wanted * available)
    if not n_attacks <= number <= available:
        raise ParameterError(
            f"attack.n_{split} = {wanted} asks for {number} of the {available} {split} images; "
            f"between {n_attacks} (one for each attack) and {available} can be attacked"
        )
    return number


def plan_study(
    n_images: dict[str, int],
    attack: AttackParameters,
    study: RetrainingParameters,
    training: FitParameters,
    n_metrics: int,
) -> dict[str, Any]:
    """Pools, budgets, cells and samples x epochs of a study; refuses what cannot be done.

    Args:
        n_images: clean images of train, validation and test.
        attack: how many are attacked.
        study: budgets, seeds, configurations.
        training: epochs of the original model.
        n_metrics: metrics compared.

    Returns:
        A dictionary that JSON can hold; per configuration ``pool``, ``budgets``, ``cells``, ``samples``. The whole
        pool is counted once for all metrics.

    Raises:
        ParameterError: more attacked images or larger budgets than there are inputs.
    """
    adversarial = {
        split: attacked_count(getattr(attack, f"n_{split}"), n, split, len(attack.attacks))
        for split, n in n_images.items()
    }
    configurations = {}
    for name, row in study.configurations.items():
        assert row is not None  # switched-off rows are gone after validation
        everything = n_images["train"] + adversarial["train"]
        pool = adversarial["train"] if row.keep_clean or row.pool == "adversarial" else everything
        always = n_images["train"] if row.keep_clean else 0
        budgets = budget_steps(study.budgets, pool)
        epochs = retraining_fit(training, study, row).epochs
        fits = [budget for budget in budgets[:-1] for _ in range(n_metrics)] + budgets[-1:]
        configurations[name] = {
            "pool": pool,
            "budgets": budgets,
            "cells": len(fits) * len(study.seeds),
            "samples": sum(always + fit for fit in fits) * len(study.seeds) * epochs,
        }
    return {
        "clean": n_images,
        "adversarial": adversarial,
        "seeds": list(study.seeds),
        "configurations": configurations,
        "cells": sum(row["cells"] for row in configurations.values()),
        "samples": sum(row["samples"] for row in configurations.values()),
    }
