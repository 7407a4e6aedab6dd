"""Functions of a model, compiled once each and run over many images, a few batches side by side."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from threading import RLock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks.gradients import Signature, compile_for
from guided_retraining.errors import InputError
from guided_retraining.machine.backend import keras, side_by_side
from guided_retraining.machine.parallel import each

__all__ = ["CompiledBatches"]

Compiled = Callable[..., list[NDArray[Any]]]


class CompiledBatches:
    """What an estimator has that compiles functions of its model and counts what their calls cost.

    Attributes:
        model: whose logits the functions are of.
        batch_size: most inputs that go through the model at once.
        workers: batches at the same time, in threads.
        gradient_passes: forward and backward passes of one image so far, over all attacks and calls.
        counted_by: the estimator that counts them, itself or the one it was made for.
    """

    model: keras.Model

    def set_up_batches(self, image_shape: Sequence[int], batch_size: int, workers: int | None) -> None:
        """To be called first.

        Args:
            image_shape: ``(h, w, c)``.
            batch_size: most inputs at once.
            workers: batches at the same time; None for one a core, one on a GPU.
        """
        self._input_shape = tuple(int(size) for size in image_shape)
        self.batch_size = int(batch_size)
        self.workers = side_by_side() if workers is None else workers
        self.gradient_passes = 0.0
        self.counted_by: CompiledBatches = self
        self._compiled: dict[Hashable, Compiled] = {}
        self._compiling = RLock()  # several threads may attack at once

    def compiled(
        self,
        key: Hashable,
        build: Callable[[], Callable[..., Any]],
        signature: Signature,
        *,
        passes: float | Callable[..., float] = 1.0,
    ) -> Compiled:
        """A function of ``(logits_of, *tensors)`` compiled for this model at the first call with ``key``.

        Args:
            key: other functions have others.
            build: gives the function.
            signature: of its tensors.
            passes: gradient passes that a call takes for each row of its first array, or a function of the arrays
                that tells; they are added to ``gradient_passes``.
        """
        with self._compiling:
            if key not in self._compiled:
                made = compile_for(self.model, build(), signature, batch_size=self.batch_size)
                self._compiled[key] = made
            run = self._compiled[key]

        def counted(*arrays: Any) -> list[NDArray[Any]]:
            self.counted_by.count(len(arrays[0]) * (passes(*arrays) if callable(passes) else passes))
            return run(*arrays)

        return counted

    def count(self, passes: float) -> None:
        """Add to ``gradient_passes``."""
        with self._compiling:
            self.gradient_passes += float(passes)

    def image_signature(self) -> tuple[tuple[int | None, ...], str]:
        """Shape and dtype of a batch of images, for ``compiled``."""
        return (None, *self._input_shape), "float32"

    def labelled_signature(self) -> Signature:
        """Shapes and dtypes of a batch of images with their labels, for ``compiled``."""
        return [self.image_signature(), ((None,), "int64")]

    def each_batch(self, function: Callable[[slice], None], length: int, batch_size: int) -> None:
        """Call a function on each batch, as many at a time as there are workers.

        Args:
            function: of the slice of a batch.
            length: of all.
            batch_size: of each but the last.
        """
        parts = [slice(start, min(start + batch_size, length)) for start in range(0, length, batch_size)]
        each(function, parts, workers=max(1, min(self.workers, len(parts))))

    def in_batches(
        self,
        run: Compiled,
        shape: tuple[int, ...],
        x: Any,
        *others: NDArray[Any],
        batch_size: int | None = None,
    ) -> NDArray[np.float32]:
        """What a compiled function gives for all inputs.

        Args:
            run: of a batch of images and the same rows of the other arrays; the first of its results is kept.
            shape: of that for all inputs.
            x: ``(n, h, w, c)`` floats in [0, 1]; any image array, read a batch at a time.
            others: ``(n, ...)`` each.
            batch_size: most inputs at once; the estimator's own is the upper limit.

        Returns:
            An array of ``shape``, float32.

        Raises:
            InputError: images of another dtype.
        """
        results = np.empty(shape, np.float32)

        def one(part: slice) -> None:
            results[part] = run(_floats(x[part]), *(other[part] for other in others))[0]

        self.each_batch(one, len(x), min(batch_size or self.batch_size, self.batch_size))
        return results


def _floats(x: Any) -> NDArray[np.float32]:
    array = np.asarray(x)
    if array.dtype.kind != "f":  # float64 is let through: ART's own attacks pass it
        raise InputError(
            f"Found images of dtype {array.dtype}, expected float32 in [0, 1]: images.astype('float32') / 255."
        )
    return array.astype(np.float32, copy=False)
