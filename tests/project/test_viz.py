"""What Kedro-Viz shows of a finished run: namespaces that fold, layers in order, previews, and no telemetry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ASK_VIZ = """
import json, sys
from pathlib import Path
from kedro_viz.api.rest.responses.nodes import get_node_metadata_response
from kedro_viz.api.rest.responses.pipelines import get_pipeline_response
from kedro_viz.data_access import data_access_manager
from kedro_viz.integrations.kedro.telemetry import get_heap_app_id
from kedro_viz.server import load_and_populate_data

load_and_populate_data(
    Path.cwd(), env="smoke", package_name="guided_retraining", pipeline_name="digits"
)
shown = get_pipeline_response("digits")
nodes = {node.name: node for node in shown.nodes}
previews = {}
for name in sys.argv[1:]:
    told = get_node_metadata_response(nodes[name].id)
    previews[name] = {"type": told.preview_type, "preview": told.preview}
heavy = sorted({"tensorflow", "keras", "art"} & set(sys.modules))
print(json.dumps({
    "layers": shown.layers,
    "layer_of": {name: getattr(node, "layer", None) for name, node in nodes.items()},
    "namespaces": sorted(shown.modular_pipelines),
    "edges": [[edge.source, edge.target] for edge in shown.edges],
    "names": {node.id: node.name for node in shown.nodes},
    "previews": previews,
    "telemetry": get_heap_app_id(Path.cwd()),
    "heavy": heavy,
}))
"""
PREVIEWED = {
    "digits.train_images": "ImagePreview",
    "digits.train_adversarial_images": "ImagePreview",
    "digits.dsa.scores": "ImagePreview",
    "digits.differences_figure": "ImagePreview",
    "digits.sheet_figure": "ImagePreview",
    "digits.results": "TablePreview",
    "digits.train_adversarial_table": "TablePreview",
    "digits.config_1.dsa.curve": "TablePreview",
    "digits.answer": "JSONPreview",
    "digits.study_plan": "JSONPreview",
}
ORDER = ["raw", "model_input", "models", "adversarial", "feature", "model_output", "reporting", "delivery"]


@pytest.fixture(scope="module")
def viz(smoke_project: Path) -> dict[str, Any]:
    """What Viz answers a browser about the smoke project, asked in a process of its own."""
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK_VIZ, *PREVIEWED],
        cwd=smoke_project,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    answer: dict[str, Any] = json.loads(finished.stdout.strip().splitlines()[-1])
    return answer


@pytest.mark.parametrize("name", PREVIEWED)
def test_what_a_person_looks_at_has_a_preview(viz: dict[str, Any], name: str) -> None:
    told = viz["previews"][name]
    assert told["type"] == PREVIEWED[name]
    if told["type"] == "ImagePreview":
        assert len(told["preview"]) > 1000
    elif told["type"] == "TablePreview":
        assert 1 <= len(told["preview"]["data"]) <= 20
    else:
        assert json.loads(told["preview"])


def test_layers_follow_the_data(viz: dict[str, Any]) -> None:
    assert [layer for layer in viz["layers"] if layer in ORDER] == ORDER, (
        "layers that depend on each other in a circle are not drawn at all"
    )
    assert viz["layer_of"]["digits.train_images"] == "model_input"
    assert viz["layer_of"]["digits.train_adversarial_images"] == "adversarial"


def test_namespaces_fold_from_data_set_to_metric(viz: dict[str, Any]) -> None:
    stages = [
        "preprocessing",
        "training",
        "attack",
        "metrics",
        "ordering_retraining",
        "reporting",
        "delivery",
    ]
    folds = {"digits", *(f"digits.{stage}" for stage in stages), "digits.metrics.lsa"}
    folds |= {f"digits.ordering_retraining.config_{k}.dsa" for k in (1, 2, 3)}
    assert folds <= set(viz["namespaces"])


def test_folded_the_data_set_is_one_box_between_raw_data_and_report(viz: dict[str, Any]) -> None:
    names = viz["names"]
    around = {names.get(a, a) for a, b in viz["edges"] if b == "digits"}
    after = {names.get(b, b) for a, b in viz["edges"] if a == "digits"}
    shown = {name for name in around if not name.startswith("param")}
    assert "digits.raw" in shown
    assert shown <= {"digits.raw", "digits.cells", *(name for name in shown if name.endswith("_store"))}
    assert "digits.report" in after


def test_no_telemetry_and_no_deep_learning_library(viz: dict[str, Any], smoke_project: Path) -> None:
    assert viz["telemetry"] is None
    assert viz["heavy"] == []
    assert "project_id" not in (smoke_project / "pyproject.toml").read_text()
