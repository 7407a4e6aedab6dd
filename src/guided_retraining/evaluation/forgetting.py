"""What hardening costs on clean images, class by class: right before and wrong after, and the reverse."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from guided_retraining.errors import InputError
from guided_retraining.evaluation.findings import ClassForgetting, Forgetting

__all__ = ["forgetting"]


def forgetting(before: pd.DataFrame, after: pd.DataFrame, labels: ArrayLike) -> Forgetting:
    """Compare clean test images before and after hardening, in the same replicates.

    Args:
        before: right (1) or wrong (0) with the original model: a row for each replicate, a column for each image.
        after: the same with the hardened model; replicates that only one of them has are left out.
        labels: ``(n_images,)`` true classes, 0 or more.

    Returns:
        Means over replicates; for each class with test images its number of them, accuracy before and after, the share
        that was right and is wrong now (churn), and the reverse.

    Raises:
        InputError: labels and images differ in number, or the two share no replicate.
    """
    classes = np.asarray(labels)
    if classes.shape != (before.shape[1],) or before.shape[1] != after.shape[1]:
        raise InputError(
            f"Forgetting: expected a label for each of the {before.shape[1]} test images, got {classes.shape}; "
            f"after hardening there are {after.shape[1]} images."
        )
    shared = before.index.intersection(after.index)
    if shared.empty:
        raise InputError("Forgetting: the original and the hardened models share no replicate.")
    was, now = before.loc[shared].to_numpy(float) == 1, after.loc[shared].to_numpy(float) == 1
    lost, gained = was & ~now, ~was & now
    return Forgetting(
        churn=float(lost.mean()),
        gained=float(gained.mean()),
        per_class=[
            ClassForgetting(
                label=int(label),
                n_images=int((classes == label).sum()),
                accuracy_before=float(was[:, classes == label].mean()),
                accuracy_after=float(now[:, classes == label].mean()),
                churn=float(lost[:, classes == label].mean()),
                gained=float(gained[:, classes == label].mean()),
            )
            for label in np.unique(classes)
        ],
    )
