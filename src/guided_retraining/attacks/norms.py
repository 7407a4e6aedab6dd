"""Sizes of perturbations, and random points in a ball."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import ModelError

__all__ = ["Norm", "float32_allowance", "kept_inside", "perturbation_norms", "random_in_ball"]

Norm = float  # 1, 2 or infinity
CHANGED = 1e-6  # a pixel that moved less counts as unchanged in L0: rounding, not an attack
ROUNDOFF = 2.0**-24  # of one float32 operation, relative; half of it, absolute, for a result in [0, 1)
VALUE_ROUNDINGS = (
    2  # of a value on its way out of an attack: the last move, and one change of scale around it
)
SCALE_ROUNDINGS = (
    8  # of eps, of the factor that brings a change into the ball, of their product and on the way
)


def perturbation_norms(
    images: NDArray[np.float32], adversarial: NDArray[np.float32]
) -> dict[str, NDArray[np.float64]]:
    """L0, L1, L2 and Linf size of each perturbation.

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


def float32_allowance(norm: Norm, eps: float, n_values: int) -> float:
    """How far an attack that computes in float32 may seem to leave its ball by rounding alone.

    Each of the ``n`` values is rounded after the change was brought into the ball, by at most ``ROUNDOFF / 2``
    each time: together that is ``n`` times as much in L1, ``sqrt(n)`` times in L2, once in Linf. In L1 and L2 the
    size that the attack compared with ``eps`` was itself a sum of n terms, wrong by a share of at most
    ``n * ROUNDOFF`` in whatever order they were added.

    Args:
        norm: 1, 2 or infinity.
        eps: radius of the ball, in units of [0, 1] pixel values.
        n_values: ``h * w * c``.

    Returns:
        An upper bound of size - eps.

    Source: Higham 2002, Accuracy and Stability of Numerical Algorithms, sections 3.1 and 4.2, to first order.

    >>> round(float32_allowance(1, 0.05, 28 * 28 * 1) / 0.05, 4)
    0.001
    """
    values = VALUE_ROUNDINGS * ROUNDOFF / 2 * n_values ** (1 / norm)
    terms = 0 if np.isinf(norm) else n_values
    return float(values + eps * (terms + SCALE_ROUNDINGS) * ROUNDOFF)


def kept_inside(
    images: NDArray[np.float32],
    adversarial: NDArray[np.float32],
    norm: Norm | None,
    eps: float | None,
    attack: str,
) -> NDArray[np.float32]:
    """What an attack made, in [0, 1] and in its epsilon ball; only rounding is taken back, the rest is refused.

    Args:
        images: ``(n, h, w, c)`` float32, before.
        adversarial: the same shape, after; not changed.
        norm: order of the ball; None where the attack has none.
        eps: radius of the ball; None where the attack has none.
        attack: name for the message.

    Returns:
        The adversarial images. No perturbation is larger than ``eps`` when its size is computed in float64, but for
        the rounding of that sum.

    Raises:
        ModelError: NaN, a value outside [0, 1], or a perturbation larger than ``eps`` by more than
            ``float32_allowance``.
    """
    if not len(adversarial):
        return adversarial
    if not (adversarial.min() >= 0 and adversarial.max() <= 1):
        raise ModelError(
            f"{attack} made values from {adversarial.min():g} to {adversarial.max():g}, expected [0, 1]; "
            f"if they are NaN the model's gradients are, otherwise the attack does not clip."
        )
    if norm is None or eps is None:
        return adversarial
    sizes = perturbation_norms(images, adversarial)["linf" if np.isinf(norm) else f"l{norm:g}"]
    if sizes.max() > eps + float32_allowance(norm, eps, int(np.prod(images.shape[1:]))):
        worst = int(sizes.argmax())
        raise ModelError(
            f"{attack} moved input {worst} by {sizes[worst]:g} in L{norm:g}, expected at most eps={eps:g}."
        )
    outside = sizes > eps
    if outside.any():
        adversarial = adversarial.copy()
        adversarial[outside] = _trimmed(images[outside], adversarial[outside], norm, eps, sizes[outside])
    return adversarial


def _trimmed(
    images: NDArray[np.float32],
    adversarial: NDArray[np.float32],
    norm: Norm,
    eps: float,
    sizes: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Changes brought into the ball in float64; no value is then rounded away from its image."""
    clean = images.astype(np.float64)
    change = adversarial - clean
    if np.isinf(norm):
        change = np.clip(change, -eps, eps)
    else:
        change *= (eps / sizes).reshape(-1, *[1] * (change.ndim - 1))
    nearest = (clean + change).astype(np.float32)
    too_far = np.abs(nearest - clean) > np.abs(change)
    return np.where(too_far, np.nextafter(nearest, images), nearest)


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
