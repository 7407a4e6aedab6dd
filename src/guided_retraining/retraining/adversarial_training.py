"""Adversarial training: each batch attacked with the model as it is, all of it or what a metric puts first."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.retraining.cell import Cell
from guided_retraining.retraining.current_scores import current_scores
from guided_retraining.retraining.hardening import Hardening, attacked_in_batch
from guided_retraining.retraining.initial import start_weights
from guided_retraining.retraining.inner_attack import InnerAttack
from guided_retraining.retraining.overfitting import OverfittingWatch
from guided_retraining.retraining.selection import rank
from guided_retraining.retraining.trainer import FitCost, Trainer

logger = logging.getLogger(__name__)


def fit(cell: Cell, trainer: Trainer) -> FitCost:
    """Train a cell's model on attacks made anew in each batch.

    Args:
        cell: with a strategy ``adversarial_training``.
        trainer: the caller's own for this long.

    Returns:
        What it took; in the notes, whether one-step training fell apart (catastrophic overfitting).

    Source: Madry et al. 2018 (arXiv 1706.06083); Wong, Rice and Kolter 2020 (arXiv 2001.03994).
    """
    how, replicate, batch_size = _how(cell), cell.replicate, trainer.parameters.batch_size
    values = how.values
    attack = InnerAttack(
        eps=float(values["eps"]),
        steps=values["steps"],
        first=attacked_in_batch(values["share"], batch_size),
        batch_size=batch_size,
        rest_steps=1 if values["rest"] == "fgsm" else 0,
        step_size=values["step_size"],
    )
    watch = OverfittingWatch(trainer, replicate, attack.eps) if attack.steps == 1 else None
    generator = np.random.default_rng(replicate.draws)
    trainer.reset(start_weights(cell), generator)
    images, labels = trainer.chosen(replicate.pool.clean_images, cell.indices), replicate.pool.clean_labels
    n_batches, per_epoch = how.presentations // batch_size, max(1, len(labels) // batch_size)
    seconds, passes = 0.0, n_batches * attack.passes
    for epoch, done in enumerate(range(0, n_batches, per_epoch)):
        begun = time.perf_counter()
        first = None
        if how.ordering is not None:
            first, scoring = _first(cell, trainer, how, attack.first * per_epoch, epoch)
            passes += scoring
        order = _batches(len(labels), per_epoch, attack.first, batch_size, first, generator)
        order = order[: (n_batches - done) * batch_size]
        trainer.go_through(images, labels, order, attack=attack, generator=generator)
        seconds += time.perf_counter() - begun
        if watch is not None:
            watch.look(done + per_epoch, n_batches)
    notes: dict[str, Any] = {} if watch is None else watch.notes()
    return FitCost(seconds, samples_seen=n_batches * batch_size, other_passes=passes, notes=notes)


def fit_clean(cell: Cell, trainer: Trainer) -> FitCost:
    """Train a cell's model on clean inputs alone, for as many steps as its price buys.

    Args:
        cell: with a strategy ``clean_continuation``.
        trainer: the caller's own for this long.
    """
    how, pool = _how(cell), cell.replicate.pool
    generator = np.random.default_rng(cell.replicate.draws)
    trainer.reset(start_weights(cell), generator)
    begun = time.perf_counter()
    images = trainer.chosen(pool.clean_images, cell.indices)
    for order in drawn_orders(len(pool.clean_labels), how.presentations, generator):
        trainer.go_through(images, pool.clean_labels, order)
    return FitCost(time.perf_counter() - begun, samples_seen=how.presentations)


def drawn_orders(n: int, presentations: int, generator: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Shuffled epochs over ``n`` images until so many were shown; the last one may be a part.

    >>> [len(order) for order in drawn_orders(4, 10, np.random.default_rng(0))]
    [4, 4, 2]
    """
    for shown in range(0, presentations, n):
        yield generator.permutation(n)[: presentations - shown]


def _first(
    cell: Cell, trainer: Trainer, how: Hardening, number: int, epoch: int
) -> tuple[NDArray[np.int64], float]:
    """The images that the metric puts first by the model as it is, and the gradient passes to find them."""
    assert how.ordering is not None
    pool, seed = cell.replicate.pool, cell.replicate.draws
    scores, passes = current_scores(
        trainer, how.ordering, (pool.clean_images, pool.clean_labels), seed=seed + epoch
    )
    return rank(-scores if how.values["lowest_first"] else scores, seed=(seed, epoch))[:number], passes


def _batches(
    n: int,
    per_epoch: int,
    first_in_batch: int,
    batch_size: int,
    first: NDArray[np.int64] | None,
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """An epoch's order: in each batch the images to attack, then the others, both shuffled."""
    order = generator.permutation(n)
    if first is not None:
        order = np.concatenate(
            [generator.permutation(first), generator.permutation(np.setdiff1d(order, first))]
        )
    if n < batch_size:
        order = np.resize(order, batch_size)
    cut = per_epoch * first_in_batch
    attacked, rest = order[:cut], order[cut : per_epoch * batch_size]
    return np.concatenate([attacked.reshape(per_epoch, -1), rest.reshape(per_epoch, -1)], axis=1).reshape(-1)


def _how(cell: Cell) -> Hardening:
    assert cell.hardening is not None
    return cell.hardening
