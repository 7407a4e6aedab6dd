"""One compiled model that is reset and fitted again and again.

A fresh model for each fit would cost its tracing each time and never give the memory back; here weights, optimizer
state and dropout seeds are set back instead, so that a fit depends on its arguments alone and not on earlier fits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.images.arrays import ImageArray
from guided_retraining.machine.backend import keras
from guided_retraining.machine.lending import Lender
from guided_retraining.machine.parallel import stop_if_asked
from guided_retraining.models.cloning import architecture, clone
from guided_retraining.models.forward import ForwardPass
from guided_retraining.models.logits import output_kind, softmax
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.retraining.chosen import Chosen
from guided_retraining.retraining.fit_loop import make_batch_runner
from guided_retraining.retraining.inner_attack import InnerAttack
from guided_retraining.storage.fingerprint import fingerprint

if TYPE_CHECKING:
    from guided_retraining.attacks import KerasLogitsEstimator

CHUNK_BYTES = 16 * 2**20  # images gathered from the pool at a time; the only copy of them a fit makes

ATTACKED_VALUES = 64 * 32 * 32 * 3  # pixel values in a batch, or 64 images

BUILDING = Lock()  # models are made one at a time: Keras names and seeds them from state of the whole process

Weights = Sequence[NDArray[Any]]


@dataclass(frozen=True)
class FitCost:
    """What one fit took.

    Attributes:
        seconds: of wall time.
        samples_seen: images trained on, each as often as it was.
        other_passes: gradient passes beside those of training on them: attacks inside training, scoring.
        notes: what else is known of the fit, kept in the cell's record.
    """

    seconds: float
    samples_seen: int
    other_passes: float = 0.0
    notes: Mapping[str, Any] = field(default_factory=dict)


class Trainer:
    """A model with its optimizer, ready to be fitted many times from given weights.

    Args:
        model: any built Keras classifier; a clone of it is trained, the model itself is left as it is.
        parameters: optimizer, epochs, batch size, precision.
        evaluation_batch_size: images a batch in :attr:`forward`.

    Attributes:
        tracers: forward passes with activations, by the name of their layer, made where they are needed.
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
        self.tracers: dict[str | None, ForwardPass] = {}
        self._runners: dict[InnerAttack | None, Callable[..., None]] = {}
        self._runner(None)  # compiled here, not by the first of several fits
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
        self.reset(start, generator)
        begun = time.perf_counter()
        chosen = self.chosen(images, indices)
        for epoch in range(self.parameters.epochs):
            epoch_start = time.perf_counter()
            self.go_through(chosen, labels[indices], generator.permutation(len(indices)))
            if after_epoch is not None:
                after_epoch(epoch + 1, time.perf_counter() - epoch_start)
        return FitCost(time.perf_counter() - begun, samples_seen=len(indices) * self.parameters.epochs)

    def chosen(self, images: ImageArray, indices: NDArray[np.int64]) -> Chosen:
        """Images to :meth:`go_through`, as :meth:`fit` takes them."""
        return Chosen(images, indices, self._rows(images))

    def go_through(
        self,
        chosen: Chosen,
        labels: NDArray[np.int64],
        order: NDArray[np.int64],
        *,
        attack: InnerAttack | None = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        """Train on images in an order, from the weights as they are.

        Args:
            chosen: ``m`` images.
            labels: ``(m,)``.
            order: ``(k,)`` positions among them; one may come more than once.
            attack: made on each batch before the step, whole batches alone; ``k`` is a multiple of the batch size.
            generator: of the attack's random starts.
        """
        runner, rows, batch_size = self._runner(attack), self._rows(chosen.images), self.parameters.batch_size
        for position in range(0, len(order), rows):
            stop_if_asked()
            turn = order[position : position + rows]
            if attack is None:
                runner(chosen[turn], labels[turn])
            else:
                assert generator is not None
                seeds = generator.integers(2**31, size=(len(turn) // batch_size, 2), dtype=np.int32)
                runner(chosen[turn], labels[turn], seeds)
        # JAX, and TensorFlow on a GPU, only queue the work; whoever looks at a clock means that it is done.
        for variable in self.model.trainable_variables[:1]:
            keras.ops.convert_to_numpy(variable)

    def _runner(self, attack: InnerAttack | None) -> Callable[..., None]:
        if attack not in self._runners:
            self._runners[attack] = make_batch_runner(self.model, self.parameters.batch_size, attack)
        return self._runners[attack]

    def _rows(self, images: ImageArray) -> int:
        """Images read at a time: whole batches."""
        batch_bytes = int(np.prod(images.shape[1:])) * 4 * self.parameters.batch_size
        return max(1, CHUNK_BYTES // batch_bytes) * self.parameters.batch_size

    def synchronise(self) -> None:
        """Let :attr:`forward`'s model and :attr:`estimator` have the weights of the training as it is."""
        if self.forward.model is not self.model:
            self.forward.model.set_weights(self.model.get_weights())

    def probabilities(self, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities of the classes, ``(n, k)``, from the model's outputs, ``(n, k)`` probabilities or logits."""
        return softmax(outputs) if self._logits else outputs

    def reset(self, start: Weights, generator: np.random.Generator) -> None:
        """Set weights, optimizer and dropout back to those that a fit begins with.

        Args:
            start: weights, as ``model.get_weights()`` gives them.
            generator: of dropout's seeds.
        """
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
