"""What a person is told whose model, images, target or study does not fit, by each command, before the work."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from guided_retraining.commands import forecast
from guided_retraining.machine.backend import keras
from guided_retraining.readers import image_splits
from guided_retraining.readers.folder import read_drawn, read_folder
from project_copies import copy_project, kedro_here

layers = keras.layers
CLASSES = ("cat", "dog", "owl")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images in class folders, and models that fit them or do not."""
    folder = tmp_path_factory.mktemp("given")
    rng = np.random.default_rng(0)
    for name in CLASSES:
        (folder / "images" / name).mkdir(parents=True)
        for i in range(40):
            pixels = rng.integers(0, 256, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "images" / name / f"{i}.png")
    shutil.copytree(folder / "images" / "cat", folder / "alone" / "cat")
    (folder / "a file").write_text("in the way")

    def save(name: str, shape: tuple[int, ...], outputs: int, activation: str) -> None:
        hidden = layers.Dense(4, activation="relu")
        model = [keras.Input(shape), layers.Flatten(), hidden, layers.Dense(outputs, activation=activation)]
        keras.Sequential(model).save(folder / f"{name}.keras")

    save("fits", (8, 8, 1), 3, "softmax")
    save("colour", (28, 28, 3), 3, "softmax")
    save("vector", (64,), 3, "softmax")
    save("one output", (8, 8, 1), 1, "sigmoid")
    return folder


@pytest.mark.parametrize("command", ["assess", "check", "new-dataset"])
@pytest.mark.parametrize(
    ("model", "images", "told"),
    [
        (
            "colour",
            "images",
            "(28, 28, 3), the data set's are (28, 28, 1): save the image files in colour (RGB)",
        ),
        ("vector", "images", "Begin it with a layer that takes those, such as keras.layers.Flatten"),
        ("one output", "images", "for two classes, end in Dense(2, activation='softmax')"),
        ("fits", "alone", "1 class found (cat), a classifier needs at least 2"),
        ("fits", "images/cat", "no images in class folders"),
    ],
)
def test_models_and_images_that_do_not_go_together(
    project: Path, given: Path, command: str, model: str, images: str, told: str
) -> None:
    arguments = ["--images", str(given / images), "--model", str(given / f"{model}.keras")]
    arguments += {"check": ["--min-clean", "0.5"], "new-dataset": ["mine"]}.get(command, [])
    done = kedro_here(project, "guided", command, *arguments)
    assert done.returncode == (2 if command == "check" else 1)
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_size_asked_for_that_the_model_does_not_take(project: Path, given: Path) -> None:
    files = ("--images", str(given / "images"), "--model", str(given / "fits.keras"))
    done = kedro_here(project, "guided", "new-dataset", "mine", *files, "--size", "9", "9")
    assert (
        "bring them to its size (preprocessing.size: [8, 8]; at new-dataset leave out --size)" in done.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "option", "code"),
    [
        (["assess"], "--page", 1),
        (["check", "--min-clean", "0.5"], "--json", 2),
        (["check", "--min-clean", "0.5"], "--junit", 2),
        (["export", "digits"], "--to", 1),
    ],
)
@pytest.mark.parametrize(
    ("target", "told"),
    [("a file/result", "there is a file where its folder should be"), ("images", "it is a folder")],
)
def test_a_target_that_cannot_be_written_is_told_before_the_work(
    project: Path, given: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], option: str,
    code: int, target: str, told: str,
) -> None:  # fmt: skip
    def work(*_: object, **__: object) -> None:
        raise AssertionError("the work has begun")

    monkeypatch.setattr("guided_retraining.commands.check.from_files", work)
    monkeypatch.setattr("guided_retraining.commands.assess.from_files", work)
    monkeypatch.setattr("guided_retraining.commands.export.of_study", work)
    files = ["--images", str(given / "images"), "--model", str(given / "fits.keras")]
    files = [] if arguments[0] == "export" else files
    done = kedro_here(project, "guided", *arguments, *files, option, str(given / target))
    assert done.returncode == code, done.stdout + done.stderr
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_data_set_whose_file_cannot_be_written(project: Path, given: Path) -> None:
    folder = project / "conf/base/parameters"
    shutil.copy(folder / "digits.yml", project / "conf/base/parameters_digits.yml")
    shutil.rmtree(folder)
    folder.write_text("in the way")
    done = kedro_here(project, "guided", "new-dataset", "mine", "--images", str(given / "images"))
    assert done.returncode == 1
    assert "mine.yml: there is a file where its folder should be" in done.stderr


