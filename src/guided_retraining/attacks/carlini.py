"""Carlini and Wagner's L2 attack on whole batches, with its optimisation loop compiled.

Minimise ``||x' - x||^2 + c * max(0, kappa - margin(x'))`` over ``w``, ``x' = (tanh(w) + 1) / 2``, with Adam,
and search for each input's own ``c``. Inputs that no longer gain leave the batch.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.base import CompiledAttack
from guided_retraining.attacks.carlini_graphs import descend, foot, succeeds
from guided_retraining.attacks.finite import check_finite
from guided_retraining.models.forward import FORWARD

__all__ = ["CarliniWagnerL2"]

CHECKS = 10  # how often in max_iter an input may leave because it no longer gains, as in the authors' code
GAIN = 0.9999  # it gains while its loss falls below this share of the last check's, as in the authors' code
C_FACTOR = 10.0  # growth of c until the first success, as in the authors' code
SHRINK = 0.99  # keeps black and white pixels off the flat ends of tanh, where Adam could not move them
POLISHINGS = 2  # moves along the boundary, at the end
BISECTIONS = 8  # halvings of the way from an image to its result
PAST_THE_FOOT = 1.3  # how far beyond the foot on the linearised boundary the real one is looked for


class CarliniWagnerL2(CompiledAttack):
    """The L2 attack of Carlini and Wagner, batched; an input that it cannot fool is returned as it was.

    Args:
        estimator: the model to attack.
        confidence: logits by which the wrong class must lead (kappa).
        learning_rate: of Adam, in tanh space.
        binary_search_steps: values of c tried for each input.
        max_iter: Adam steps for each c.
        initial_const: the first c.
        targeted: labels are classes to reach.
        batch_size: most inputs at once.

    Source: Carlini and Wagner 2017 (arXiv 1608.04644), sections V and VI; parameter names are ART's. Unlike
    theirs, c moves by geometric means; an input never fooled so far goes on where it stopped instead of
    starting again; and a result is moved along the boundary, linearised at it, and straight towards its
    image as far as it still fools the model, which a few more model calls pay for.
    """

    confidence: float = 0.0
    learning_rate: float = 0.02
    binary_search_steps: int = 5
    max_iter: int = 100
    initial_const: float = 1.0
    targeted: bool = False

    def _attack(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        adversarial = images.copy()

        def one(part: slice) -> None:
            search = _Search(self, images[part], labels[part], part.start)
            for _ in range(self.binary_search_steps):
                search.try_constants()
            adversarial[part] = search.polished()

        self._each_batch(one, len(images))
        return adversarial


class _Search:
    """The state of one batch: each input's constant, its bracket, and the best result so far."""

    def __init__(
        self,
        attack: CarliniWagnerL2,
        images: NDArray[np.float32],
        labels: NDArray[np.int64],
        start: int,
    ) -> None:
        estimator = attack.estimator
        image, row = estimator.image_signature(), ((None,), "float32")
        self.attack, self.images, self.labels = attack, images, labels
        self.indices = np.arange(start, start + len(images))
        self.way = -1.0 if attack.targeted else 1.0
        self.descend = estimator.compiled(
            "carlini_descend",
            lambda: descend,
            [*[image] * 4, ((None,), "int64"), row, row, image, *[((), "float32")] * 3, *[((), "int32")] * 2],
            passes=lambda *arrays: arrays[-1] - arrays[-2],
        )
        self.succeeds = estimator.compiled(
            "carlini_succeeds",
            lambda: succeeds,
            [image, ((None,), "int64"), *[((), "float32")] * 2],
            passes=FORWARD,
        )
        self.foot = estimator.compiled(
            "carlini_foot", lambda: foot, [image, image, ((None,), "int64"), *[((), "float32")] * 2]
        )
        n = len(images)
        self.constants = np.full(n, attack.initial_const, np.float32)
        self.lower = np.zeros(n, np.float32)
        self.upper = np.full(n, np.inf, np.float32)
        self.w = np.arctanh((2 * images - 1) * np.float32(SHRINK))
        self.best = images.copy()
        # an input that needs no change is done before the search starts
        self.best_l2 = np.where(self._holds(images, labels), 0, np.inf).astype(np.float32)

    def try_constants(self) -> None:
        """One step of the binary search over c: optimise, then narrow each bracket."""
        rows = np.flatnonzero(self.best_l2 > 0)
        succeeded = np.zeros(len(self.images), bool)
        w = self.w[rows]
        state = [w, np.zeros_like(w), np.zeros_like(w)]  # and Adam's two moments
        previous = np.full(len(rows), np.inf, np.float32)
        checks = min(CHECKS, self.attack.max_iter)
        for part in np.array_split(np.arange(self.attack.max_iter), checks):
            if not len(rows):
                break
            *state, best_l2, best, loss, found = self.descend(
                self.images[rows], *state, self.labels[rows], self.constants[rows], self.best_l2[rows],
                self.best[rows], self.attack.learning_rate, self.attack.confidence, self.way, part[0],
                part[-1] + 1,
            )  # fmt: skip
            check_finite(self.attack.estimator.model, loss, self.images[rows], self.indices[rows])
            self.best_l2[rows], self.best[rows] = best_l2, best
            succeeded[rows] |= found > 0
            failing = np.isinf(self.best_l2[rows])
            self.w[rows[failing]] = state[0][failing]
            gains = loss < GAIN * previous
            rows, previous = rows[gains], loss[gains]
            state = [array[gains] for array in state]
        self._narrow(succeeded)

    def _narrow(self, succeeded: NDArray[np.bool_]) -> None:
        self.upper = np.where(succeeded, np.minimum(self.upper, self.constants), self.upper)
        self.lower = np.where(succeeded, self.lower, np.maximum(self.lower, self.constants))
        bracketed = np.isfinite(self.upper)
        low = np.where(self.lower > 0, self.lower, self.upper / C_FACTOR**2)
        between = np.sqrt(low * np.where(bracketed, self.upper, 1))
        self.constants = np.where(bracketed, between, self.constants * C_FACTOR).astype(np.float32)

    def polished(self) -> NDArray[np.float32]:
        """The best results, moved along the boundary and then straight towards their images."""
        rows = np.flatnonzero(np.isfinite(self.best_l2) & (self.best_l2 > 0))
        if not len(rows):
            return self.best
        images, labels = self.images[rows], self.labels[rows]
        best = self._nearest_on_the_way(images, self.best[rows], labels, 1.0)
        for _ in range(POLISHINGS):
            foot = self.foot(images, best, labels, self.attack.confidence, self.way)[0]
            tried = self._nearest_on_the_way(images, foot, labels, PAST_THE_FOOT)
            nearer = _square_sizes(tried - images) < _square_sizes(best - images)
            nearer &= self._holds(tried, labels)
            best[nearer] = tried[nearer]
        self.best[rows] = best
        return self.best

    def _nearest_on_the_way(
        self, images: NDArray[np.float32], ends: NDArray[np.float32], labels: NDArray[np.int64], reach: float
    ) -> NDArray[np.float32]:
        """The first point found that succeeds between each image and ``reach`` times the way to its end."""
        fails, holds = np.zeros(len(images), np.float32), np.full(len(images), reach, np.float32)
        for _ in range(BISECTIONS):
            middle = ((fails + holds) / 2).astype(np.float32)
            good = self._holds(_between(images, ends, middle), labels)
            holds, fails = np.where(good, middle, holds), np.where(good, fails, middle)
        return _between(images, ends, holds)

    def _holds(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray(self.succeeds(images, labels, self.attack.confidence, self.way)[0] > 0)


def _between(
    images: NDArray[np.float32], ends: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    return np.clip(images + share[:, None, None, None] * (ends - images), 0, 1).astype(np.float32)


def _square_sizes(change: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.square(change).sum(axis=(1, 2, 3)))
