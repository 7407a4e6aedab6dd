"""Attack a random draw of a split's images, one part of it by each attack, and keep each finished part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.attacks.estimator import KerasLogitsEstimator
from guided_retraining.attacks.running import run_attack
from guided_retraining.images.arrays import ImageArray, SelectedImages
from guided_retraining.machine.progress import Ticker
from guided_retraining.models.working import working_copy
from guided_retraining.parameters.names import named_function
from guided_retraining.storage.fingerprint import fingerprint
from guided_retraining.storage.store import Store

__all__ = ["ATTACK_VERSION", "attack_parts"]

# Part of each part's fingerprint: raise it when attacks with equal arguments may end otherwise.
ATTACK_VERSION = 4


def attack_parts(
    model: Any,
    images: ImageArray,
    labels: NDArray[np.int64],
    attacks: Mapping[str, Mapping[str, Any]],
    drawn: NDArray[np.int64],
    *,
    seed: int,
    batch_size: int,
    store: Store,
    what: str = "images",
) -> tuple[NDArray[np.float32], pd.DataFrame]:
    """Adversarial versions of the drawn images, cut into one equal part for each attack.

    Args:
        model: the model attacked.
        images: ``(n, h, w, c)`` of the split.
        labels: ``(n,)``.
        attacks: parameters of each attack, by its name in the parameters.
        drawn: ``(m,)`` positions of the images to attack.
        seed: of the attacks.
        batch_size: most images at once.
        store: finished parts; an interrupted stage goes on with the next one.
        what: the images' name in the progress line.

    Returns:
        ``(m, h, w, c)`` float32 images, and a table with a row for each, as ``run_attack`` makes it, with
        ``gradient_passes`` (a mean over the part's images).
    """
    images_key = fingerprint(images, labels, model.to_json(), *model.get_weights())
    parts, tables = [], []
    for (name, parameters), chosen in zip(attacks.items(), np.array_split(drawn, len(attacks)), strict=True):
        key = fingerprint(ATTACK_VERSION, images_key, name, parameters, seed, batch_size, chosen)
        kept = store.get(key)
        if kept is None:
            function, rest = named_function(name, dict(parameters), "attack")
            with (
                working_copy(model) as copy,
                Ticker(f"{name} on {what}", len(chosen), unit="images") as ticker,
            ):
                estimator = copy.tool(
                    f"estimator {batch_size}",
                    lambda model: KerasLogitsEstimator(model, batch_size=batch_size),
                )
                before = estimator.gradient_passes
                result = run_attack(
                    None,
                    SelectedImages(images, chosen),
                    labels[chosen],
                    attack=function,
                    parameters=rest,
                    seed=seed,
                    batch_size=batch_size,
                    estimator=estimator,
                    source_indices=chosen,
                    progress=ticker.progress,
                )
                passes = round((estimator.gradient_passes - before) / len(chosen), 6)
            table = result.table.assign(attack=name, gradient_passes=passes)
            kept = {"images": result.images, **{str(column): _array(table[column]) for column in table}}
            store.put(key, kept)
        parts.append(kept["images"])
        tables.append(pd.DataFrame({column: values for column, values in kept.items() if column != "images"}))
    return np.concatenate(parts).astype(np.float32), pd.concat(tables, ignore_index=True)


def _array(series: pd.Series) -> NDArray[Any]:
    text = series.dtype == object or series.dtype == "str"
    return series.to_numpy(dtype=np.str_) if text else series.to_numpy()
