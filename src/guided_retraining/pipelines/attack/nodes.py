"""Attack a seeded draw of each split's images, part by part, and join clean and adversarial inputs into pools."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.images.arrays import ImageArray
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import AttackParameters
from guided_retraining.storage.store import Store

SPLITS = ("train", "validation", "test")

logger = logging.getLogger(__name__)


def attack_split(
    models: Mapping[int, Any],
    images: ImageArray,
    labels: NDArray[np.int64],
    attack: AttackParameters,
    replicates: tuple[int, ...],
    seed: int,
    store: Store,
    *,
    split: str,
) -> tuple[dict[int, NDArray[np.float32]], pd.DataFrame]:
    """Adversarial versions of a random draw of a split's images, cut into one equal part for each attack.

    Args:
        models: the original model of each replicate.
        images: ``(n, h, w, c)`` of the split.
        labels: ``(n,)``.
        attack: how many images, which attacks with which parameters.
        replicates: each draws images of its own and attacks its own model.
        seed: of the study; with the replicate it decides the draw and the attacks.
        store: finished parts; an interrupted stage goes on with the next one.
        split: train, validation or test.

    Returns:
        ``(m, h, w, c)`` float32 images of each replicate, and a table with a row for each image, the replicate in
        column ``seed``.
    """
    from guided_retraining.attacks.counts import attacked_count
    from guided_retraining.attacks.split import attack_parts
    from guided_retraining.retraining.replicate import replicate_seed

    attacks = {name: dict(parameters or {}) for name, parameters in attack.attacks.items()}
    number = attacked_count(getattr(attack, f"n_{split}"), len(labels), split, len(attacks))
    made, tables = {}, []
    for replicate in replicates:
        draws = replicate_seed(seed, replicate)
        generator = np.random.default_rng((draws, SPLITS.index(split)))
        made[replicate], table = attack_parts(
            models[replicate],
            images,
            labels,
            attacks,
            generator.choice(len(labels), size=number, replace=False),
            seed=draws,
            batch_size=attack.batch_size,
            store=store,
            what=f"{split} images",
        )
        tables.append(table.assign(seed=replicate))
    together = pd.concat(tables, ignore_index=True)
    _tell(split, together)
    return made, together


def _tell(split: str, table: pd.DataFrame) -> None:
    for attack, part in table.groupby("attack", sort=False):
        attacked = part[part["correct_before"].astype(bool)]
        share = attacked["success"].mean() if len(attacked) else float("nan")
        logger.info(
            "%s on %d %s images: %.1f %% of those classified right now fooled",
            attack, len(part), split, 100 * share,
        )  # fmt: skip


def join_pool(
    images: ImageArray,
    labels: NDArray[np.int64],
    adversarial_images: Mapping[int, NDArray[np.float32]],
    adversarial_table: pd.DataFrame,
    replicates: tuple[int, ...],
) -> dict[int, LabelledPool]:
    """Clean images followed by adversarial ones, without a copy.

    Returns:
        The pool of each replicate; its images stay in the files they are in.
    """
    pools = {}
    for replicate in replicates:
        table = adversarial_table[adversarial_table["seed"] == replicate]
        pools[replicate] = LabelledPool(
            images,
            labels,
            adversarial_images[replicate],
            table["true_label"].to_numpy(np.int64),
            table["attack"].to_numpy(dtype=np.str_),
            table["source_index"].to_numpy(np.int64),
        )
    return pools
