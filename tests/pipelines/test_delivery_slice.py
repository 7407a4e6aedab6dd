"""The delivery stage by itself: a toy study on a few images, refitted, saved, loaded and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from guided_retraining.evaluation import answer_lines, recommend
from guided_retraining.images.pool import LabelledPool
from guided_retraining.io.atomic import AtomicJSONDataset, AtomicTextDataset
from guided_retraining.io.model import KerasModelDataset
from guided_retraining.io.optional import OptionalDataset
from guided_retraining.models.architectures import build_model
from guided_retraining.models.input_range import input_range_of, with_range
from guided_retraining.parameters.blocks import (
    AttackParameters,
    FitParameters,
    ModelParameters,
    RetrainingParameters,
    SourceParameters,
)
from guided_retraining.pipelines.delivery import create_pipeline
from guided_retraining.pipelines.ordering_retraining.nodes import finish_results, retrain_curve
from guided_retraining.retraining import refit as refitting
from guided_retraining.storage.store import Store

pytestmark = pytest.mark.filterwarnings("ignore:One or more dataset names contain")

REPLICATES = (0, 1)
METRICS: dict[str, dict[str, Any]] = {"first": {"function": "deep_gini"}, "random": {}}
FIT = FitParameters(epochs=2, batch_size=16)
ATTACK = AttackParameters(attacks={"fgsm": {"eps": 0.1}})
MODEL = ModelParameters(architecture="C4 P F FC8")
TABLE = pd.DataFrame({"seed": [0, 1], "gradient_passes": [20.0, 20.0]})
STUDY = RetrainingParameters.model_validate(
    {
        "budgets": [30],
        "fits_at_once": 1,
        "configurations": {"config_2": {"start": "original", "pool": "all"}},
        "reattack": {"n_validation": 20, "n_test": 20},
    }
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Inputs of the stage, from a study that was done by the retraining stage's own nodes."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    images = rng.random((200, 4, 4, 1), dtype=np.float32) * 0.5
    images[np.arange(200), labels, labels, 0] += 0.5

    def pool(part: slice) -> dict[int, LabelledPool]:
        clean, truth = images[part], labels[part]
        attacked = np.clip(clean[:20] + 0.1, 0, 1)
        one = LabelledPool(clean, truth, attacked, truth[:20], np.full(20, "fgsm"), np.arange(20))
        return dict.fromkeys(REPLICATES, one)

    models = {
        replicate: with_range(build_model("C4 P F FC8", (4, 4, 1), 3, seed=replicate), "0..255")
        for replicate in REPLICATES
    }
    pools = [pool(slice(0, 100)), pool(slice(100, 150)), pool(slice(150, 200))]
    scores = {metric: {r: rng.random(120) for r in REPLICATES} for metric in METRICS}
    store = Store(tmp_path_factory.mktemp("cells"))
    curves = [
        retrain_curve(
            models, *pools, TABLE, scores[metric], REPLICATES, 0, STUDY, FIT, ATTACK, MODEL, METRICS[metric], store,
            names=("config_2", metric),
        )
        for metric in METRICS
    ]  # fmt: skip
    results, _ = finish_results(*curves, dataset="toy")
    return {
        "model": models, "train_pool": pools[0], "validation_pool": pools[1], "test_pool": pools[2],
        "train_adversarial_table": TABLE, "results": results,
        **{f"{metric}.scores": scores[metric] for metric in METRICS},
        "params:seed": 0, "params:ordering_retraining": STUDY, "params:training": FIT, "params:attack": ATTACK,
        "params:metrics": METRICS, "params:source": SourceParameters(reader="folder"),
        "params:model": MODEL,
        "parameters": {"toy": {"training": FIT, "replicates": list(REPLICATES)}},
        "dataset_summary": {
            "class_names": ["a", "b", "c"], "image_shape": [4, 4, 1], "images": {"train": 100, "test": 50}, "notes": [],
        },
    }  # fmt: skip


@pytest.fixture
def answered(study: dict[str, Any]) -> Any:
    """Runs the stage for an action, with the results as they are or as they are said to be."""

    def run(
        folder: Path, action: str, results: pd.DataFrame | None = None
    ) -> tuple[list[Any], dict[str, Any]]:
        table = study["results"] if results is None else results
        found = recommend(table)
        cells = {
            "original": (None, None, 0),
            "whole pool": ("config_2", None, 120),
            "ranked inputs": ("config_2", "first", 30),
        }
        configuration, metric, n_inputs = cells[action]
        found["models"]["recommended"] |= {
            "configuration": configuration, "metric": metric, "n_inputs": n_inputs,
        }  # fmt: skip
        given = {**study, "results": table, "answer": {"recommendation": found, "lines": answer_lines(found)}}
        pipeline = create_pipeline(list(METRICS))
        model = OptionalDataset(
            filepath=str(folder / "hardened.keras"),
            dataset=f"{KerasModelDataset.__module__}.KerasModelDataset",
        )
        card = OptionalDataset(
            filepath=str(folder / "hardened.md"), dataset=f"{AtomicTextDataset.__module__}.AtomicTextDataset"
        )
        check = AtomicJSONDataset(filepath=str(folder / "hardened_check.json"))
        catalog = DataCatalog(
            {name: MemoryDataset(given[name], copy_mode="assign") for name in pipeline.inputs() & set(given)}
            | {"hardened_store": MemoryDataset(Store(folder / "store"), copy_mode="assign")}
            | {"hardened_model": model, "hardened_check": check, "hardened_card": card}
        )
        SequentialRunner().run(pipeline, catalog)
        return model.load(), check.load()

    return run


@pytest.mark.parametrize("action", ["whole pool", "ranked inputs"])
def test_the_cell_is_fitted_again_and_its_file_measures_as_the_study_did(
    answered: Any, study: dict[str, Any], tmp_path: Path, action: str
) -> None:
    (model,), check = answered(tmp_path, action)
    assert check["deviations"] == {}
    assert check["cell"]["n_inputs"] == {"whole pool": 120, "ranked inputs": 30}[action]
    assert len(check["lines"]) == 1
    assert set(check["fingerprints"]) == {"model", "made_from"}
    assert not getattr(model, "compiled", False)
    assert (check["model"]["input_range"], input_range_of(model)) == ("0..255", "0..1")
    test = study["test_pool"][0]
    predicted = model.predict(test.clean_images * 255, verbose=0).argmax(axis=1)
    right = float((predicted == test.clean_labels).mean())
    assert right == pytest.approx(check["accuracy"]["clean"]["mean"]), "the file takes what the original took"


def test_a_second_run_fits_nothing(answered: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, first = answered(tmp_path, "whole pool")

    def refuse(*_: Any) -> None:
        raise AssertionError("fitted again")

    monkeypatch.setattr(refitting, "retrain", refuse)
    _, second = answered(tmp_path, "whole pool")
    assert first == second


def test_do_not_retrain_writes_no_file_and_takes_an_earlier_one_away(answered: Any, tmp_path: Path) -> None:
    answered(tmp_path, "whole pool")
    made = [tmp_path / "hardened.keras", tmp_path / "hardened.md"]
    assert all(path.exists() for path in made)
    models, check = answered(tmp_path, "original")
    assert models == []
    assert not any(path.exists() for path in made)
    assert check["cell"] is None
    assert "no hardened model was written" in check["lines"][0]


def test_other_bits_are_told_and_the_new_figures_used(
    answered: Any, study: dict[str, Any], tmp_path: Path
) -> None:
    results = study["results"].copy()
    results["accuracy_clean"] -= 0.02
    _, check = answered(tmp_path, "whole pool", results)
    assert check["deviations"] == {"accuracy_clean": pytest.approx(0.02)}
    assert "differs from the study's by up to 2.0 points (accuracy_clean)" in " ".join(check["lines"])
    row = (
        study["results"][study["results"]["n_inputs"] == 120]
        .set_index("seed")
        .loc[check["cell"]["replicate"]]
    )
    assert check["accuracy"]["clean"]["mean"] == row["accuracy_clean"].iloc[0]
