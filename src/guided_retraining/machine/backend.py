"""Keras, imported once and quietly: the only door through which this project reaches its deep-learning library.

TensorFlow writes notes about CPUs and absent GPUs straight to the process's standard error before Python can filter
them. They are held back while it loads and shown only where loading fails.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from guided_retraining.machine.checks import backend_name, check_backend
from guided_retraining.machine.limits import visible_gpus


@contextmanager
def _held_back_stderr() -> Iterator[None]:
    """Keep what C++ code writes to file descriptor 2; write it out only after an error."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as buffer:
        os.dup2(buffer.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(kept, 2)
            buffer.seek(0)
            os.write(2, buffer.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _import_keras() -> None:
    check_backend()
    os.environ["KERAS_BACKEND"] = backend_name()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # JAX: take GPU memory as it is needed
    if sys.platform == "linux" and not visible_gpus():
        # Without a GPU the CUDA start-up only fails, loudly; so it is not tried.
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    with _held_back_stderr():
        import keras

        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            for gpu in tf.config.list_physical_devices("GPU"):
                tf.config.experimental.set_memory_growth(gpu, True)
            tf.get_logger().setLevel("ERROR")
        else:
            with suppress(ImportError):  # Keras imports it, if it is there, when it first copies a layer
                import tensorflow as tf

                tf.config.set_visible_devices([], "GPU")  # all of its memory is for the backend


_import_keras()

import keras  # noqa: E402
from keras import ops  # noqa: E402

__all__ = ["device_name", "keras", "on_accelerator", "ops", "side_by_side"]


def side_by_side() -> int:
    """How many models or batches to work on at the same time: one for each core, one on a GPU or TPU.

    Also one with another backend than TensorFlow: JAX spreads each program over the cores by itself, and its Keras
    models keep state between calls that threads would mix up.
    """
    from guided_retraining.machine.parallel import cores

    return cores() if keras.backend.backend() == "tensorflow" and not on_accelerator() else 1


def on_accelerator() -> bool:
    """Whether models run on a GPU or TPU."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
    if keras.backend.backend() == "jax":
        import jax  # type: ignore[import-not-found]

        return bool(jax.default_backend() != "cpu")
    return False


def device_name() -> str:
    """What models run on, in the backend's words."""
    if keras.backend.backend() == "jax":
        import jax

        device = jax.devices()[0]
        return device.platform if device.platform == "cpu" else f"{device.platform} ({device.device_kind})"
    if on_accelerator():
        import tensorflow as tf

        details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
        return f"gpu ({details.get('device_name', 'not named')})"
    return "cpu"
