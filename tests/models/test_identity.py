"""A model's file tells what names the model in it, so that nobody has to load it for that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from guided_retraining.io.model import KerasModelDataset
from guided_retraining.machine.backend import keras
from guided_retraining.models.architectures import build_model
from guided_retraining.models.identity import MARK, UnloadedModel, model_fingerprint, noted_fingerprint
from guided_retraining.models.loading import load_model


def compiled_with_state() -> keras.Model:
    """A model with all that Keras saves and a fingerprint leaves out: optimizer, seed generators; and batch norm."""
    inputs = keras.Input((8, 8, 1))
    hidden = keras.layers.BatchNormalization()(keras.layers.Conv2D(3, 3)(inputs))
    hidden = keras.layers.Dropout(0.2)(keras.layers.Flatten()(hidden))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(hidden))
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(np.zeros((4, 8, 8, 1)), np.zeros(4), verbose=0)
    return model


@pytest.mark.parametrize("make", [compiled_with_state, lambda: build_model("digits", (8, 8, 1), 10, seed=0)])
def test_the_file_says_what_the_loaded_model_says(make, tmp_path: Path) -> None:
    dataset = KerasModelDataset(filepath=str(tmp_path / "model.keras"))
    dataset.save(make())
    loaded = dataset.load()
    assert dataset.unloaded() == UnloadedModel(model_fingerprint(loaded))
    assert noted_fingerprint(tmp_path / "model.keras") == model_fingerprint(loaded)
    assert model_fingerprint(dataset.unloaded()) == model_fingerprint(loaded)


def test_other_weights_and_another_architecture_have_other_names() -> None:
    model = build_model("C4 F", (8, 8, 1), 3, seed=0)
    names = {model_fingerprint(model), model_fingerprint(build_model("C4 P F", (8, 8, 1), 3, seed=0))}
    weights = model.get_weights()
    weights[0].flat[0] = np.nextafter(weights[0].flat[0], np.float32(1))
    model.set_weights(weights)
    assert len(names | {model_fingerprint(model)}) == 3


def test_a_file_of_another_program_is_loaded_for_its_name(tmp_path: Path) -> None:
    dataset = KerasModelDataset(filepath=str(tmp_path / "model.keras"))
    build_model("C4 F", (8, 8, 1), 3, seed=0).save(tmp_path / "model.keras")
    assert noted_fingerprint(tmp_path / "model.keras") is None
    assert dataset.unloaded().fingerprint == model_fingerprint(load_model(tmp_path / "model.keras"))
    assert MARK not in (tmp_path / "model.keras").read_bytes(), "looking changes nothing"
