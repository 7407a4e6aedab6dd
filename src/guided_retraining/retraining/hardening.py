"""Models hardened by other means than stored adversarial inputs, at the price of retraining on those.

The price is counted in gradient passes, forward and backward of one image: what the attacks on the pool took, and an
epoch after the other over the chosen share of it. A strategy that makes its own attacks spends the same on them and on
training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from guided_retraining.models.forward import FORWARD
from guided_retraining.parameters.configurations import Budgets, ConfigurationParameters
from guided_retraining.parameters.strategies import Strategy
from guided_retraining.retraining.selection import budget_steps, candidates

__all__ = ["Hardening", "Ordering", "hardenings"]


@dataclass(frozen=True)
class Ordering:
    """How a strategy orders inputs with the model as it is at that moment.

    Attributes:
        function: a metric, by its name in the registry or its import path.
        parameters: of the metric.
        reads_reference: whether it needs the clean training images' activations too.
        feature_layer: whose activations are read; None for the usual one.
    """

    function: str
    parameters: Mapping[str, Any]
    reads_reference: bool
    feature_layer: str | None = None


@dataclass(frozen=True)
class Hardening:
    """How one model is hardened: all that the strategy needs beside data and start weights.

    Attributes:
        strategy: key of its row.
        values: of the strategy's parameters, ``eps`` among them where it attacks.
        presentations: images trained on, each as often as it is.
        passes: gradient passes that it is to take, in all.
        attacked: images attacked by the last round.
        pool: what is ranked.
        keep_clean: whether all clean images are trained on anyway.
        ordering: None where inputs are taken in a drawn order.
    """

    strategy: str
    values: Mapping[str, Any]
    presentations: int
    passes: float
    attacked: int = 0
    pool: str = "all"
    keep_clean: bool = False
    ordering: Ordering | None = None


def attacked_in_batch(share: float, batch_size: int) -> int:
    """Images of a batch that get a strategy's own attack; at least one.

    >>> attacked_in_batch(0.25, 64), attacked_in_batch(0.001, 64)
    (16, 1)
    """
    return max(1, round(share * batch_size))


def hardenings(
    configuration: ConfigurationParameters,
    budgets: Budgets,
    *,
    n_clean: int,
    n_adversarial: int,
    epochs: int,
    batch_size: int,
    pool_passes: float,
    planned_passes: float,
    ordering: Ordering | None,
) -> dict[int, Hardening]:
    """What a configuration does at each of its budgets.

    Args:
        configuration: with a strategy other than retraining on chosen inputs.
        budgets: equal steps, shares, or numbers of inputs, as if of the pool.
        n_clean: clean training images.
        n_adversarial: adversarial inputs of the pool.
        epochs: that retraining would take.
        batch_size: images a step.
        pool_passes: gradient passes that the attacks on the pool took.
        planned_passes: what they may take at most, the same in each replicate.
        ordering: how inputs are ordered; None for a drawn order.

    Returns:
        By number of inputs, smallest first: chosen ones for ``rounds``, else the images that would be shown at the
        planned price without scoring. What is shown follows from the price that the pool's attacks really had.

    Raises:
        ParameterError: a budget above the number of inputs that can be chosen.
    """
    row, values = configuration.hardening
    total = n_clean + n_adversarial
    if row.from_pool:
        ranked = len(candidates(configuration, n_clean, total))
        always = n_clean if configuration.keep_clean else 0
        return {
            n: _rounds(
                configuration,
                values,
                n,
                epochs * (n + always),
                (n_clean, n_adversarial),
                pool_passes,
                ordering,
            )
            for n in budget_steps(budgets, ranked)
        }
    found = {}
    for n in budget_steps(budgets, total):
        # Replicates and orders are compared at the same budgets, so a budget bears the number that was planned.
        planned, _ = _bought(row, values, n_clean, batch_size, planned_passes + epochs * n, None)
        batches, passes = _bought(row, values, n_clean, batch_size, pool_passes + epochs * n, ordering)
        found[planned * batch_size] = Hardening(
            row.key, values, batches * batch_size, passes, ordering=ordering
        )
    return found


def _bought(
    row: Strategy,
    values: Mapping[str, Any],
    n_clean: int,
    batch_size: int,
    price: float,
    ordering: Ordering | None,
) -> tuple[int, float]:
    """The most batches that a price buys, one at least, with their attacks and scoring; and what they take."""
    in_batch = float(batch_size)
    if row.attacks:
        first = attacked_in_batch(values["share"], batch_size)
        rest = 1 if values["rest"] == "fgsm" else 0
        in_batch += first * values["steps"] + (batch_size - first) * rest
    per_epoch = max(1, n_clean // batch_size)
    scoring = 0.0 if ordering is None else FORWARD * n_clean
    epochs, left = divmod(price, per_epoch * in_batch + scoring)
    batches = max(1, int(epochs) * per_epoch + max(0, int((left - scoring) / in_batch)))
    return batches, batches * in_batch + -(-batches // per_epoch) * scoring


def _rounds(
    configuration: ConfigurationParameters,
    values: Mapping[str, Any],
    n_inputs: int,
    most: int,
    sizes: tuple[int, int],
    pool_passes: float,
    ordering: Ordering | None,
) -> Hardening:
    """As many images attacked as the pool's attacks paid for, and no more training than on the chosen at once."""
    n_clean, n_adversarial = sizes
    rounds = min(values["rounds"], n_inputs)
    attacked = int(np.clip(pool_passes / (values["steps"] * (rounds + 1) / 2), n_adversarial, n_clean))
    passes = 0.0
    for turn in range(1, rounds + 1):
        there = round(turn * attacked / rounds)
        passes += values["steps"] * there
        if ordering is not None:
            clean_too = ordering.reads_reference or (
                configuration.pool == "all" and not configuration.keep_clean
            )
            passes += FORWARD * (there + (n_clean if clean_too else 0))
    presentations = max(min(int(pool_passes + most - passes), most), rounds)
    return Hardening(
        "rounds",
        {**values, "rounds": rounds},
        presentations,
        passes + presentations,
        attacked=attacked,
        pool=configuration.pool,
        keep_clean=configuration.keep_clean,
        ordering=ordering,
    )
