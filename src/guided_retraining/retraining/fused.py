"""Several fits of one length at once, on JAX: models stacked, and one training step of all of them compiled.

A small model leaves most of a GPU idle. What ``jax.vmap`` makes of convolutions whose kernels differ by member are
grouped ones, which GPUs may compute slowly; as products of patches and kernels they become batched matrix products.
Which way is faster, and whether either is than one fit after the other, ``make bench-gpu`` measures on a GPU. The study
fits its cells one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError, ModelError
from guided_retraining.images.arrays import ImageArray
from guided_retraining.machine.backend import keras, on_accelerator, ops
from guided_retraining.machine.parallel import stop_if_asked
from guided_retraining.retraining.fit_loop_jax import (
    groups_of_variables,
    training_step,
    trains_as_a_whole,
)
from guided_retraining.retraining.trainer import Trainer, Weights

__all__ = ["Convolutions", "FusedTrainer", "as_products"]

Convolutions = Literal["grouped", "products"]


class FusedTrainer:
    """Fits members of one architecture, way of fitting and length at the same time.

    Each member has its own start weights, images, order, dropout and optimizer state, and one that ends in NaN leaves
    the others as they are. Members equal :meth:`Trainer.fit` but for the order in which sums are taken.

    Args:
        trainer: of the model; it is used for its state alone and may fit others in between.
        convolutions: ``grouped`` as ``jax.vmap`` makes them, or as ``products`` of matrices.

    Raises:
        ModelError: the Keras backend is not JAX.
    """

    def __init__(self, trainer: Trainer, *, convolutions: Convolutions = "grouped") -> None:
        if keras.backend.backend() != "jax":
            raise ModelError(
                f"Fits at once in one program need JAX, found Keras backend {keras.backend.backend()!r}; set "
                "KERAS_BACKEND=jax before Keras is imported."
            )
        self.trainer, self._as_products = trainer, convolutions == "products"
        self._one, self._many = self._compiled()

    def fit(
        self,
        starts: Sequence[Weights],
        images: ImageArray,
        labels: NDArray[np.int64],
        indices: NDArray[np.int64],
        *,
        seeds: Sequence[int],
    ) -> list[list[NDArray[Any]]]:
        """Train every member and give its last weights, as ``model.get_weights()`` orders them.

        Args:
            starts: weights of each member to begin from.
            images: ``(n, h, w, c)`` of which all members take theirs; held in the device's memory as float32.
            labels: ``(n,)`` true classes.
            indices: ``(members, m)`` positions to train on.
            seeds: of each member's shuffling and dropout.

        Raises:
            InputError: starts, indices and seeds are not of equally many members.
        """
        if not len(starts) == len(indices) == len(seeds) or np.ndim(indices) != 2:
            raise InputError(
                f"found {len(starts)} starts, indices of shape {np.shape(indices)} and {len(seeds)} seeds; expected as "
                "many of each, and indices of shape (members, m): members of other lengths are fitted by themselves"
            )
        generators = [np.random.default_rng(seed) for seed in seeds]
        state = _stacked([self._begin(*member) for member in zip(starts, generators, strict=True)])
        pool, classes = ops.convert_to_tensor(images[:]), ops.convert_to_tensor(np.asarray(labels, np.int32))
        for _ in range(self.trainer.parameters.epochs):
            orders = [generator.permutation(indices.shape[1]) for generator in generators]
            turns = np.take_along_axis(np.asarray(indices), np.stack(orders), axis=1)
            state = self._epoch(state, pool, classes, turns)
        return self._weights(state, len(seeds))

    def _begin(self, start: Weights, generator: np.random.Generator) -> Any:
        self.trainer.reset(start, generator)
        groups = groups_of_variables(self.trainer.model)
        return tuple([variable.value for variable in group] for group in groups)

    def _epoch(self, state: Any, pool: Any, labels: Any, turns: NDArray[np.int64]) -> Any:
        batch_size = self.trainer.parameters.batch_size
        length = turns.shape[1]
        rest = length % batch_size if trains_as_a_whole(self.trainer.model) else 0
        filled = self._batches(turns[:, : length - rest], batch_size)
        if on_accelerator() and len(filled[0]):
            state = self._many(state, pool, labels, len(filled[0]), *map(_to_power_of_two, filled))
        else:
            for turn, weights in zip(*filled, strict=True):
                stop_if_asked()
                state = self._one(state, pool, labels, turn, weights)
        if rest:
            state = self._one(state, pool, labels, turns[:, -rest:], np.ones(rest, np.float32))
        return state

    @staticmethod
    def _batches(turns: NDArray[np.int64], size: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Positions ``(steps, members, size)`` and weights ``(steps, size)``; the last step is filled up."""
        members, length = turns.shape
        steps = -(-length // size)
        filled = np.concatenate([turns, np.repeat(turns[:, :1], steps * size - length, axis=1)], axis=1)
        weights = (np.arange(steps * size) < length).astype(np.float32).reshape(steps, size)
        return filled.reshape(members, steps, size).transpose(1, 0, 2).astype(np.int32), weights

    def _compiled(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        import jax

        model = self.trainer.model
        plain = training_step(model)

        def member(state: Any, pool: Any, labels: Any, turn: Any, weights: Any) -> Any:
            if not self._as_products:
                return plain(state, pool[turn], labels[turn], weights)
            with as_products(model):
                return plain(state, pool[turn], labels[turn], weights)

        together = jax.vmap(member, in_axes=(0, None, None, 0, None))

        @jax.jit
        def many(state: Any, pool: Any, labels: Any, number: Any, turns: Any, weights: Any) -> Any:
            def step(at: Any, state: Any) -> Any:
                return together(state, pool, labels, turns[at], weights[at])

            return jax.lax.fori_loop(0, number, step, state)

        return jax.jit(together), many

    def _weights(self, state: Any, members: int) -> list[list[NDArray[Any]]]:
        groups = groups_of_variables(self.trainer.model)
        values = {
            id(variable): np.asarray(value)
            for group, rows in zip(groups, state, strict=True)
            for variable, value in zip(group, rows, strict=True)
        }
        stacked = [values[id(variable)] for variable in self.trainer.model.weights]
        return [[rows[member] for rows in stacked] for member in range(members)]


@contextmanager
def as_products(model: Any) -> Iterator[None]:
    """Let a model's plain convolutions be computed as products of matrices while a call of it is traced.

    Args:
        model: whose ``Conv2D`` layers without groups, with channels last, are changed for that long.
    """
    layers = [
        layer
        for layer in model._flatten_layers()
        if type(layer) is keras.layers.Conv2D and layer.groups == 1 and layer.data_format == "channels_last"
    ]
    for layer in layers:  # past Keras, which would track what is set
        object.__setattr__(layer, "convolution_op", partial(_product, layer))
    try:
        yield
    finally:
        for layer in layers:
            object.__delattr__(layer, "convolution_op")


def _product(layer: Any, images: Any, kernel: Any) -> Any:
    """A convolution: the images' shifted copies side by side, times the kernel as a matrix."""
    axes = list(zip(images.shape[1:3], layer.kernel_size, layer.strides, layer.dilation_rate, strict=True))
    if layer.padding == "same":
        missing = [
            max((-(-n // stride) - 1) * stride + (k - 1) * apart + 1 - n, 0) for n, k, stride, apart in axes
        ]
        images = ops.pad(images, [[0, 0], *([total // 2, total - total // 2] for total in missing), [0, 0]])
        axes = [(n + total, *others) for (n, *others), total in zip(axes, missing, strict=True)]
    windows = [_shifts(*axis) for axis in axes]
    patches = ops.concatenate(
        [images[:, row, column] for row in windows[0] for column in windows[1]], axis=-1
    )
    return ops.matmul(ops.cast(patches, kernel.dtype), ops.reshape(kernel, (-1, kernel.shape[-1])))


def _shifts(size: int, kernel: int, stride: int, apart: int) -> list[slice]:
    """For each place in the kernel where it meets an axis of ``size``, from its first position to its last."""
    reach = size - (kernel - 1) * apart
    return [slice(place * apart, place * apart + reach, stride) for place in range(kernel)]


def _stacked(members: Sequence[Any]) -> Any:
    import jax

    return jax.tree.map(lambda *values: ops.stack(values), *members)


def _to_power_of_two(rows: NDArray[Any]) -> NDArray[Any]:
    """The rows and some that are not reached, so that a few compiled shapes serve all lengths."""
    return np.concatenate(
        [rows, np.repeat(rows[:1], (1 << (len(rows) - 1).bit_length()) - len(rows), axis=0)]
    )
