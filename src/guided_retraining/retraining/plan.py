"""The size of a study before it starts: pools, budgets, cells, samples to train on."""

from __future__ import annotations

from collections.abc import Mapping
from operator import mul
from typing import Any

from guided_retraining.attacks.counts import attacked_count
from guided_retraining.guidance.scoring import drawn_row
from guided_retraining.parameters.blocks import AttackParameters, FitParameters, RetrainingParameters
from guided_retraining.parameters.strategies import PLAIN
from guided_retraining.retraining.curve import Curve
from guided_retraining.retraining.selection import budget_steps, candidates


def plan_study(
    n_images: dict[str, int],
    attack: AttackParameters,
    study: RetrainingParameters,
    training: FitParameters,
    metrics: Mapping[str, Mapping[str, Any] | None],
    n_replicates: int,
) -> dict[str, Any]:
    """Pools, budgets, cells and samples x epochs of a study; refuses what cannot be done.

    Args:
        n_images: clean images of train, validation and test.
        attack: how many are attacked.
        study: budgets and configurations.
        training: epochs of the original model.
        metrics: rows of the parameters.
        n_replicates: how often everything is drawn anew.

    Returns:
        A dictionary that JSON can hold; per configuration ``pool``, ``budgets``, ``cells``, and in ``samples`` the
        gradient passes, which of plain training are samples x epochs. The whole pool is counted once for all metrics.

    Raises:
        ParameterError: more attacked images or larger budgets than there are inputs.
    """
    adversarial = {
        split: attacked_count(getattr(attack, f"n_{split}"), n, split, len(attack.attacks))
        for split, n in n_images.items()
    }
    everything = n_images["train"] + adversarial["train"]
    drawn = drawn_row(metrics)
    configurations = {}
    for name in study.configurations:
        row = study.configuration(name)
        pool = len(candidates(row, n_images["train"], everything))
        always = n_images["train"] if row.keep_clean else 0
        fit = study.fit(training, name)
        orders = row.orders(metrics, drawn)
        each = {key: len(row.replicates_of(key, range(n_replicates))) for key in orders}
        if row.hardening[0].key == PLAIN:
            budgets = budget_steps(study.budgets_of(name), pool)
            times = [sum(each.values())] * len(budgets[:-1]) + [n_replicates]
            passes = [float((always + n) * fit.epochs) for n in budgets]
        else:
            curves = {key: Curve.of(study, training, attack, (name, key), metrics[key]) for key in orders}
            planned = {
                key: curve.hardenings(n_images["train"], adversarial["train"])
                for key, curve in curves.items()
            }
            budgets = list(planned[orders[0]])
            pool = pool if row.hardening[0].from_pool else budgets[-1]
            passes = [how.passes for ways in planned.values() for how in ways.values()]
            times = [each[key] for key, ways in planned.items() for _ in ways]
        configurations[name] = {
            "pool": pool,
            "budgets": budgets,
            "cells": sum(times),
            "samples": round(sum(map(mul, passes, times))),
        }
    return {
        "clean": n_images,
        "adversarial": adversarial,
        "replicates": n_replicates,
        "configurations": configurations,
        "cells": sum(row["cells"] for row in configurations.values()),
        "samples": sum(row["samples"] for row in configurations.values()),
    }
