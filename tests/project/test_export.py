"""``kedro guided export``: the hardened model elsewhere, if it says there what it says here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guided_retraining.commands import export as exporting
from project_copies import kedro_here


def test_a_saved_model_says_the_same_and_is_not_written_over(smoke_project: Path, tmp_path: Path) -> None:
    to = tmp_path / "served"
    asked = ("guided", "export", "digits", "--env", "smoke", "--format", "saved_model", "--to", str(to))
    done = kedro_here(smoke_project, *asked)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "on all 539 test images it says the same class" in done.stdout
    assert (to / "saved_model.pb").exists()
    again = kedro_here(smoke_project, *asked)
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["served"], "nothing half-written stays"


def test_onnx_runtime_says_the_same(smoke_project: Path, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")
    to = tmp_path / "model.onnx"
    done = kedro_here(smoke_project, "guided", "export", "digits", "--env", "smoke", "--to", str(to))
    assert done.returncode == 0, done.stdout + done.stderr
    (differ,) = re.findall(r"outputs differ by (\S+) at most", done.stdout)
    assert float(differ) < 1e-4
    images = np.load(smoke_project / "data/smoke/05_model_input/digits/test_images.npy").astype(np.float32)
    labels = np.load(smoke_project / "data/smoke/05_model_input/digits/test_labels.npy")
    session = onnxruntime.InferenceSession(str(to), providers=["CPUExecutionProvider"])
    (outputs,) = session.run(None, {session.get_inputs()[0].name: images})
    assert (outputs.argmax(axis=1) == labels).mean() > 0.5


def test_a_model_that_says_something_else_gets_no_name(
    smoke_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(path: Path) -> Any:
        return lambda images: np.eye(10, dtype=np.float32)[np.zeros(len(images), int)]

    monkeypatch.setattr(exporting, "_run_saved_model", other)
    to = tmp_path / "served"
    asked = ("guided", "export", "digits", "--env", "smoke", "--format", "saved_model", "--to", str(to))
    refused = kedro_here(smoke_project, *asked)
    assert refused.returncode == 1
    assert re.search(r"another class of \d+ of 539 test images, so it was not written", refused.stderr)
    assert list(tmp_path.iterdir()) == []


def test_onnx_asks_for_tensorflow(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    refused = kedro_here(project, "guided", "export", "digits", "--env", "smoke")
    assert refused.returncode == 1
    assert "by way of TensorFlow, found KERAS_BACKEND=jax" in refused.stderr


def test_what_is_not_installed_is_named(smoke_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import util

    monkeypatch.setattr(util, "find_spec", lambda name: None)
    refused = kedro_here(smoke_project, "guided", "export", "digits", "--env", "smoke")
    assert refused.returncode == 1
    assert "pip install 'guided-retraining[onnx]'" in refused.stderr
