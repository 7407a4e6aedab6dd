"""The inner loop of training on JAX: on an accelerator all batches of a chunk in one compiled loop.

On a CPU each batch is a call: inside a loop XLA computes gradients of convolutions without its fast kernels.

Keras models are stateful; JAX wants functions. The model's variables go in and come out as one tuple, and are written
back once per chunk. The last batch is filled up with copies that weigh nothing, and a loop's batches with some that it
does not reach, so that a few shapes serve all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.machine.backend import keras, on_accelerator, ops
from guided_retraining.models.logits import logits_twin
from guided_retraining.retraining.inner_attack import InnerAttack


def training_step(model: Any, attack: InnerAttack | None = None) -> Callable[..., Any]:
    """A training step as a function of all it changes, to be compiled.

    Args:
        model: compiled with a loss that has ``from_logits`` as wanted; its optimizer is used.
        attack: made on the batch before the step; the function then takes its seed, ``(2,)``.

    Returns:
        A function of state (values of :func:`groups_of_variables`), images, labels and the images' weights in the loss
        that gives the next state.

    Source: Keras's guide to custom training loops in JAX, for the stateless calls.
    """
    import jax

    optimizer, loss = (
        model.optimizer,
        type(model.loss).from_config({**model.loss.get_config(), "reduction": "none"}),
    )

    def batch_loss(trained: Any, other: Any, images: Any, labels: Any, weights: Any) -> Any:
        outputs, other, penalties = model.stateless_call(
            trained, other, images, training=True, return_losses=True
        )
        losses = loss(labels, outputs) * weights
        return losses.sum() / weights.sum() + sum(penalties), other

    gradient = jax.value_and_grad(batch_loss, has_aux=True)

    before = None if attack is None else _attacked(model, attack)

    def step(state: Any, images: Any, labels: Any, weights: Any, *seed: Any) -> Any:
        trained, other, moments = state
        if before is not None:
            images = before(trained, other, images, labels, *seed)
        (_, other), gradients = gradient(trained, other, images, labels, weights)
        trained, moments = optimizer.stateless_apply(moments, gradients, trained)
        return trained, other, moments

    return step


def groups_of_variables(model: Any) -> tuple[Any, Any, Any]:
    """What a step of training changes: trained variables, other ones (with dropout's seeds), the optimizer's."""
    return model.trainable_variables, model.non_trainable_variables, model.optimizer.variables


def trains_as_a_whole(model: Any) -> bool:
    """Whether images of a batch count for each other, so that it must not be filled up with copies."""
    return any(isinstance(layer, keras.layers.BatchNormalization) for layer in model._flatten_layers())


def jax_batch_runner(model: Any, batch_size: int, attack: InnerAttack | None = None) -> Callable[..., None]:
    """A function that trains a compiled model on images and labels in order, once, in batches.

    Args:
        model: compiled with a loss that has ``from_logits`` as wanted; its optimizer is used.
        batch_size: the last batch may be smaller.
        attack: made on each batch before the step; the function then takes whole batches alone, and their seeds.
    """
    import jax

    one = jax.jit(training_step(model, attack))

    @jax.jit
    def many(state: Any, number: Any, *batches: Any) -> Any:
        def step(at: Any, state: Any) -> Any:
            return one(state, *(array[at] for array in batches))

        return jax.lax.fori_loop(0, number, step, state)

    def through(state: Any, images: Any, labels: Any, *seeds: Any) -> Any:
        number = -(-len(images) // batch_size)
        power_of_two = 1 << (number - 1).bit_length()
        size = batch_size * (power_of_two if on_accelerator() else number)
        weights = (np.arange(size) < len(images)).astype(np.float32)
        batches = [
            array.reshape(-1, batch_size, *array.shape[1:])
            for array in (_filled_up(images, size), _filled_up(labels, size), weights)
        ]
        batches += [_filled_up(seed, size // batch_size) for seed in seeds]
        if on_accelerator():
            return many(state, number, *batches)
        for batch in zip(*batches, strict=True):
            state = one(state, *batch)
        return state

    as_a_whole = trains_as_a_whole(model)

    def run(
        images: Any, labels: NDArray[np.int64], *seeds: Any
    ) -> None:  # images of the host or of the device
        variables = groups_of_variables(model)
        state = tuple([variable.value for variable in group] for group in variables)
        rest = len(images) % batch_size if as_a_whole else 0  # copies would count in its mean and variance
        if len(images) > rest:
            state = through(state, images[: len(images) - rest], labels[: len(images) - rest], *seeds)
        if rest:
            state = one(state, images[-rest:], labels[-rest:], np.ones(rest, np.float32))
        for group, values in zip(variables, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)

    return run


def _attacked(model: Any, attack: InnerAttack) -> Callable[..., Any]:
    """A batch attacked with the model as it is and dropout off, inside the compiled step."""
    import jax

    twin = logits_twin(model)

    def before(trained: Any, other: Any, images: Any, labels: Any, seed: Any) -> Any:
        def logits_of(inputs: Any) -> Any:
            return ops.cast(twin.stateless_call(trained, other, inputs, training=False)[0], "float32")

        key = jax.random.wrap_key_data(seed.astype("uint32"))
        noise = jax.random.uniform(key, images.shape, minval=-attack.eps, maxval=attack.eps)
        return attack(logits_of, images, labels, noise)

    return before


def _filled_up(rows: Any, size: int) -> Any:
    """The rows and copies of the first one."""
    like = np if isinstance(rows, np.ndarray) else ops
    return like.concatenate([rows, like.repeat(rows[:1], size - len(rows), axis=0)])
