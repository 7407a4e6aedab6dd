"""The study itself on two local workers ends with the numbers of one process."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from project_copies import ask_for_fewer_cells, kedro, make_project, smoke_results


@pytest.mark.slow  # tests/project/test_remote_data.py holds the same of workers that share only a URL, by default
@pytest.mark.parametrize(
    "chosen",
    [
        ("--namespaces", "digits.ordering_retraining.config_2"),
        ("--pipelines", "digits"),
    ],
)
def test_two_workers_give_the_numbers_of_one_process(
    smoke_project: Path, tmp_path: Path, chosen: tuple[str, str]
) -> None:
    project = make_project(tmp_path / "project")
    if "--namespaces" in chosen:
        shutil.copytree(smoke_project / "data", ask_for_fewer_cells(project) / "data", dirs_exist_ok=True)
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
    folder = project / "data/smoke/07_model_output/digits"
    tables = [path.relative_to(folder).with_suffix("") for path in folder.rglob("*.parquet")]
    assert Path("config_2/curves") in tables
    for table in map(str, tables):
        found = smoke_results(project, table)
        pd.testing.assert_frame_equal(found, smoke_results(smoke_project, table, like=found))
    cells = project / "data/07_model_output/digits/cells"
    assert not list(cells.glob(".*")), "claims or half files stayed"
