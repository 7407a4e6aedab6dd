"""A user's own images and model: one command writes one file, and the data set takes part like any other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from sklearn.datasets import load_digits

from guided_retraining.commands import forecast
from guided_retraining.machine.backend import keras
from guided_retraining.models.loading import load_model
from project_copies import copy_project, kedro_here, make_project


@pytest.fixture(autouse=True)
def _short_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "CALIBRATION_SECONDS", 0.1)


@pytest.fixture(scope="module")
def image_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real handwritten digits as PNG files in class folders."""
    folder = tmp_path_factory.mktemp("own") / "meine Bilder ü"
    images, labels = load_digits(return_X_y=True)
    for i, (pixels, label) in enumerate(zip(images[:900], labels[:900], strict=True)):
        path = folder / f"digit {label}" / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels.reshape(8, 8) * 255 / 16).astype(np.uint8)).save(path)
    return folder


def test_own_images_and_own_model_take_part_in_the_pipelines(
    smoke_project: Path, image_folder: Path, tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project")
    model = tmp_path / "my model.keras"
    shutil.copy(smoke_project / "data/smoke/06_models/digits/model_0.keras", model)
    made = kedro_here(
        project, "guided", "new-dataset", "mine", "--images", str(image_folder), "--model", str(model)
    )
    assert made.returncode == 0, made.stdout + made.stderr
    for expected in (
        "10 classes: digit 0",
        "train: ",
        "output is softmax",
        "retrained models",
        "GiB of memory",
    ):
        assert expected in made.stdout
    written = yaml.safe_load((project / "conf/base/parameters/mine.yml").read_text())
    assert written["mine"]["preprocessing"] == {"size": [8, 8], "grey": True}
    named = load_model(model).get_layer(written["mine"]["model"]["feature_layer"])
    assert isinstance(named, keras.layers.Dense)
    assert f"metrics: {named.name} ({named.units} neurons)" in made.stdout

    finished = kedro_here(
        project, "run", "--env", "smoke", "--pipelines", "preprocessing,training,attack,metrics",
        "--namespaces", "mine",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    table = pd.read_parquet(project / "data/smoke/05_model_input/mine/test_adversarial_table.parquet")
    assert table["correct_before"].mean() > 0.8, "the user's model should know these digits"
    scores = np.load(project / "data/smoke/04_feature/mine/dsa_scores_1.npy")
    pool = np.load(project / "data/smoke/05_model_input/mine/train_labels.npy")
    assert len(scores) == len(pool) + 90
    models = [project / f"data/smoke/06_models/mine/model_{replicate}.keras" for replicate in (0, 1)]
    weights = [load_model(path).get_weights() for path in models]
    for first, second in zip(*weights, strict=True):
        np.testing.assert_array_equal(first, second, "a user's own model is the same in all replicates")

    again = kedro_here(project, "guided", "new-dataset", "mine", "--images", str(image_folder))
    assert again.returncode != 0
    assert "there is a data set 'mine' already" in again.stderr
    plan = kedro_here(project, "guided", "plan", "mine", "--env", "smoke")
    assert "samples x epochs" in plan.stdout, plan.stdout + plan.stderr
    assert "config_2 (original weights, clean + adversarial pool): budgets" in plan.stdout


def test_a_model_of_other_pixels_is_recognised_and_hardened_as_one_of_unit_images(
    smoke_project: Path, image_folder: Path, tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project")
    inner = load_model(smoke_project / "data/smoke/06_models/digits/model_0.keras")
    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Rescaling(1 / 255), *inner.layers[1:]]).save(
        tmp_path / "model.keras"
    )
    arguments = ("--images", str(image_folder), "--model", str(tmp_path / "model.keras"))
    made = kedro_here(project, "guided", "new-dataset", "mine", *arguments)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "the model expects pixels in 0..255" in made.stdout
    written = yaml.safe_load((project / "conf/base/parameters/mine.yml").read_text())
    assert written["mine"]["model"]["input_range"] == "0..255"
    stages = ("--pipelines", "preprocessing,training", "--namespaces", "mine")
    finished = kedro_here(project, "run", "--env", "smoke", *stages)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    accuracy = json.loads((project / "data/smoke/06_models/mine/original_accuracy_0.json").read_text())
    assert accuracy["test"] > 0.8
    log = json.loads((project / "data/smoke/06_models/mine/training_log_0.json").read_text())
    assert log["input_range"] == "0..255"


def test_unsuitable_images_and_models_are_refused_and_nothing_is_written(
    smoke_project: Path, image_folder: Path, tmp_path: Path
) -> None:
    project = make_project(tmp_path / "project")
    small = tmp_path / "small"
    for name in ("a", "b"):
        shutil.copytree(image_folder / "digit 1", small / name)
    for path in list((small / "b").iterdir())[3:]:
        path.unlink()
    (small / "a" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnot an image")
    model = smoke_project / "data/smoke/06_models/digits/model_0.keras"
    for arguments, expected in (
        (["few", "--images", str(small)], "broken.png"),
        (["few", "--images", str(small), "--max-unreadable", "1"], "fewer than 10 images of 1 classes: b"),
        (["few", "--images", str(tmp_path / "nowhere")], "there is no"),
        (["not a name", "--images", str(image_folder)], "cannot name a data set"),
    ):
        finished = kedro_here(project, "guided", "new-dataset", *arguments)
        assert finished.returncode != 0
        assert expected in finished.stderr, finished.stderr
        assert "Traceback" not in finished.stderr
    two = tmp_path / "two"
    for name in ("1", "2"):
        shutil.copytree(image_folder / f"digit {name}", two / name)
    finished = kedro_here(
        project, "guided", "new-dataset", "few", "--images", str(two), "--model", str(model)
    )
    assert "one column for each of the 2 classes" in finished.stderr, finished.stderr
    assert not (project / "conf/base/parameters/few.yml").exists()


def test_status_and_run_agree(smoke_project: Path, tmp_path: Path) -> None:
    project = copy_project(smoke_project, tmp_path / "project")
    status = kedro_here(project, "guided", "status", "digits", "--env", "smoke")
    assert "150 cells done, 0 missing; 0 stale" in status.stdout, status.stdout + status.stderr
    cells = sorted((project / "data/07_model_output/digits/cells").glob("*.json"))
    for path in cells[:5]:
        path.unlink()
    status = kedro_here(project, "guided", "status", "digits", "--env", "smoke")
    assert " 5 missing" in status.stdout
    (project / "conf/smoke/parameters/digits.yml").parent.mkdir()
    (project / "conf/smoke/parameters/digits.yml").write_text(
        "digits: {ordering_retraining: {configurations: {config_1: null, config_3: null}}}"
    )
    status = kedro_here(project, "guided", "status", "digits", "--env", "smoke")
    assert "config_3" not in status.stdout
    assert " 0 stale" not in status.stdout
