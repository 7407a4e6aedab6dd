"""Attack a seeded draw of each split's images, part by part, and join clean and adversarial inputs into pools."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.images.arrays import ImageArray, SelectedImages
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import AttackParameters, named_function
from guided_retraining.retraining.plan import attacked_count
from guided_retraining.storage.fingerprint import fingerprint
from guided_retraining.storage.store import Store

SPLITS = ("train", "validation", "test")
# Part of each part's fingerprint: raise it when attacks with equal arguments may end otherwise.
ATTACK_VERSION = 3

logger = logging.getLogger(__name__)


def attack_split(
    model: Any,
    images: ImageArray,
    labels: NDArray[np.int64],
    attack: AttackParameters,
    seed: int,
    store: Store,
    *,
    split: str,
) -> tuple[NDArray[np.float32], pd.DataFrame]:
    """Adversarial versions of a random draw of a split's images, cut into one equal part for each attack.

    Args:
        model: the original model.
        images: ``(n, h, w, c)`` of the split.
        labels: ``(n,)``.
        attack: how many images, which attacks with which parameters.
        seed: of the draw and of the attacks.
        store: finished parts; an interrupted stage goes on with the next one.
        split: train, validation or test.

    Returns:
        ``(m, h, w, c)`` float32 images, and a table with a row for each.
    """
    from guided_retraining.attacks import KerasLogitsEstimator, run_attack
    from guided_retraining.machine.progress import Ticker

    number = attacked_count(getattr(attack, f"n_{split}"), len(labels), split, len(attack.attacks))
    generator = np.random.default_rng((seed, SPLITS.index(split)))
    drawn = generator.choice(len(labels), size=number, replace=False)
    images_key = fingerprint(images, labels, model.to_json(), *model.get_weights())
    parts, tables = [], []
    estimator = None  # made for the first part that is not finished yet; all share its compiled functions
    for (key, parameters), chosen in zip(
        attack.attacks.items(), np.array_split(drawn, len(attack.attacks)), strict=True
    ):
        part_key = fingerprint(ATTACK_VERSION, images_key, key, parameters, seed, attack.batch_size, chosen)
        kept = store.get(part_key)
        if kept is None:
            function, rest = named_function(key, parameters, "attack")
            estimator = estimator or KerasLogitsEstimator(model, batch_size=attack.batch_size)
            with Ticker(f"{key} on {split} images", len(chosen), unit="images") as ticker:
                result = run_attack(
                    model,
                    SelectedImages(images, chosen),
                    labels[chosen],
                    attack=function,
                    parameters=rest,
                    seed=seed,
                    batch_size=attack.batch_size,
                    estimator=estimator,
                    source_indices=chosen,
                    progress=ticker.progress,
                )
            table = result.table.assign(attack=key)
            kept = {"images": result.images, **{str(name): _column(table[name]) for name in table}}
            store.put(part_key, kept)
        parts.append(kept["images"])
        tables.append(pd.DataFrame({name: column for name, column in kept.items() if name != "images"}))
        _tell(split, key, tables[-1])
    return np.concatenate(parts).astype(np.float32), pd.concat(tables, ignore_index=True)


def _column(series: pd.Series) -> NDArray[Any]:
    return (
        series.to_numpy(dtype=np.str_)
        if series.dtype == object or series.dtype == "str"
        else series.to_numpy()
    )


def _tell(split: str, key: str, table: pd.DataFrame) -> None:
    attacked = table[table["correct_before"].astype(bool)]
    share = attacked["success"].mean() if len(attacked) else float("nan")
    logger.info(
        "%s on %d %s images: %.1f %% of those classified right now fooled",
        key,
        len(table),
        split,
        100 * share,
    )


def join_pool(
    images: ImageArray,
    labels: NDArray[np.int64],
    adversarial_images: NDArray[np.float32],
    adversarial_table: pd.DataFrame,
) -> LabelledPool:
    """Clean images followed by adversarial ones, without a copy.

    Returns:
        The pool; its images stay in the files they are in.
    """
    return LabelledPool(
        images,
        labels,
        adversarial_images,
        adversarial_table["true_label"].to_numpy(np.int64),
        adversarial_table["attack"].to_numpy(dtype=np.str_),
        adversarial_table["source_index"].to_numpy(np.int64),
    )
