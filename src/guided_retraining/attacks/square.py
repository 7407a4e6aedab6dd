"""Square attack: random search with squares, by outputs only, so that hidden gradients do not stop it."""

from __future__ import annotations

import bisect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.base import CompiledAttack
from guided_retraining.attacks.losses import margin
from guided_retraining.machine.backend import ops
from guided_retraining.models.forward import FORWARD

__all__ = ["SquareAttack", "square_side"]

TRIES_A_CALL = 50  # after so many tries inputs that are fooled leave the batch
SIGNS = np.array([-1, 1], np.float32)
HALVED_AT = (
    0.001,
    0.005,
    0.02,
    0.05,
    0.1,
    0.2,
    0.4,
    0.6,
    0.8,
)  # shares of max_iter, section 3.1 of the paper


class SquareAttack(CompiledAttack):
    """The Linf square attack: one model call a try, each input with squares of its own.

    Args:
        estimator: the model to attack.
        eps: radius of the Linf ball, in units of [0, 1] pixel values.
        max_iter: tries for each input.
        p_init: share of the image that the first squares cover.
        batch_size: most inputs at once.
        seed: for the squares.

    Source: Andriushchenko et al. 2020 (arXiv 1912.00049), algorithms 1 and 2; parameter names are ART's.
    """

    norm = np.inf

    eps: float = 8 / 255
    max_iter: int = 1000
    p_init: float = 0.8
    seed: int = 0

    def _attack(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        h, w, c = images.shape[1:]
        image = self.estimator.image_signature()
        run = self.estimator.compiled(
            "square",
            lambda: _search,
            [image, image, ((None,), "float32"), ((None,), "int64"), ((None, TRIES_A_CALL, 2), "float32"),
             ((None, TRIES_A_CALL, c), "float32"), ((TRIES_A_CALL,), "int32"), ((), "int32"), ((), "float32")],
            passes=lambda *arrays: arrays[7] * FORWARD,
        )  # fmt: skip
        measure = self.estimator.compiled(
            "margin", lambda: _margin, [image, ((None,), "int64")], passes=FORWARD
        )
        adversarial = images.copy()

        def one(part: slice) -> None:
            rng = np.random.default_rng([self.seed, part.start])
            clean = images[part]
            stripes = self.eps * rng.choice(SIGNS, (len(clean), 1, w, c))
            x = np.clip(clean + stripes, 0, 1).astype(np.float32)
            wrong = measure(clean, labels[part])[0] > 0  # no need to touch these
            ahead = measure(x, labels[part])[0]
            adversarial[part][~wrong] = x[~wrong]
            rows = np.flatnonzero(~wrong & (ahead <= 0)) + part.start
            ahead = ahead[rows - part.start]
            for done in range(0, self.max_iter, TRIES_A_CALL):
                if not len(rows):
                    break
                tries = range(done, min(done + TRIES_A_CALL, self.max_iter))
                sides = [square_side(i / self.max_iter, self.p_init, h, w) for i in tries]
                places = rng.random((len(sides), len(rows), 2), dtype=np.float32)
                signs = rng.choice(SIGNS, (len(sides), len(rows), c))
                of_tries = _by_row(places), _by_row(signs), np.resize(sides, TRIES_A_CALL), len(sides)
                adversarial[rows], ahead = run(
                    images[rows], adversarial[rows], ahead, labels[rows], *of_tries, self.eps
                )
                rows, ahead = rows[ahead <= 0], ahead[ahead <= 0]

        self._each_batch(one, len(images))
        return adversarial


def _by_row(tries: NDArray[np.float32]) -> NDArray[np.float32]:
    """From ``(tries, rows, k)`` to ``(rows, TRIES_A_CALL, k)``; the last call has fewer, and reaches no more."""
    missing = TRIES_A_CALL - len(tries)
    return np.pad(np.moveaxis(tries, 0, 1), [(0, 0), (0, missing), (0, 0)])


def square_side(progress: float, p_init: float, h: int, w: int) -> int:
    """Side of the squares when a share ``progress`` of the tries is done.

    >>> square_side(0.0, 0.8, 32, 32), square_side(0.9, 0.8, 32, 32)
    (29, 1)
    """
    share = p_init / 2 ** bisect.bisect_left(HALVED_AT, progress)
    return max(1, min(round(float(np.sqrt(share * h * w))), h - 1, w - 1))


def _margin(logits_of: Any, images: Any, labels: Any) -> Any:
    return (margin(logits_of(images), labels),)


def _search(
    logits_of: Any,
    images: Any,
    x: Any,
    ahead: Any,
    labels: Any,
    places: Any,
    signs: Any,
    sides: Any,
    number: Any,
    eps: Any,
) -> Any:
    """Try a square for each of a number of ``places``; keep it where it brings the wrong classes nearer."""
    h, w, c = images.shape[1:]
    down, across = ops.arange(h, dtype="float32")[None, :], ops.arange(w, dtype="float32")[None, :]

    def one(i: Any, x: Any, ahead: Any) -> Any:
        side = ops.cast(ops.take(sides, i, axis=0), "float32")
        place = ops.take(places, i, axis=1)
        top, left = ops.floor(place[:, :1] * (h - side + 1)), ops.floor(place[:, 1:] * (w - side + 1))
        rows = ops.logical_and(down >= top, down < top + side)
        columns = ops.logical_and(across >= left, across < left + side)
        square = ops.logical_and(rows[:, :, None, None], columns[:, None, :, None])
        sign = ops.reshape(ops.take(signs, i, axis=1), (-1, 1, 1, c))
        tried = ops.where(square, ops.clip(images + eps * sign, 0.0, 1.0), x)
        tried_ahead = margin(logits_of(tried), labels)
        # a fooled input is left alone
        better = ops.logical_and(tried_ahead > ahead, ahead <= 0)
        return i + 1, ops.where(better[:, None, None, None], tried, x), ops.where(better, tried_ahead, ahead)

    state = (ops.zeros((), "int32"), x, ahead)
    return ops.while_loop(lambda i, *_: i < number, one, state)[1:]
