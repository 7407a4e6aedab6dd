"""One compiled model that is reset and fitted again and again.

A fresh model for each fit would cost its tracing each time and never give the memory back; here weights, optimizer
state and dropout seeds are set back instead, so that a fit depends on its arguments alone and not on earlier fits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.images.arrays import ImageArray
from guided_retraining.machine.backend import keras, on_accelerator
from guided_retraining.machine.lending import Lender
from guided_retraining.machine.parallel import stop_if_asked
from guided_retraining.models.cloning import architecture, clone
from guided_retraining.models.forward import ForwardPass
from guided_retraining.models.logits import output_kind, softmax
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.fit_loop import make_batch_runner
from guided_retraining.storage.fingerprint import fingerprint

if TYPE_CHECKING:
    from guided_retraining.attacks import KerasLogitsEstimator

CHUNK_BYTES = 16 * 2**20  # images gathered from the pool at a time; the only copy of them a fit makes

DEVICE_BYTES = (
    4 * 2**30
)  # of a fit's images kept in a GPU's memory; more go there chunk by chunk, in each epoch

ATTACKED_VALUES = 64 * 32 * 32 * 3  # pixel values in a batch, or 64 images

BUILDING = Lock()  # models are made one at a time: Keras names and seeds them from state of the whole process

Weights = Sequence[NDArray[Any]]


@dataclass(frozen=True)
class FitCost:
    """What one fit took: wall seconds, and samples x epochs."""

    seconds: float
    samples_seen: int


class Trainer:
    """A model with its optimizer, ready to be fitted many times from given weights.

    Args:
        model: any built Keras classifier; a clone of it is trained, the model itself is left as it is.
        parameters: optimizer, epochs, batch size, precision.
        evaluation_batch_size: images a batch in :attr:`forward`.

    Attributes:
        forward: a forward pass through the model as it is after the latest fit, in float32 whatever the precision
            of training, so that all cells are measured alike.
    """

    def __init__(self, model: Any, parameters: FitParameters, *, evaluation_batch_size: int = 512) -> None:
        self.parameters = parameters
        self.model = clone(model, precision=parameters.precision)
        self.model.set_weights(model.get_weights())
        self._logits = output_kind(model) == "logits"
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=self._logits)
        self.model.compile(optimizer=_optimizer(parameters), loss=loss)
        self.model.optimizer.build(self.model.trainable_variables)
        self._optimizer_start = [
            keras.ops.convert_to_numpy(variable).copy() for variable in self.model.optimizer.variables
        ]
        self._seed_states = [v for v in self.model.variables if v.path.endswith("seed_generator_state")]
        self._run = make_batch_runner(self.model, parameters.batch_size)
        self.forward = (
            ForwardPass(self.model, batch_size=evaluation_batch_size)
            if parameters.precision == "float32"
            else _Float32Forward(self.model, clone(model), batch_size=evaluation_batch_size)
        )

    @cached_property
    def estimator(self) -> KerasLogitsEstimator:
        """For attacks on the model of :attr:`forward`, as it was at its latest call; compiled once."""
        from guided_retraining.attacks import KerasLogitsEstimator

        with BUILDING:
            model = self.forward.model
            values = int(np.prod(model.inputs[0].shape[1:]))
            # Small images go through together: their steps cost more to start than to compute.
            return KerasLogitsEstimator(model, batch_size=max(64, ATTACKED_VALUES // values), workers=1)

    def fit(
        self,
        start: Weights,
        images: ImageArray,
        labels: NDArray[np.int64],
        indices: NDArray[np.int64],
        *,
        seed: int,
        after_epoch: Callable[[int, float], None] | None = None,
    ) -> FitCost:
        """Train from ``start`` on the chosen images and keep the last epoch's weights.

        Args:
            start: weights to begin from, as ``model.get_weights()`` gives them.
            images: ``(n, h, w, c)``, indexed chunk by chunk and never copied whole in this machine's memory; on a
                GPU the chosen ones lie in its memory during the fit, where they fit.
            labels: ``(n,)`` true classes.
            indices: ``(m,)`` positions to train on.
            seed: of the shuffling and of dropout.
            after_epoch: called with (epochs done, seconds of this epoch).
        """
        generator = np.random.default_rng(seed)
        self._reset(start, generator)
        parameters = self.parameters
        image_bytes = int(np.prod(images.shape[1:])) * 4
        chunk = max(1, CHUNK_BYTES // (image_bytes * parameters.batch_size)) * parameters.batch_size
        begun = time.perf_counter()
        on_device = None
        if on_accelerator() and len(indices) * image_bytes <= DEVICE_BYTES:
            on_device = _on_device(images, indices, chunk)
        for epoch in range(parameters.epochs):
            epoch_start = time.perf_counter()
            order = generator.permutation(len(indices))
            for position in range(0, len(order), chunk):
                stop_if_asked()
                turn = order[position : position + chunk]
                chosen = indices[turn]
                batch = images[chosen] if on_device is None else keras.ops.take(on_device, turn, axis=0)
                self._run(batch, labels[chosen])
            if after_epoch is not None:
                after_epoch(epoch + 1, time.perf_counter() - epoch_start)
        return FitCost(time.perf_counter() - begun, samples_seen=len(indices) * parameters.epochs)

    def probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities of the classes, ``(n, k)``, from the model's outputs, ``(n, k)`` probabilities or logits."""
        return softmax(outputs) if self._logits else outputs

    def _reset(self, start: Weights, generator: np.random.Generator) -> None:
        self.model.set_weights(list(start))
        for variable, value in zip(self.model.optimizer.variables, self._optimizer_start, strict=True):
            variable.assign(value)
        for state in self._seed_states:
            state.assign(np.array([generator.integers(2**31), 0], dtype=np.uint32))


