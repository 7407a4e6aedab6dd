"""Which of the recommended models is delivered as a file, and what was measured of that file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
import pandas as pd

from guided_retraining.evaluation.curves import cell
from guided_retraining.evaluation.findings import Forgetting, Interval, Recommendation
from guided_retraining.evaluation.intervals import replicate_interval
from guided_retraining.evaluation.outcomes import OUTCOMES, attack_of, columns_in_order
from guided_retraining.evaluation.wording import percent, points

__all__ = [
    "AttackUse",
    "Delivered",
    "DeliveredCell",
    "accuracies_with_intervals",
    "cell_to_deliver",
    "delivery_lines",
    "deviations",
]


class DeliveredCell(TypedDict):
    """The one model of the study that is delivered: its configuration, what ranked its inputs, how many there are, and
    the replicate it is of."""

    configuration: str
    metric: str
    n_inputs: int
    replicate: int


class AttackUse(TypedDict):
    """An attack of a study, as a person is told of it: ``name`` in the parameters; ``norm`` and ``eps`` (in units of
    [0, 1] pixel values), None where it has no ball; ``uses`` in words; ``parameters`` as given."""

    name: str
    norm: str | None
    eps: float | None
    uses: list[str]
    parameters: dict[str, Any]


class Delivered(TypedDict):
    """What is known of the hardened model's file.

    Attributes:
        lines: for the log, in words.
        cell: the model it is; None where the original model is to be kept and there is no file.
        accuracy: measured on the file as it was written, intervals over images, by the end of the column.
        original: the same of the replicate's model before hardening.
        deviations: measured minus what the study had measured of the same model, by column; empty where all agree.
        forgetting: clean test images before and after, by class.
        model: ``parameters`` (their number), ``input_shape`` of an image, ``input_range`` of a pixel (``0..1``, ...),
            ``output`` (``softmax`` or ``logits``); empty where there is no file.
        fingerprints: ``model`` (architecture and weights) and ``made_from`` (original model, all inputs, attacks made
            anew); empty where there is no file.
    """

    lines: list[str]
    cell: DeliveredCell | None
    accuracy: dict[str, Interval]
    original: dict[str, Interval]
    deviations: dict[str, float]
    forgetting: Forgetting | None
    model: dict[str, Any]
    fingerprints: dict[str, str]


def cell_to_deliver(recommendation: Recommendation, results: pd.DataFrame) -> DeliveredCell | None:
    """The recommended cell's best replicate on validation data, by what the choice went by.

    Args:
        recommendation: from ``recommend``.
        results: the results table it was made from.

    Returns:
        The cell; None where the original model is to be kept.
    """
    found = recommendation["models"]["recommended"]
    if found["configuration"] is None:
        return None
    rows = cell(results, found["configuration"], found["metric"], found["n_inputs"])
    columns = [OUTCOMES[key].validation_column for key in recommendation["choice"]["outcomes"]]
    best = rows.sort_values(columns, ascending=False, kind="stable").index[0]
    return DeliveredCell(
        configuration=found["configuration"],
        metric=str(rows.loc[best, "metric"]),
        n_inputs=found["n_inputs"],
        replicate=int(best),
    )


def accuracies_with_intervals(
    measured: Mapping[str, Any], n_images: Mapping[str, int], confidence: float
) -> dict[str, Interval]:
    """One model's accuracies on test data with intervals over images.

    Args:
        measured: as a cell's record; the columns that begin with ``accuracy_`` are used.
        n_images: test images by the end of the column, or by the kind of accuracy (``clean``, ``robust``, ...).
        confidence: in (0, 1).

    Returns:
        Wilson's intervals by the end of the column.
    """
    found = {}
    for column in columns_in_order(list(measured)):
        outcome, _ = attack_of(column)
        kind = column.removeprefix("accuracy_")
        n = n_images.get(kind, n_images.get(outcome.key) if outcome else None)
        found[kind] = replicate_interval([measured[column]], n_images=n, confidence=confidence)
    return found


def deviations(measured: Mapping[str, Any], row: Mapping[Any, Any]) -> dict[str, float]:
    """What a model measured anew differs by from what was measured of it before.

    Args:
        measured: as a cell's record.
        row: of the results table, the same cell.

    Returns:
        New minus old, by column, for those accuracies that are not equal to the last bit.
    """
    columns = [column for column in measured if column.startswith(("accuracy_", "validation_accuracy_"))]
    differ = {column: float(measured[column]) - float(row[column]) for column in columns if column in row}
    return {column: value for column, value in differ.items() if value != 0 and np.isfinite(value)}


def delivery_lines(
    recommendation: Recommendation, chosen: DeliveredCell, found: Mapping[str, float], clean: Interval
) -> list[str]:
    """What the log says of the file.

    Args:
        recommendation: from ``recommend``.
        chosen: the model.
        found: from :func:`deviations`.
        clean: accuracy on clean test images of the file.

    Returns:
        Sentences without markup; the second one only where the file differs from the study's model.
    """
    said = [
        f"{recommendation['dataset']}: the hardened model is that of replicate {chosen['replicate']}, the best on "
        f"validation data; its file was loaded and measured again: clean accuracy {percent(clean['mean'])}, "
        f"{'as the study had measured' if not found else 'not quite as the study had measured'}."
    ]
    if found:
        column = max(found, key=lambda name: abs(found[name]))
        said.append(
            f"{recommendation['dataset']}: fitted again, the model differs from the study's by up to "
            f"{points(found[column])} ({column}), as it may on another machine, backend or version of a library; "
            "file, check and card have the new figures."
        )
    return said
