"""The inner loop of training: a run of batches in one call.

On TensorFlow and JAX the loop over batches is inside one compiled function, so that a fit of a few hundred images does
not pay a Python call per batch; on TensorFlow it is traced once for a model, whatever the number of images. On other
Keras backends the batches go through Keras's own ``train_on_batch``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import ModelError
from guided_retraining.machine.backend import keras, on_accelerator
from guided_retraining.models.logits import logits_twin
from guided_retraining.retraining.fit_loop_jax import jax_batch_runner
from guided_retraining.retraining.inner_attack import InnerAttack

Runner = Callable[..., None]


def make_batch_runner(model: Any, batch_size: int, attack: InnerAttack | None = None) -> Runner:
    """A function that trains a compiled model on images and labels in order, once, in batches.

    Args:
        model: compiled; its loss and optimizer are used.
        batch_size: the last batch may be smaller.
        attack: made on each batch before the step, on the model as it then is; the function then takes whole batches
            alone, and ``(number of batches, 2)`` int32 seeds as a third argument.

    Raises:
        ModelError: an attack on a Keras backend without gradients here.
    """
    if keras.backend.backend() == "tensorflow":
        return tensorflow_batch_runner(model, batch_size, attack, xla=on_accelerator())
    if keras.backend.backend() == "jax":
        return jax_batch_runner(model, batch_size, attack)
    if attack is not None:
        raise ModelError(
            f"Attacks inside training need gradients, found Keras backend {keras.backend.backend()!r}, expected "
            "tensorflow or jax; set KERAS_BACKEND before Keras is imported."
        )

    def run(images: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        for start in range(0, len(images), batch_size):
            model.train_on_batch(images[start : start + batch_size], labels[start : start + batch_size])

    return run


def tensorflow_batch_runner(
    model: Any, batch_size: int, attack: InnerAttack | None = None, *, xla: bool
) -> Runner:
    """:func:`make_batch_runner` on TensorFlow.

    Args:
        model: compiled; its loss and optimizer are used.
        batch_size: the last batch may be smaller.
        attack: made on each batch before the step.
        xla: whether a step is compiled by XLA, for each batch size once. It pays on a GPU; on a CPU a step of
            such models takes 5 to 13 times as long.
    """
    import tensorflow as tf

    train = model.train_step if _has_own_step(model) else _plain_step(model)
    step = train if attack is None else _attacked_step(model, attack, train)
    if xla:
        step = tf.function(step, jit_compile=True)
    images_spec = tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32)
    others = [
        tf.TensorSpec((None,), tf.int64),
        *([] if attack is None else [tf.TensorSpec((None, 2), tf.int32)]),
    ]

    @tf.function(input_signature=[images_spec, *others])
    def batches(images: Any, labels: Any, *seeds: Any) -> None:
        steps = -(-tf.shape(images)[0] // batch_size)
        for number in tf.range(steps):
            start = number * batch_size
            batch = images[start : start + batch_size], labels[start : start + batch_size]
            step(batch, *(seed[number] for seed in seeds))

    run_batches = batches.get_concrete_function()  # traced here, not by the first of several threads

    def run(images: Any, *others: NDArray[Any]) -> None:  # images of the host or already of the device
        run_batches(tf.convert_to_tensor(images), *map(tf.convert_to_tensor, others))

    return run


def _attacked_step(model: Any, attack: InnerAttack, train: Callable[..., Any]) -> Callable[..., None]:
    """A training step on a batch that is attacked first, with the model as it is and dropout off."""
    import tensorflow as tf

    twin = logits_twin(model)

    def logits_of(images: Any) -> Any:
        return keras.ops.cast(twin(images, training=False), "float32")

    def step(batch: tuple[Any, Any], seed: Any) -> None:
        images, labels = batch
        images.set_shape((attack.batch_size, *images.shape[1:]))
        noise = tf.random.stateless_uniform(tf.shape(images), seed, -attack.eps, attack.eps)
        train((attack(logits_of, images, labels, noise), labels))

    return step


def _has_own_step(model: Any) -> bool:
    """Whether a user's model class trains in a way of its own."""
    return type(model).train_step is not keras.Model.train_step


def _plain_step(model: Any) -> Callable[[tuple[Any, Any]], None]:
    """Keras's training step (loss with the layers' own terms, gradients, update), without metrics."""
    import tensorflow as tf

    def step(batch: tuple[Any, Any]) -> None:
        images, labels = batch
        with tf.GradientTape() as tape:
            loss = model.compute_loss(x=images, y=labels, y_pred=model(images, training=True))
        variables = model.trainable_variables
        model.optimizer.apply(tape.gradient(loss, variables), variables)

    return step
