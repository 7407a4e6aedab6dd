"""What is measured of a retrained model: accuracies, calibration, and which images it gets right."""

from __future__ import annotations

import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.robustness import withstood
from guided_retraining.evaluation.accuracy import accuracies
from guided_retraining.evaluation.calibration import expected_calibration_error
from guided_retraining.models.forward import predicted_labels
from guided_retraining.retraining.replicate import Replicate
from guided_retraining.retraining.trainer import Trainer

RIGHT = "right_"  # before the kind of accuracy: right or wrong of each image, packed


def measure(trainer: Trainer, replicate: Replicate) -> dict[str, Any]:
    """Measure the model that a trainer holds, on validation data to choose by and on test data to report.

    Args:
        trainer: after a fit.
        replicate: its data, and the attacks made anew.

    Returns:
        The accuracies under their columns of the results; ``calibration_error``; ``right_<kind>``, right or wrong of
        each clean (``clean``) and attacked (``robust``, ``unseen``) test image; what the attacks cost.
    """
    test, validation = replicate.test, replicate.validation
    outputs = trainer.forward(test)[0]
    predicted = outputs.argmax(axis=1)
    right = predicted[: test.n_clean] == test.clean_labels
    chosen_on = predicted_labels(trainer.forward, validation) == validation.labels
    return {
        **accuracies(
            predicted[: test.n_clean],
            test.clean_labels,
            predicted[test.n_clean :],
            test.adversarial_labels,
            test.attacks,
            attack_names=sorted(set(test.attacks.tolist())),
        ),
        "calibration_error": expected_calibration_error(
            trainer.probabilities(outputs[: test.n_clean]), test.clean_labels
        ),
        "validation_accuracy_clean": float(chosen_on[: validation.n_clean].mean()),
        "validation_accuracy_combined": float(chosen_on.mean()),
        f"{RIGHT}clean": packed(right),
        **_attacked_anew(trainer, replicate, {"test": right, "validation": chosen_on[: validation.n_clean]}),
    }


def _attacked_anew(
    trainer: Trainer, replicate: Replicate, right: Mapping[str, NDArray[np.bool_]]
) -> dict[str, Any]:
    """The same images under each attack, made against this model; worst case, each attack, and the cost."""
    if not replicate.attacks:
        return {}
    before, start = trainer.estimator.gradient_passes, time.perf_counter()
    found: dict[str, Any] = {}
    for split, images in (("test", replicate.attacked_test), ("validation", replicate.attacked_validation)):
        pool = getattr(replicate, split)
        for kind in dict.fromkeys(attack.kind for attack in replicate.attacks):
            if not len(images) or (split == "validation" and kind != "robust"):
                continue
            standing = withstood(
                trainer.estimator,
                [attack for attack in replicate.attacks if attack.kind == kind],
                pool.clean_images[images],
                pool.clean_labels[images],
                seed=replicate.draws,
                right=right[split][images],
                worst_case_only=split == "validation",
            )
            worst = np.logical_and.reduce(list(standing.values()))
            if split == "validation":
                found[f"validation_accuracy_{kind}"] = float(worst.mean())
                continue
            found[f"accuracy_{kind}"] = float(worst.mean())
            found |= {f"accuracy_{kind}_{name}": float(one.mean()) for name, one in standing.items()}
            found[f"{RIGHT}{kind}"] = packed(worst)
    found["reattack_seconds"] = time.perf_counter() - start
    found["reattack_gradient_passes"] = round(trainer.estimator.gradient_passes - before, 3)
    return found


def packed(right: NDArray[np.bool_]) -> str:
    """Right or wrong of each image as text: its bits, in base 64.

    >>> packed(np.array([True, False, True]))
    'oA=='
    """
    return b64encode(np.packbits(right).tobytes()).decode("ascii")


def unpacked(text: str, n: int) -> NDArray[np.bool_]:
    """The reverse of :func:`packed`.

    Args:
        text: bits in base 64.
        n: images.

    >>> unpacked("oA==", 3).tolist()
    [True, False, True]
    """
    return np.unpackbits(np.frombuffer(b64decode(text), np.uint8), count=n).astype(bool)
