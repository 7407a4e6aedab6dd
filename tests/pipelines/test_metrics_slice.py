"""The metrics stage by itself: an in-memory catalog, a toy model, a user's own metric, a wrapper."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from guided_retraining.guidance import class_balanced, deep_gini
from guided_retraining.images.pool import LabelledPool
from guided_retraining.models.architectures import build_model
from guided_retraining.parameters.blocks import ModelParameters
from guided_retraining.parameters.names import named_function
from guided_retraining.pipelines.metrics import create_pipeline
from guided_retraining.retraining.replicate import replicate_seed

pytestmark = pytest.mark.filterwarnings("ignore:One or more dataset names contain")

METRICS: dict[str, dict[str, Any]] = {
    "lsa": {},
    "dsa": {"exclude_self": True},
    "deep_gini": {},
    "balanced": {"function": "deep_gini", "wrapper": "class_balanced"},
    "mine": {"function": "own_slice_metric:largest_activation", "power": 2},
    "random": {},
}
REPLICATES = (0, 4)
OWN = "def largest_activation(trace, power=1):\n    return trace.activations.max(axis=1) ** power\n"


class Gathered(MemoryDataset):
    """Still there when the runner has used it; replicates come one after the other, as to a file each."""

    def save(self, data: Any) -> None:
        before = self.load() if self.exists() else {}
        super().save({**before, **data})

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
        "train_pool": dict.fromkeys(REPLICATES, pool),
        "model": {
            replicate: build_model("C4 P F FC8", (4, 4, 1), 3, seed=replicate) for replicate in REPLICATES
        },
    }


@pytest.fixture(autouse=True)
def own_metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_slice_metric.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_slice_metric", raising=False)


def run(data: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    parameters = {
        "params:model": ModelParameters(architecture="C4 P F FC8"),
        "params:replicates": REPLICATES,
        "params:seed": 0,
        **{f"params:metrics.{key}": row for key, row in metrics.items()},
    }
    pipeline = create_pipeline(list(metrics))
    given = {**data, **parameters}
    catalog = DataCatalog(
        {name: MemoryDataset(given[name], copy_mode="assign") for name in pipeline.inputs()}
        | {name: Gathered(copy_mode="assign") for name in pipeline.all_outputs()}
    )
    SequentialRunner().run(pipeline, catalog)
    return {name: catalog.load(name) for name in pipeline.all_outputs()}


def test_every_metric_scores_each_replicates_pool_from_one_trace(data: dict[str, Any]) -> None:
    made = run(data, METRICS)
    assert made["trace_cost"].keys() == set(REPLICATES)
    for replicate in REPLICATES:
        pool, model = data["train_pool"][replicate], data["model"][replicate]
        activations, probabilities = (
            made[f"pool_{what}"][replicate] for what in ("activations", "probabilities")
        )
        scores = {metric: made[f"{metric}.scores"][replicate] for metric in METRICS}
        assert activations.shape == (120, 8)
        np.testing.assert_allclose(probabilities, model.predict(pool[:], verbose=0), atol=1e-6)
        for metric in METRICS:
            assert scores[metric].shape == (120,)
            assert made[f"{metric}.scoring_cost"][replicate]["inputs"] == 120
        np.testing.assert_allclose(scores["deep_gini"], deep_gini(probabilities))
        np.testing.assert_allclose(scores["mine"], activations.max(axis=1) ** 2)
        balanced = class_balanced(
            scores["deep_gini"], probabilities.argmax(axis=1), seed=replicate_seed(0, replicate)
        )
        np.testing.assert_array_equal(scores["balanced"], balanced)
    first, second = (made["pool_probabilities"][replicate] for replicate in REPLICATES)
    assert not np.allclose(first, second), "each replicate asks its own model"


def test_scores_read_the_trace_and_neither_model_nor_images() -> None:
    pipeline = create_pipeline(list(METRICS))
    for node in pipeline.nodes:
        if node.name.endswith("score"):
            assert "model" not in node.inputs
            assert {"pool_activations", "pool_probabilities"} <= set(node.inputs)
    assert sum("model" in node.inputs for node in pipeline.nodes) == 1


@pytest.mark.parametrize(
    ("name", "function"),
    [("balanced", "deep_gini"), ("mine", "own_slice_metric:largest_activation"), ("lsa", "lsa")],
)
def test_a_row_names_its_function_or_is_named_after_it(name: str, function: str) -> None:
    assert named_function(name, METRICS[name], "function")[0] == function