_TRAINERS: Lender[Trainer] = Lender(most_kinds=4)


@contextmanager
def lent_trainer(model: Any, parameters: FitParameters) -> Iterator[Trainer]:
    """A trainer of a model's architecture, the caller's own for a ``with`` block.

    All curves, replicates and configurations of a process share them, so that each way of fitting is compiled once a
    core.

    Args:
        model: a Keras classifier; its weights do not count, each fit is given some to start from.
        parameters: optimizer, epochs, batch size, precision.
    """

    def make() -> Trainer:
        with BUILDING:
            return Trainer(model, parameters)

    with _TRAINERS.lent(fingerprint(architecture(model), parameters), make) as trainer:
        yield trainer


def _on_device(images: ImageArray, indices: NDArray[np.int64], chunk: int) -> Any:
    """The chosen images as one tensor, carried over chunk by chunk."""
    parts = range(0, len(indices), chunk)
    tensors = [keras.ops.convert_to_tensor(images[indices[start : start + chunk]]) for start in parts]
    return keras.ops.concatenate(tensors) if len(tensors) > 1 else tensors[0]


class _Float32Forward(ForwardPass):
    """A forward pass in float32 with the present weights of a model that computes in another precision."""

    def __init__(self, trained: Any, twin: Any, *, batch_size: int) -> None:
        super().__init__(twin, batch_size=batch_size)
        self.trained = trained

    def __call__(
        self, images: ImageArray, *, progress: Callable[[int, int], None] | None = None
    ) -> list[NDArray[np.float32]]:
        """Each output over all images."""
        self.model.set_weights(self.trained.get_weights())
        return super().__call__(images, progress=progress)


def _optimizer(parameters: FitParameters) -> Any:
    kinds = {"rmsprop": keras.optimizers.RMSprop, "adam": keras.optimizers.Adam, "sgd": keras.optimizers.SGD}
    return kinds[parameters.optimizer](learning_rate=parameters.learning_rate)
