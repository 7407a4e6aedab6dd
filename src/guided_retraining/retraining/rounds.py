"""Rounds of guided retraining: attack the current model, score with it, choose the next inputs, train on all so far."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks import make_attack
from guided_retraining.attacks.registry import PGD_REACH
from guided_retraining.images.arrays import JoinedImages
from guided_retraining.retraining.adversarial_training import drawn_orders
from guided_retraining.retraining.cell import Cell
from guided_retraining.retraining.current_scores import current_scores
from guided_retraining.retraining.hardening import Hardening
from guided_retraining.retraining.initial import start_weights
from guided_retraining.retraining.selection import rank
from guided_retraining.retraining.trainer import FitCost, Trainer

__all__ = ["fit"]


def fit(cell: Cell, trainer: Trainer) -> FitCost:
    """Harden a cell's model in rounds.

    In each round more images are attacked with the model as it then is, those of earlier rounds from their earlier
    perturbations on; the metric scores them with that model; the next share of the budget is chosen from those not
    chosen before; training goes on from the present weights, on all that was chosen so far.

    Args:
        cell: with a strategy ``rounds``.
        trainer: the caller's own for this long.

    Source: Zheng et al. 2020 (arXiv 1912.11969) for going on from earlier perturbations.
    """
    how, pool, seed = cell.hardening, cell.replicate.pool, cell.replicate.draws
    assert how is not None
    generator = np.random.default_rng(seed)
    trainer.reset(start_weights(cell), generator)
    begun = time.perf_counter()
    drawn = generator.permutation(pool.n_clean)[: how.attacked]
    images, labels = pool.clean_images[drawn], pool.clean_labels[drawn]
    eps = np.float32(how.values["eps"])
    attacked = np.clip(images + generator.uniform(-eps, eps, images.shape).astype(np.float32), 0, 1)
    always = np.arange(pool.n_clean if how.keep_clean else 0, dtype=np.int64)
    chosen = always[:0]
    rounds, passes, samples = how.values["rounds"], 0.0, 0
    for turn in range(1, rounds + 1):
        there = round(turn * how.attacked / rounds)
        attacked[:there] = _attack(trainer, how, images[:there], attacked[:there], labels[:there])
        passes += there * how.values["steps"]
        number = round(turn * cell.n_inputs / rounds) - len(chosen)
        new, scoring = _next(cell, trainer, how, (attacked[:there], labels[:there]), chosen, number, turn)
        passes += scoring
        chosen = np.concatenate([chosen, new])
        inputs = np.concatenate([always, chosen])
        joined = JoinedImages(pool.clean_images, attacked)
        truth = np.concatenate([pool.clean_labels, labels])[inputs]
        presentations = turn * how.presentations // rounds - samples
        images_now = trainer.chosen(joined, inputs)
        for order in drawn_orders(len(inputs), presentations, generator):
            trainer.go_through(images_now, truth, order)
        samples += presentations
    return FitCost(time.perf_counter() - begun, samples_seen=samples, other_passes=passes)


def _attack(
    trainer: Trainer,
    how: Hardening,
    images: NDArray[np.float32],
    start: NDArray[np.float32],
    labels: NDArray[np.int64],
) -> NDArray[np.float32]:
    """PGD on the model as it is, from where the perturbations are."""
    trainer.synchronise()
    eps, steps = how.values["eps"], how.values["steps"]
    reach = PGD_REACH / steps if how.values["step_size"] is None else how.values["step_size"]
    attack = make_attack(
        "bim", trainer.estimator, eps=eps, eps_step=reach * eps, max_iter=steps,
        batch_size=trainer.estimator.batch_size,
    )  # fmt: skip
    climbed: NDArray[np.float32] = attack.climb_from(images, start, labels)
    return climbed


def _next(
    cell: Cell,
    trainer: Trainer,
    how: Hardening,
    attacked: tuple[NDArray[np.float32], NDArray[np.int64]],
    chosen: NDArray[np.int64],
    number: int,
    turn: int,
) -> tuple[NDArray[np.int64], float]:
    """Positions, clean images first, of the next inputs to train on; and the gradient passes to find them."""
    pool, seed = cell.replicate.pool, cell.replicate.draws
    start = 0 if how.pool == "all" and not how.keep_clean else pool.n_clean
    candidates = np.arange(start, pool.n_clean + len(attacked[1]), dtype=np.int64)
    scores, passes = np.zeros(len(candidates)), 0.0
    if how.ordering is not None:
        scores, passes = current_scores(
            trainer, how.ordering, (pool.clean_images, pool.clean_labels), attacked,
            with_clean=start == 0, seed=seed + turn,
        )  # fmt: skip
    order = candidates[rank(scores, seed=(seed, turn))]
    return order[~np.isin(order, chosen)][:number], passes
