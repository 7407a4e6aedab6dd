"""What names a model: a fingerprint of its architecture and weights, which its file tells too."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guided_retraining.storage.fingerprint import fingerprint

MARK = b"guided-retraining model "  # begins the comment of a .keras archive that tells the fingerprint


@dataclass(frozen=True)
class UnloadedModel:
    """Stands for a model where only its fingerprint counts.

    Attributes:
        fingerprint: what :func:`model_fingerprint` gives of the model itself.
    """

    fingerprint: str


def model_fingerprint(model: Any) -> str:
    """A short name for exactly this architecture and these weights.

    Args:
        model: a built Keras model, or what stands for one.
    """
    if isinstance(model, UnloadedModel):
        return model.fingerprint
    return fingerprint(model.to_json(), *model.get_weights())


def note_fingerprint(path: Path) -> None:
    """Write into a ``.keras`` file what names the model in it; Keras passes over an archive's comment.

    It is taken of the model as it is loaded, since Keras writes down what it forgets in loading, such as how the model
    was compiled.

    Args:
        path: the file.
    """
    from guided_retraining.models.loading import load_model

    value = model_fingerprint(load_model(path))
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = MARK + value.encode()


def noted_fingerprint(path: Path) -> str | None:
    """What a ``.keras`` file says of itself; None where it was written without.

    Args:
        path: the file.
    """
    with zipfile.ZipFile(path) as archive:
        comment = archive.comment
    return comment.removeprefix(MARK).decode() if comment.startswith(MARK) else None
