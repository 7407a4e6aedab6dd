"""The study itself on two local workers ends with the numbers of one process."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from project_copies import kedro, make_project

# What may differ between runs.
MEASURED = ["fit_seconds", "fit_cpu_seconds", "reattack_seconds", "peak_memory_mb", "energy_wh"]


@pytest.mark.parametrize(
    "chosen",
    [
        ("--namespaces", "digits.ordering_retraining.config_3"),
        pytest.param(("--pipelines", "digits"), marks=pytest.mark.slow),
    ],
)
def test_two_workers_give_the_numbers_of_one_process(
    smoke_project: Path, tmp_path: Path, chosen: tuple[str, str]
) -> None:
    project = make_project(tmp_path / "project")
    if "--namespaces" in chosen:
        shutil.rmtree(project / "data")
        shutil.copytree(smoke_project / "data", project / "data")
        for results in ("data/07_model_output", "data/smoke/07_model_output"):
            shutil.rmtree(project / results)
    finished = kedro(
        project, "run", "--env", "smoke", *chosen,
        "--runner", "guided_retraining.runners.DaskRunner", "--runner-params",
        "n_workers=2,threads=1", timeout=600,  # one process alone has a thread for each core
    )  # fmt: skip
    output = finished.stdout + finished.stderr
    assert finished.returncode == 0, output
    for noise in ("WARNING", "Traceback", "tcp://", "Nanny"):
        assert noise not in output, output
    tables = sorted((project / "data/smoke/07_model_output").rglob("*.parquet"))
    assert "config_3/curves.parquet" in {f"{path.parent.name}/{path.name}" for path in tables}
    for table in tables:
        here, there = (
            pd.read_parquet(folder / table.relative_to(project)).drop(columns=MEASURED, errors="ignore")
            for folder in (project, smoke_project)
        )
        pd.testing.assert_frame_equal(here, there)
    cells = project / "data/07_model_output/digits/cells"
    assert not list(cells.glob(".*")), "claims or half files stayed"
