"""Accuracies of a model on clean and adversarial inputs, under the column names of the results table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from guided_retraining.errors import InputError

__all__ = ["accuracies"]


def accuracies(
    clean_predictions: ArrayLike,
    clean_labels: ArrayLike,
    adversarial_predictions: ArrayLike = (),
    adversarial_labels: ArrayLike = (),
    attacks: ArrayLike = (),
    *,
    attack_names: Sequence[str] = (),
) -> dict[str, float]:
    """Accuracy on clean inputs, on adversarial inputs (together and for each attack), and on both together.

    Args:
        clean_predictions: ``(n,)`` predicted classes of the clean inputs.
        clean_labels: ``(n,)`` true classes of the clean inputs.
        adversarial_predictions: ``(m,)`` predicted classes of the adversarial inputs; m may be 0.
        adversarial_labels: ``(m,)`` true classes of the adversarial inputs.
        attacks: ``(m,)`` the attack that made each adversarial input.
        attack_names: attacks that get a column even if they made none of the inputs (their accuracy is NaN).

    Returns:
        ``accuracy_clean``, ``accuracy_replayed``, ``accuracy_replayed_<attack>`` and ``accuracy_combined``,
        each in [0, 1], or NaN where there is no input to measure on.

    Raises:
        InputError: if lengths differ or an array is not one-dimensional.

    >>> accuracies([1, 2], [1, 2], [1, 1], [1, 2], ["fgsm", "bim"])  # doctest: +NORMALIZE_WHITESPACE
    {'accuracy_clean': 1.0, 'accuracy_replayed': 0.5, 'accuracy_replayed_bim': 0.0,
     'accuracy_replayed_fgsm': 1.0, 'accuracy_combined': 0.75}
    """
    clean = _hits("clean", clean_predictions, clean_labels)
    adversarial = _hits("adversarial", adversarial_predictions, adversarial_labels)
    made_by = np.asarray(attacks, dtype=str)
    if made_by.shape != adversarial.shape:
        raise InputError(
            f"adversarial inputs: expected one attack name for each of the {len(adversarial)} inputs, "
            f"got shape {made_by.shape}."
        )
    names = sorted({*attack_names, *made_by.tolist()})
    return {
        "accuracy_clean": _share(clean),
        "accuracy_replayed": _share(adversarial),
        **{f"accuracy_replayed_{name}": _share(adversarial[made_by == name]) for name in names},
        "accuracy_combined": _share(np.concatenate([clean, adversarial])),
    }


def _hits(what: str, predictions: ArrayLike, labels: ArrayLike) -> NDArray[np.bool_]:
    predicted, true = np.asarray(predictions), np.asarray(labels)
    if predicted.ndim != 1 or true.shape != predicted.shape:
        raise InputError(
            f"{what} inputs: expected predicted and true classes of one shape (n,), got {predicted.shape} "
            f"and {true.shape}. Probabilities or one-hot labels become classes by argmax(axis=1)."
        )
    return np.asarray(predicted == true, dtype=np.bool_)


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else float("nan")
