"""The hardened model in a format of other runtimes, once it says there what it says here."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.commands.frame import chosen, open_project
from guided_retraining.commands.given import of_study
from guided_retraining.errors import DataFileError, ModelError, ParameterError
from guided_retraining.machine.checks import backend_name
from guided_retraining.machine.limits import one_thread_an_operation
from guided_retraining.storage.files import atomic_path, check_writable

FORMATS = {"onnx": ".onnx", "saved_model": ""}  # and how a file of it is named; a SavedModel is a folder
BATCH = 256  # images at a time
MANY = 10**9  # all test images

Outputs = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def export(dataset: str, format: str, to: Path | None, env: str | None) -> str:
    """Write a study's hardened model in another format, checked on all test images before it gets its name.

    Args:
        dataset: whose hardened model.
        format: a key of ``FORMATS``.
        to: the file or folder to write; None for one named after the data set, in the current folder.
        env: the project's environment.

    Returns:
        A line that says where it is and how it compares.

    Raises:
        ParameterError: onnxruntime or tf2onnx is not installed, or the backend is not TensorFlow, for ONNX.
        DataFileError: there is no hardened model, or a folder of that name is there already.
        ModelError: the exported model says another class of a test image.
    """
    if format == "onnx":
        _check_installed()
    target = to or Path(f"{dataset}_hardened{FORMATS[format]}")
    if format == "saved_model" and target.exists():
        raise DataFileError(f"{target} is there already; remove it, or give another name with --to")
    check_writable(target)
    one_thread_an_operation()
    with open_project(env) as (catalog, configured):
        (name,) = chosen((dataset,), configured)
        given = of_study(name, configured[name], catalog, None, n_images=MANY, seed=0)
    write, run = {"onnx": (_write_onnx, _run_onnx), "saved_model": (_write_saved_model, _run_saved_model)}[
        format
    ]
    from guided_retraining.models.input_range import INPUT_RANGES, input_range_of, without_range

    model = without_range(given.model)  # what it takes, there as here
    scale, offset = INPUT_RANGES[input_range_of(given.model)]
    images = (given.images * scale + offset).astype(np.float32)
    ours = np.concatenate([model.predict_on_batch(part) for part in _batches(images)])
    with _target(target, folder=format == "saved_model") as temporary:
        write(model, temporary)
        outputs = run(temporary)
        theirs = np.concatenate([outputs(part) for part in _batches(images)])
        differ = int((ours.argmax(axis=1) != theirs.argmax(axis=1)).sum())
        if differ:
            raise ModelError(
                f"{target}: the exported model says another class of {differ} of {len(ours)} test images, so it was "
                "not written; versions of keras, tensorflow, tf2onnx and onnxruntime may not go together"
            )
    return (
        f"written: {target} ({format}); on all {len(ours):,} test images it says the same class, outputs differ by "
        f"{np.abs(ours - theirs).max():.2g} at most"
    )


def _batches(images: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(images), BATCH):
        yield images[start : start + BATCH]


@contextmanager
def _target(target: Path, *, folder: bool) -> Iterator[Path]:
    """A temporary file or folder that becomes the target if nothing is raised."""
    if not folder:
        with atomic_path(target) as temporary:
            yield temporary
        return
    holder = Path(tempfile.mkdtemp(dir=target.parent, prefix=".", suffix=".partial"))
    try:
        yield holder / "model"
        (holder / "model").rename(target)
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def _check_installed() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("onnx", "onnxruntime", "tf2onnx") if find_spec(name) is None]
    if missing:
        raise ParameterError(f"ONNX needs {', '.join(missing)}: pip install 'guided-retraining[onnx]'")
    if backend_name() != "tensorflow":
        raise ParameterError(
            f"ONNX is written by way of TensorFlow, found KERAS_BACKEND={backend_name()}: leave it out of this "
            "command; the hardened model's file is the same for every backend"
        )


def _write_onnx(model: Any, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="In the future `np.object`", category=FutureWarning)
        model.export(str(path), format="onnx", verbose=False)


def _run_onnx(path: Path) -> Outputs:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    return lambda images: np.asarray(session.run(None, {given.name: images})[0])


def _write_saved_model(model: Any, path: Path) -> None:
    model.export(str(path), format="tf_saved_model", verbose=False)


def _run_saved_model(path: Path) -> Outputs:
    import tensorflow as tf

    loaded = tf.saved_model.load(
        str(path)
    )  # held by the function below: its variables live as long as it does
    return lambda images: np.asarray(loaded.serve(images))
