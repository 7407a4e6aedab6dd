"""The hardened model of a finished study: a file that any Keras loads, measured after it was written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from huggingface_hub import ModelCard

from guided_retraining.project.config_loader import LayeredConfigLoader, studies
from project_copies import make_project

PLAIN_KERAS = """
import json, os, sys
sys.modules["guided_retraining"] = None  # whoever deploys the file has no such project
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import keras, numpy as np
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
images, labels = (np.load(path) for path in sys.argv[2:])
predicted = model.predict(images, verbose=0).argmax(axis=1)
print(json.dumps({
    "accuracy": float((predicted == labels).mean()),
    "own_classes": [kind.__name__ for kind in map(type, model.layers) if not kind.__module__.startswith("keras.")],
    "inputs": model.input_shape,
}))
"""


@pytest.fixture(scope="module")
def models(smoke_project: Path) -> Path:
    return smoke_project / "data/smoke/06_models/digits"


@pytest.fixture(scope="module")
def check(models: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((models / "hardened_check.json").read_text())
    return found


def test_a_process_without_this_project_loads_the_file_and_gets_the_accuracy_that_was_told(
    models: Path, check: dict[str, Any], smoke_project: Path
) -> None:
    inputs = smoke_project / "data/smoke/05_model_input/digits"
    arguments = [models / "hardened.keras", inputs / "test_images.npy", inputs / "test_labels.npy"]
    finished = subprocess.run(
        [sys.executable, "-I", "-c", PLAIN_KERAS, *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout.strip().splitlines()[-1])
    assert found["accuracy"] == pytest.approx(check["accuracy"]["clean"]["mean"], abs=1e-12)
    assert found["own_classes"] == []
    assert found["inputs"] == [None, 8, 8, 1]


def test_the_file_has_the_accuracies_of_its_cell_to_the_last_bit(
    check: dict[str, Any], smoke_project: Path
) -> None:
    assert check["deviations"] == {}
    results = pd.read_parquet(smoke_project / "data/smoke/07_model_output/digits/results.parquet")
    chosen = check["cell"]
    keys = {"configuration": "configuration", "metric": "metric", "n_inputs": "n_inputs", "seed": "replicate"}
    same = np.logical_and.reduce([results[column] == chosen[name] for column, name in keys.items()])
    (row,) = results[same].to_dict("records")
    assert {"clean", "robust", "robust_fgsm", "unseen", "replayed"} <= set(check["accuracy"])
    for kind, interval in check["accuracy"].items():
        assert interval["mean"] == row[f"accuracy_{kind}"]
        assert interval["low"] < interval["mean"] < interval["high"]
    original = results[(results["n_inputs"] == 0) & (results["seed"] == chosen["replicate"])].iloc[0]
    assert check["original"]["clean"]["mean"] == original["accuracy_clean"]
    assert check["original"]["robust"]["mean"] == original["accuracy_robust"]


def test_classes_before_and_after_agree_with_the_accuracies(check: dict[str, Any]) -> None:
    classes = check["forgetting"]["per_class"]
    assert sum(one["n_images"] for one in classes) == check["accuracy"]["clean"]["n_images"] == 539
    for which, name in (("accuracy", "accuracy_after"), ("original", "accuracy_before")):
        right = sum(one[name] * one["n_images"] for one in classes)
        assert right / 539 == pytest.approx(check[which]["clean"]["mean"])


def test_the_card_says_what_the_check_found_and_how_to_make_the_model_again(
    models: Path, check: dict[str, Any], smoke_project: Path, tmp_path: Path
) -> None:
    card = ModelCard.load(models / "hardened.md")
    told = {one.metric_name: one.metric_value for one in card.data.eval_results}
    assert told["accuracy, clean"] == check["accuracy"]["clean"]["mean"]
    assert told["accuracy, robust (BIM, FGSM)"] == check["accuracy"]["robust"]["mean"]
    assert check["fingerprints"]["model"] in card.text
    assert "CC BY 4.0" in card.text
    (told_parameters,) = re.findall(r"^```yaml\n(.*?)^```", card.text, re.MULTILINE | re.DOTALL)
    again = make_project(tmp_path)
    (again / "conf/local").mkdir(exist_ok=True)
    (again / "conf/local/parameters.yml").write_text(told_parameters)
    settings = {"base_env": "base", "default_run_env": "local"}
    asked, made = (
        studies(LayeredConfigLoader(str(project / "conf"), env=env, **settings))["digits"]
        for project, env in ((again, None), (smoke_project, "smoke"))
    )
    assert asked == made


def test_the_run_ends_by_saying_where_the_file_is_and_how_it_was_checked(smoke_project: Path) -> None:
    log = re.sub(r"\s+", " ", (smoke_project / "smoke.log").read_text())
    assert "as the study had measured." in log
    assert "hardened.keras" in log.replace(" ", "")
