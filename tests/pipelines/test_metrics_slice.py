"""The metrics stage by itself: an in-memory catalog, a toy model, a user's own metric, a wrapper, stability."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from guided_retraining.guidance import class_balanced, deep_gini
from guided_retraining.images.pool import LabelledPool
from guided_retraining.models.architectures import build_model
from guided_retraining.parameters.blocks import FitParameters, ModelParameters, named_function
from guided_retraining.pipelines.metrics import create_pipeline
from guided_retraining.storage.store import Store

pytestmark = pytest.mark.filterwarnings("ignore:One or more dataset names contain")

METRICS: dict[str, dict[str, Any]] = {
    "lsa": {},
    "dsa": {"exclude_self": True},
    "deep_gini": {},
    "balanced": {"function": "deep_gini", "wrapper": "class_balanced"},
    "mine": {"function": "own_slice_metric:largest_activation", "power": 2},
    "random": {},
}
FIT = FitParameters(epochs=15, batch_size=16, learning_rate=0.01)
OWN = "def largest_activation(trace, power=1):\n    return trace.activations.max(axis=1) ** power\n"


class KeptDataset(MemoryDataset):
    """Still there when the runner has used it."""

    def _release(self) -> None:
        pass


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 150)
    images = rng.random((150, 4, 4, 1), dtype=np.float32) * 0.5
    images[np.arange(150), labels, labels, 0] += 0.5
    pool = LabelledPool(
        images[:90], labels[:90], images[90:120, ::-1], labels[90:120], np.full(30, "fgsm"), np.arange(30)
    )
    return {
        "train_images": images[:90],
        "train_labels": labels[:90],
        "validation_images": images[120:],
        "validation_labels": labels[120:],
        "dataset_summary": {"class_names": ["a", "b", "c"]},
        "train_pool": pool,
        "model": build_model("C4 P F FC8", (4, 4, 1), 3, seed=0),
    }


@pytest.fixture(autouse=True)
def own_metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_slice_metric.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_slice_metric", raising=False)


def run(data: dict[str, Any], metrics: dict[str, Any], **more: Any) -> dict[str, Any]:
    parameters = {
        "params:model": ModelParameters(architecture="C4 P F FC8"),
        "params:training": FIT,
        "params:metrics": metrics,
        "params:seed": 0,
        **{f"params:metrics.{key}": row for key, row in metrics.items()},
        **{f"params:{key}": value for key, value in more.items() if key != "training_store"},
    }
    if "training_store" in more:
        parameters["training_store"] = more["training_store"]
    pipeline = create_pipeline(list(metrics), with_stability="stability_seeds" in more)
    given = {**data, **parameters}
    catalog = DataCatalog(
        {name: MemoryDataset(given[name], copy_mode="assign") for name in pipeline.inputs()}
        | {name: KeptDataset(copy_mode="assign") for name in pipeline.all_outputs()}
    )
    SequentialRunner().run(pipeline, catalog)
    return {name: catalog.load(name) for name in pipeline.all_outputs()}


def test_every_metric_scores_the_pool_from_one_trace(data: dict[str, Any]) -> None:
    made = run(data, METRICS)
    pool = data["train_pool"]
    assert made["pool_activations"].shape == (120, 8)
    np.testing.assert_allclose(
        made["pool_probabilities"], data["model"].predict(pool[:], verbose=0), atol=1e-6
    )
    for metric in METRICS:
        assert made[f"{metric}.scores"].shape == (120,)
        assert made[f"{metric}.scoring_cost"]["inputs"] == 120
    np.testing.assert_allclose(made["deep_gini.scores"], deep_gini(made["pool_probabilities"]))
    np.testing.assert_allclose(made["mine.scores"], made["pool_activations"].max(axis=1) ** 2)
    predictions = made["pool_probabilities"].argmax(axis=1)
    balanced = class_balanced(made["deep_gini.scores"], predictions, seed=0)
    np.testing.assert_array_equal(made["balanced.scores"], balanced)


def test_scores_read_the_trace_and_neither_model_nor_images() -> None:
    pipeline = create_pipeline(list(METRICS))
    for node in pipeline.nodes:
        if node.name.endswith("score"):
            assert "model" not in node.inputs
            assert {"pool_activations", "pool_probabilities"} <= set(node.inputs)
    assert sum("model" in node.inputs for node in pipeline.nodes) == 1


def test_stability_is_the_agreement_of_models_that_differ_in_their_seed(
    data: dict[str, Any], tmp_path: Path
) -> None:
    store = Store(tmp_path / "store")
    made = run(data, METRICS, stability_seeds=[1, 2], training_store=store)
    stability: pd.DataFrame = made["stability"]
    assert set(stability["metric"]) == set(METRICS) - {"random"}, "random asks no model"
    assert set(zip(stability["seed"], stability["other_seed"], strict=True)) == {(0, 1), (0, 2), (1, 2)}
    assert (stability["first"] == 12).all()
    assert stability["overlap"].between(0, 1).all()
    assert stability["rank_correlation"].between(-1, 1).all()
    assert made["stability_cost"]["models"] == len(store) == 2
    again = run(data, METRICS, stability_seeds=[1, 2], training_store=store)["stability"]
    pd.testing.assert_frame_equal(stability, again)
    assert len(store) == 2, "trained models are found again"


def test_the_same_model_agrees_with_itself(data: dict[str, Any], tmp_path: Path) -> None:
    from guided_retraining.retraining.original import train_classifier

    labelled = [(data[f"{split}_images"], data[f"{split}_labels"]) for split in ("train", "validation")]
    store = Store(tmp_path / "store")
    model, _ = train_classifier("C4 P F FC8", 3, *labelled, FIT, seed=5, store=store)
    made = run({**data, "model": model}, {"deep_gini": {}}, stability_seeds=[5], training_store=store)
    row = made["stability"].iloc[0]
    assert row["rank_correlation"] == pytest.approx(1)
    assert row["overlap"] == 1


def test_equal_scores_of_every_input_do_not_look_stable() -> None:
    from guided_retraining.pipelines.metrics.stability import _pairs

    ((*_, correlation, shared),) = _pairs("flat", {0: {"flat": np.zeros(2000)}, 1: {"flat": np.zeros(2000)}})
    assert np.isnan(correlation)
    assert shared < 0.2, "two draws among equal scores share about a tenth"


def test_an_import_path_is_resolved_as_the_parameters_say() -> None:
    assert named_function("balanced", METRICS["balanced"], "function")[0] == "deep_gini"
