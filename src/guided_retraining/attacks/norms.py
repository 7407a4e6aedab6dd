"""Sizes of perturbations, and random points in a ball."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import ModelError

__all__ = ["Norm", "check_inside", "norm_order", "perturbation_norms", "random_in_ball"]

Norm = float  # 1, 2 or infinity
CHANGED = 1e-6  # a pixel that moved less counts as unchanged in L0: rounding, not an attack
BALL_TOLERANCE = 1e-5  # relative; float32 sums over some thousand pixels


def norm_order(norm: int | float | str) -> Norm:
    """``1.0``, ``2.0`` or infinity, from a number or the text ``"inf"`` of a YAML file.

    >>> norm_order("inf"), norm_order(2)
    (inf, 2.0)
    """
    return float(norm)


def perturbation_norms(
    images: NDArray[np.float32], adversarial: NDArray[np.float32]
) -> dict[str, NDArray[np.float64]]:
    """L0, L2 and Linf size of each perturbation.

    Args:
        images: ``(n, h, w, c)`` float32, before.
        adversarial: the same shape, after.

    Returns:
        ``l0`` (number of changed values), ``l1``, ``l2`` and ``linf``, each ``(n,)`` float64, in pixel units
        of [0, 1].

    >>> perturbation_norms(np.zeros((1, 1, 2, 1)), np.array([[[[0.3], [0.4]]]]))["l2"].round(3).tolist()
    [0.5]
    """
    change = np.abs(adversarial.astype(np.float64) - images).reshape(
        len(images), int(np.prod(images.shape[1:]))
    )
    return {
        "l0": (change > CHANGED).sum(axis=1).astype(np.float64),
        "l1": change.sum(axis=1),
        "l2": np.sqrt(np.square(change).sum(axis=1)),
        "linf": change.max(axis=1, initial=0.0),
    }


def check_inside(
    images: NDArray[np.float32],
    adversarial: NDArray[np.float32],
    norm: Norm | None,
    eps: float | None,
    attack: str,
) -> None:
    """Check that what an attack made is in [0, 1] and in its epsilon ball.

    Args:
        images: ``(n, h, w, c)`` float32, before.
        adversarial: the same shape, after.
        norm: order of the ball; None where the attack has none.
        eps: radius of the ball; None where the attack has none.
        attack: name for the message.

    Raises:
        ModelError: NaN, a value outside [0, 1], or a perturbation larger than ``eps``.
    """
    if not len(adversarial):
        return
    if not (adversarial.min() >= 0 and adversarial.max() <= 1):
        raise ModelError(
            f"{attack} made values from {adversarial.min():g} to {adversarial.max():g}, expected [0, 1]; "
            f"if they are "
            "NaN the model's gradients are, otherwise the attack does not clip."
        )
    if norm is None or eps is None:
        return
    sizes = perturbation_norms(images, adversarial)["linf" if np.isinf(norm) else f"l{norm:g}"]
    if sizes.max() > eps * (1 + BALL_TOLERANCE) + 1e-7:
        worst = int(sizes.argmax())
        raise ModelError(
            f"{attack} moved input {worst} by {sizes[worst]:g} in L{norm:g}, expected at most eps={eps:g}."
        )


def random_in_ball(
    shape: tuple[int, ...], norm: Norm, eps: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Points drawn uniformly from the ball of radius ``eps`` around zero, one a row.

    Args:
        shape: ``(n, ...)``.
        norm: 1, 2 or infinity.
        eps: radius.
        rng: the source of randomness; a longer draw begins with the rows of a shorter one.

    Returns:
        An array of ``shape``, float32.
    """
    n, size = shape[0], int(np.prod(shape[1:]))
    if np.isinf(norm):
        return (eps * (2 * rng.random((n, size), dtype=np.float32) - 1)).reshape(shape)
    directions, radii = rng.spawn(2)
    if norm == 2:
        points = directions.standard_normal((n, size))
    else:  # Laplace draws scaled to the sphere are uniform on it in L1
        points = directions.exponential(size=(n, size)) * (2 * radii.integers(0, 2, (n, size)) - 1)
    lengths = np.linalg.norm(points, ord=norm, axis=1, keepdims=True)
    scale = rng.random((n, 1)) ** (1 / size) * eps / lengths
    return (points * scale).astype(np.float32).reshape(shape)
