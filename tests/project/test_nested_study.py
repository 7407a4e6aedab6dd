"""A nested MobileNetV2 that expects 0..255, has BatchNorm and no hidden dense layer, through all stages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from guided_retraining.commands import forecast
from guided_retraining.machine.backend import keras
from guided_retraining.models.loading import load_model
from project_copies import kedro, kedro_here

SIDE = 96
N_IMAGES = 120
SMALL_STUDY = {
    "attack": {
        "n_train": 45,
        "n_validation": 15,
        "n_test": 15,
        "attacks": {
            "fgsm": {"eps": 0.02},
            "bim": {"eps": 0.02, "eps_step": 0.01, "max_iter": 3},
            "carlini_wagner": {"max_iter": 3, "binary_search_steps": 1},
        },
    },
    "ordering_retraining": {
        "budgets": {"fractions": [1]},
        "training": {"optimizer": "adam", "epochs": 15, "batch_size": 16},
        "reattack": {"n_validation": 18, "n_test": 18},
        "configurations": {"config_1": None, "config_3": None},
    },
    # A hundred images make nobody robust, but the new model knows the old adversarial inputs: a file is written.
    "answer": {"choose_by": "combined"},
}


def stripes(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Coloured stripes in three directions, also as class folders of PNG files; ``(n, 96, 96, 3)`` in 0..255."""
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(*[np.linspace(0, 1, SIDE)] * 2)
    labels = np.arange(N_IMAGES) % 3
    images = np.empty((N_IMAGES, SIDE, SIDE, 3), np.uint8)
    for i, label in enumerate(labels):
        wave = np.sin(2 * np.pi * (rng.uniform(3, 6) * (x, y, x + y)[label] + rng.random()))
        coloured = (0.5 + 0.25 * wave)[..., None] * rng.uniform(0.6, 1, 3)
        images[i] = 255 * np.clip(coloured + rng.normal(0, 0.1, images[i].shape), 0, 1)
        path = folder / ("across", "down", "slanted")[label] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(images[i]).save(path)
    return images, labels


def trained_mobilenet(images: np.ndarray, labels: np.ndarray) -> keras.Model:
    """As in Keras's guide to transfer learning, but for the download of weights."""
    keras.utils.set_random_seed(0)
    base = keras.applications.MobileNetV2((SIDE, SIDE, 3), alpha=0.35, include_top=False, weights=None)
    for layer in base.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.7  # its averages have to settle in a few steps
    inputs = keras.Input((SIDE, SIDE, 3))
    x = base(keras.applications.mobilenet_v2.preprocess_input(inputs))
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(keras.layers.Dropout(0.1)(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images.astype(np.float32), labels, batch_size=16, epochs=10, verbose=0)
    return model


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_mobilenet_goes_from_new_dataset_to_a_hardened_file(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "CALIBRATION_SECONDS", 0.1)
    images, labels = stripes(tmp_path / "images")
    trained_mobilenet(images, labels).save(tmp_path / "model.keras")
    arguments = ("--images", str(tmp_path / "images"), "--model", str(tmp_path / "model.keras"))
    made = kedro_here(project, "guided", "new-dataset", "stripes", *arguments)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "layer for coverage and surprise metrics: global_average_pooling2d" in made.stdout
    assert "(1280 neurons)" in made.stdout
    model = yaml.safe_load((project / "conf/base/parameters/stripes.yml").read_text())["stripes"]["model"]
    assert model["feature_layer"].startswith("global_average_pooling2d")
    assert model["input_range"] == "0..255"

    (project / "conf/smoke/parameters").mkdir()
    (project / "conf/smoke/parameters/stripes.yml").write_text(yaml.safe_dump({"stripes": SMALL_STUDY}))
    finished = kedro(project, "run", "--env", "smoke", "--pipelines", "stripes", timeout=1800)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    data = project / "data/smoke"
    accuracy = json.loads((data / "06_models/stripes/original_accuracy_0.json").read_text())
    assert accuracy["test"] > 0.6, "the model knows the stripes as the study sees them"
    activations = np.load(data / "04_feature/stripes/pool_activations_0.npy")
    assert activations.shape[1] == 1280
    table = pd.read_parquet(data / "05_model_input/stripes/train_adversarial_table.parquet")
    assert table["success"].mean() > 0.2, "attacks see through BatchNorm and the nested graph"
    results = pd.read_parquet(data / "07_model_output/stripes/results.parquet")
    assert set(results["metric"]) >= {"lsa", "dsa", "neuron_coverage", "random"}
    hardened = load_model(data / "06_models/stripes/hardened.keras")
    accuracy = (hardened.predict(images.astype(np.float32), verbose=0).argmax(axis=1) == labels).mean()
    assert accuracy > 0.5, "it takes 0..255, as the original did"
