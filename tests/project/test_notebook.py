"""The notebooks run from the first cell to the last, show what they promise, and change nothing."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from project_copies import ROOT, copy_project, make_project

NOTEBOOKS = ROOT / "notebooks"
SECONDS_PER_CELL = 120


def execute(name: str, folder: Path, **environment: str) -> Any:
    """A notebook with its outputs, run in a kernel of its own whose working folder is ``folder``."""
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute(env={**os.environ, **environment})
    return notebook


def text(notebook: Any, cell: str) -> str:
    """All that a cell printed or returned, as text."""
    parts = []
    for output in _cell(notebook, cell).outputs:
        parts += [output.get("text", ""), output.get("data", {}).get("text/plain", "") or ""]
        parts.append(output.get("data", {}).get("text/html", "") or "")
    return "\n".join(parts)


def shows_image(notebook: Any, cell: str) -> bool:
    """Whether a cell drew a picture."""
    return any("image/png" in output.get("data", {}) for output in _cell(notebook, cell).outputs)


def _cell(notebook: Any, cell: str) -> Any:
    return next(found for found in notebook.cells if found.id == cell)


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.name)
def test_committed_without_outputs_for_the_usual_kernel(path: Path) -> None:
    notebook = json.loads(path.read_text())
    nbformat.validate(nbformat.read(path, as_version=4))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert notebook["cells"][0]["cell_type"] == "markdown"
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert not cell["outputs"], f"{path.name}: clear the outputs of {cell['id']}"
            assert cell["execution_count"] is None
            assert len("".join(cell["source"]).splitlines()) <= 24, f"{path.name}: {cell['id']} is long"


@pytest.fixture(scope="module")
def analysis(
    smoke_project: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, dict[Path, int], dict[Path, int]]:
    """The analysis of a copy of the smoke run, and its files with their times before and after."""
    project = copy_project(smoke_project, tmp_path_factory.mktemp("analysis") / "project")
    folder = project / "notebooks"
    folder.mkdir()
    before = _times(project)
    notebook = execute("analysis.ipynb", folder, KEDRO_ENV="smoke")
    return notebook, before, _times(project)


def _times(project: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in project.rglob("*") if path.is_file()}


def test_analysis_tells_the_answer_and_draws(analysis: Any, smoke_project: Path) -> None:
    notebook, _, _ = analysis
    answer = json.loads((smoke_project / "data/smoke/08_reporting/digits/answer.json").read_text())
    assert answer["lines"][0] in text(notebook, "load")
    assert "recommended" in text(notebook, "main-table")
    assert "config_1 (fresh weights" in text(notebook, "results-table")
    assert "cannot show" in text(notebook, "verdict"), "two replicates"
    for cell in ("curves", "one-accuracy", "first-images", "agreement"):
        assert shows_image(notebook, cell), cell
    assert "clean" in text(notebook, "forgetting")


def test_analysis_ranks_by_hand_as_the_pipeline_did(analysis: Any) -> None:
    notebook, _, _ = analysis
    assert "True" in text(notebook, "dsa"), "the estimator and the registry differ"
    assert "True" in text(notebook, "same-as-catalog"), "the notebook and the pipeline score differently"
    quality = text(notebook, "quality")
    assert all(name in quality for name in ("APFD", "softmax_entropy", "random"))
    assert "own" in text(notebook, "own-metric")


def test_analysis_changes_no_file_and_nothing_is_said_on_stderr(analysis: Any) -> None:
    notebook, before, after = analysis
    assert after == before
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            assert output.get("name") != "stderr", output["text"]


def test_library_notebook_attacks_ranks_and_retrains_without_kedro(tmp_path: Path) -> None:
    notebook = execute("library.ipynb", tmp_path)
    assert shows_image(notebook, "first-images")
    told = text(notebook, "attack-again")
    assert "original" in told
    assert "retrained" in told
    assert not list(tmp_path.iterdir())
    source = "".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert "kedro" not in source


def test_own_model_goes_from_images_and_a_model_to_a_hardened_file(tmp_path: Path) -> None:
    project = make_project(tmp_path / "project")
    folder = project / "notebooks"
    folder.mkdir()
    on_path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # it calls kedro
    notebook = execute("own_model.ipynb", folder, PATH=on_path)
    assert sum(cell.cell_type == "code" for cell in notebook.cells) == 10, "ten cells are promised"
    assert "the model expects pixels in 0..255" in text(notebook, "new-dataset")
    answer = json.loads((project / "data/08_reporting/own/answer.json").read_text())
    assert answer["lines"][0] in text(notebook, "answer")
    assert (project / "data/06_models/own/hardened.keras").exists()
    assert "robust" in text(notebook, "measured")
    assert "of all clean images, in 0..255, are right" in text(notebook, "file")
    assert "Accuracy on test images" in _cell(notebook, "card").outputs[0].data["text/markdown"]
