"""The inner loop of training on JAX: all batches of a chunk in one compiled scan, on the accelerator.

Keras models are stateful; JAX wants functions. The model's variables go in and come out as one tuple, and are written
back once per chunk. The last batch is filled up with copies that weigh nothing, so that one shape serves all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def jax_batch_runner(model: Any, batch_size: int) -> Callable[[NDArray[np.float32], NDArray[np.int64]], None]:
    """A function that trains a compiled model on images and labels in order, once, in batches.

    Args:
        model: compiled with a loss that has ``from_logits`` as wanted; its optimizer is used.
        batch_size: the last batch may be smaller.

    Source: Keras's guide to custom training loops in JAX, for the stateless calls.
    """
    import jax
    import jax.numpy as jnp

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

    @jax.jit
    def run_batches(state: Any, images: Any, labels: Any, weights: Any) -> Any:
        def step(state: Any, batch: Any) -> Any:
            trained, other, moments = state
            (_, other), gradients = gradient(trained, other, *batch)
            trained, moments = optimizer.stateless_apply(moments, gradients, trained)
            return (trained, other, moments), None

        return jax.lax.scan(step, state, (images, labels, weights))[0]

    def run(images: Any, labels: NDArray[np.int64]) -> None:  # images of the host or already of the device
        missing = -len(images) % batch_size
        weights = np.ones(len(images), np.float32)
        padded = [
            jnp.concatenate([jnp.asarray(array), jnp.repeat(array[:1], missing, axis=0)])
            for array in (images, labels)
        ]
        padded.append(jnp.concatenate([weights, jnp.zeros(missing, jnp.float32)]))
        batched = [array.reshape(-1, batch_size, *array.shape[1:]) for array in padded]
        variables = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
        state = tuple([variable.value for variable in group] for group in variables)
        for group, values in zip(variables, run_batches(state, *batched), strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)

    return run