UNFINISHED = (
    ("guided", "check", "digits", "--min-clean", "0.5", "--env", "smoke"),
    ("guided", "export", "digits", "--env", "smoke"),
    ("run", "--env", "smoke", "--pipelines", "delivery", "--namespaces", "digits"),
    ("run", "--env", "smoke", "--pipelines", "reporting", "--namespaces", "digits"),
)


@pytest.mark.parametrize("arguments", UNFINISHED, ids=lambda arguments: " ".join(arguments[:4]))
def test_an_unfinished_study_says_what_is_missing_and_how_long_it_takes(
    smoke_project: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    project = copy_project(smoke_project, tmp_path / "project")
    for path in sorted((project / "data/07_model_output/digits/cells").glob("*.json"))[:5]:
        path.unlink()
    data = project / "data/smoke"
    for path in ("06_models/digits/hardened.keras", "06_models/digits/hardened_check.json"):
        (data / path).unlink()
    for path in ("08_reporting/digits/answer.json", "07_model_output/digits/results.parquet"):
        (data / path).unlink()
    done = kedro_here(project, *arguments)
    said = done.stdout + done.stderr
    assert done.returncode == (2 if "check" in arguments else 1)
    assert " of 150 retrained models are missing, about " in said
    assert "`kedro run --env smoke --pipelines digits` does the rest, and goes on where it was" in said
    assert "Traceback" not in said


def test_a_study_that_was_not_begun_says_which_stage_is_next(project: Path) -> None:
    for arguments in (
        ("guided", "check", "digits", "--min-clean", "0.5"),
        ("run", "--namespaces", "digits.delivery"),
    ):
        done = kedro_here(project, *arguments)
        assert (
            "the study digits is not finished: stage preprocessing has not been run"
            in done.stdout + done.stderr
        )
        assert "Traceback" not in done.stderr


def test_of_many_images_only_those_drawn_are_opened(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    decode = image_splits.decode_images

    def counting(files: object, names: list[str], **options: object) -> object:
        opened.extend(names)
        return decode(files, names, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(image_splits, "decode_images", counting)
    split, names, _ = read_drawn(given / "images", n_images=2, seed=1)
    assert (len(opened), len(split), names) == (2, 2, list(CLASSES))
    whole = read_folder(given / "images").train
    assert whole.names is not None
    assert split.names is not None
    for name, pixels, label in zip(split.names, split.images, split.labels, strict=True):
        place = whole.names.index(name)
        np.testing.assert_array_equal(pixels, whole.images[place])
        assert label == whole.labels[place]


def test_a_long_study_without_a_gpu_says_so_first(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        "cells": 900, "samples": 10**9, "seconds": 200_000.0, "training_speed": 5000.0, "memory_bytes": 2**33,
        "disk_bytes": 2**34, "plan": {"configurations": {}}, "words": {},
    }  # fmt: skip
    monkeypatch.setattr(forecast, "visible_gpus", lambda: [])
    assert "no GPU is used here; kedro guided doctor" in forecast.describe("mine", found)[-1]
    monkeypatch.setattr(forecast, "visible_gpus", lambda: ["0"])
    assert "docs/scaling.md" in forecast.describe("mine", found)[-1]
