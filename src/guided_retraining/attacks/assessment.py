"""How hard a model is to fool: a few attacks of rising strength, each only on the images that it can still decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.registry import PGD_REACH
from guided_retraining.attacks.robustness import RepeatedAttack, withstood
from guided_retraining.images.arrays import ImageArray

if TYPE_CHECKING:
    from guided_retraining.attacks.estimator import KerasLogitsEstimator

__all__ = ["CURVE", "STEPS", "assessment_attacks", "standing_by_eps", "worst_case"]

CURVE = (1 / 4, 1 / 2, 1.0, 2.0)  # sizes of the curve, as shares of eps
STEPS = 20  # of each APGD: 500 images of 32x32 take a small network on two cores less than a minute in all

Standing = NDArray[np.bool_]


def assessment_attacks(eps: float, steps: int = STEPS, n_classes: int = 3) -> dict[str, dict[str, Any]]:
    """The attacks in the order in which they are made: what an early one fools, a later and dearer one need not try.

    Args:
        eps: radius of the Linf ball, in units of [0, 1] pixel values.
        steps: of each APGD; PGD takes half as many, Square five times as many tries, which need no gradient.
        n_classes: of the model; one of two classes is not shown APGD-DLR, which needs three.

    Returns:
        Parameters by attack.

    >>> assessment_attacks(0.08)["pgd"]
    {'eps': 0.08, 'eps_step': 0.02, 'max_iter': 10}
    """
    half = max(1, steps // 2)
    third = {"apgd_dlr": {"eps": eps, "max_iter": steps}} if n_classes > 2 else {}
    return {
        "fgsm": {"eps": eps},
        "pgd": {"eps": eps, "eps_step": PGD_REACH * eps / half, "max_iter": half},
        "apgd_ce": {"eps": eps, "max_iter": steps},
        **third,
        "square": {"eps": eps, "max_iter": 5 * steps},
    }


def worst_case(
    estimator: KerasLogitsEstimator,
    images: ImageArray,
    labels: NDArray[np.int64],
    eps: float,
    *,
    seed: int,
    steps: int = STEPS,
    known: Mapping[str, Standing] | None = None,
    done: Callable[[str, Standing], None] = lambda *_: None,
) -> dict[str, Standing]:
    """Which images stay right under every attack so far, one attack after the other.

    Args:
        estimator: of the model.
        images: ``(n, h, w, c)`` in [0, 1], any image array.
        labels: ``(n,)`` int64.
        eps: radius of the Linf ball, in units of [0, 1] pixel values.
        seed: of the attacks' random draws.
        steps: as in :func:`assessment_attacks`.
        known: which images withstood an attack that was made already; it is not made again.
        done: called with each attack and what stands after it.

    Returns:
        ``(n,)`` right or wrong: ``clean``, then for each attack what stands after it and all before it; the last one is
        the worst case.
    """
    images = images[:]
    standing = estimator.predict(images).argmax(axis=1) == labels
    found = {"clean": standing}
    for attack, parameters in assessment_attacks(eps, steps, estimator.nb_classes).items():
        if known is not None and attack in known:
            standing = standing & known[attack]
        else:
            standing = _after(estimator, attack, parameters, images, labels, standing, seed)
        found[attack] = standing
        done(attack, standing)
    return found


def standing_by_eps(
    estimator: KerasLogitsEstimator,
    images: ImageArray,
    labels: NDArray[np.int64],
    sizes: Sequence[float],
    *,
    seed: int,
    steps: int = STEPS,
    done: Callable[[float, Standing], None] = lambda *_: None,
) -> dict[float, Standing]:
    """Which images stay right under PGD of each size.

    An image that is fooled within a small ball is fooled within every larger one, so only what stands is attacked
    further, and the curve cannot rise.

    Args:
        estimator: of the model.
        images: ``(n, h, w, c)`` in [0, 1], any image array.
        labels: ``(n,)`` int64.
        sizes: Linf radii in (0, 1], increasing.
        seed: of the attack's random draws.
        steps: as in :func:`assessment_attacks`.
        done: called with each size and what stands after it.

    Returns:
        ``(n,)`` right or wrong for each size, that of 0 (clean) first.
    """
    images = images[:]
    standing = estimator.predict(images).argmax(axis=1) == labels
    found = {0.0: standing}
    for eps in sizes:
        parameters = assessment_attacks(eps, steps)["pgd"]
        standing = _after(estimator, "pgd", parameters, images, labels, standing, seed)
        found[eps] = standing
        done(eps, standing)
    return found


def _after(
    estimator: KerasLogitsEstimator,
    attack: str,
    parameters: Mapping[str, Any],
    images: NDArray[np.float32],
    labels: NDArray[np.int64],
    standing: Standing,
    seed: int,
) -> Standing:
    one = RepeatedAttack("robust", attack, attack, parameters)
    return withstood(estimator, [one], images, labels, seed=seed, right=standing)[attack]
