"""The size of a study before it starts: pools, budgets, cells, samples to train on."""

from __future__ import annotations

from typing import Any

from guided_retraining.attacks.counts import attacked_count
from guided_retraining.parameters.blocks import AttackParameters, FitParameters, RetrainingParameters
from guided_retraining.retraining.selection import budget_steps, candidates


def plan_study(
    n_images: dict[str, int],
    attack: AttackParameters,
    study: RetrainingParameters,
    training: FitParameters,
    n_metrics: int,
    n_replicates: int,
) -> dict[str, Any]:
    """Pools, budgets, cells and samples x epochs of a study; refuses what cannot be done.

    Args:
        n_images: clean images of train, validation and test.
        attack: how many are attacked.
        study: budgets and configurations.
        training: epochs of the original model.
        n_metrics: metrics compared.
        n_replicates: how often everything is drawn anew.

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
    everything = n_images["train"] + adversarial["train"]
    configurations = {}
    for name in study.configurations:
        row = study.configuration(name)
        pool = len(candidates(row, n_images["train"], everything))
        always = n_images["train"] if row.keep_clean else 0
        budgets = budget_steps(study.budgets, pool)
        epochs = study.fit(training, name).epochs
        fits = [budget for budget in budgets[:-1] for _ in range(n_metrics)] + budgets[-1:]
        configurations[name] = {
            "pool": pool,
            "budgets": budgets,
            "cells": len(fits) * n_replicates,
            "samples": sum(always + fit for fit in fits) * n_replicates * epochs,
        }
    return {
        "clean": n_images,
        "adversarial": adversarial,
        "replicates": n_replicates,
        "configurations": configurations,
        "cells": sum(row["cells"] for row in configurations.values()),
        "samples": sum(row["samples"] for row in configurations.values()),
    }
