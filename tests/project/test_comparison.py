"""``kedro run --pipelines comparison``: finished studies side by side, and names that a data set may not bear."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kedro.framework.project import configure_project, pipelines
from kedro.framework.startup import bootstrap_project

from guided_retraining.errors import ParameterError
from guided_retraining.parameters.names import PIPELINES
from guided_retraining.project.config_loader import LayeredConfigLoader, studies
from made_up_overview import finished_studies, finished_study, write_study
from project_copies import kedro_here

REPORTING = "08_reporting/comparison"


def run(project: Path, *arguments: str) -> tuple[int, str]:
    finished = kedro_here(project, "run", *arguments)
    return finished.returncode, " ".join((finished.stdout + finished.stderr).split())


def test_finished_studies_are_compared_and_the_others_named(project: Path) -> None:
    for study in finished_studies(("digits", "mnist", "retired")).values():
        write_study(study, project / "data")
    (project / "data/08_reporting/gtsrb").mkdir()
    (project / "data/08_reporting/gtsrb/answer.json").write_text("{}")  # an answer without results is none
    code, output = run(project, "--pipelines", "comparison")
    assert code == 0, output
    assert (
        "Finished: 2 of 6 data sets: digits (1,000 training images) and mnist (1,001 training images)."
        in output
    )
    assert "gtsrb (kedro run --pipelines gtsrb)" in output
    assert f"report: {project / 'data' / REPORTING / 'report.html'}" in output
    folder = project / "data" / REPORTING
    answer = json.loads((folder / "answer.json").read_text())
    assert [study["dataset"] for study in answer["overview"]["studies"]] == ["digits", "mnist"]
    assert sorted(answer["unfinished"]) == ["cifar10", "fashion_mnist", "gtsrb", "intel"]
    page = (folder / "report.html").read_text()
    for line in answer["lines"]:
        assert line.split(":")[0] in page
    assert (folder / "strategies_figure.png").exists()
    assert {"strategies_robust.csv", "strategies_robust.md", "strategies_robust.tex", "metrics.csv"} <= {
        path.name for path in (folder / "tables").iterdir()
    }


def test_environments_are_not_mixed_and_none_finished_says_what_to_run(project: Path) -> None:
    write_study(finished_study("digits"), project / "data/smoke")
    code, output = run(project, "--pipelines", "comparison")
    assert code == 1
    assert "no study is finished here" in output
    assert "Finish one with kedro run --pipelines cifar10 or kedro run --pipelines digits or" in output
    assert "Traceback" not in output
    code, output = run(project, "--env", "smoke", "--pipelines", "comparison")
    assert code == 0, output
    assert "Finished: 1 of 6 data sets: digits" in output
    assert "mnist (kedro run --env smoke --pipelines mnist)" in output
    assert (project / "data/smoke" / REPORTING / "report.html").exists()
    assert not (project / "data" / REPORTING).exists()


def test_together_with_a_study_it_would_compare_what_was_there_before(project: Path) -> None:
    code, output = run(project, "--pipelines", "digits,comparison")
    assert code == 1
    assert "kedro run --pipelines digits, then kedro run --pipelines comparison" in output
    assert "Traceback" not in output


def test_the_names_that_are_taken_are_those_of_all_pipelines(project: Path) -> None:
    bootstrap_project(project)
    configure_project("guided_retraining")
    configured = studies(LayeredConfigLoader(str(project / "conf"), base_env="base", default_run_env="local"))
    assert set(pipelines) - set(configured) == set(PIPELINES)


def test_a_data_set_cannot_take_the_place_of_a_pipeline(project: Path) -> None:
    settings = {"base_env": "base", "default_run_env": "local"}
    block = LayeredConfigLoader(str(project / "conf"), **settings)["parameters"]["digits"]
    for name in PIPELINES:
        loader = LayeredConfigLoader(str(project / "conf"), **settings, runtime_params={name: block})
        with pytest.raises(ParameterError, match=f"a data set cannot be called '{name}'"):
            studies(loader)


def test_a_file_that_takes_a_name_is_told_before_anything_runs(project: Path) -> None:
    path = project / "conf/base/parameters/digits.yml"
    path.write_text(path.read_text().replace("\ndigits:", "\nmetrics:"))
    code, output = run(project, "--pipelines", "metrics")
    assert code == 1
    assert "a data set cannot be called 'metrics': kedro run --pipelines metrics is something else" in output
    assert "Traceback" not in output


def test_a_new_data_set_is_not_given_a_taken_name(project: Path) -> None:
    finished = kedro_here(project, "guided", "new-dataset", "metrics", "--images", str(project))
    assert finished.returncode == 1
    assert "a data set cannot be called 'metrics'" in finished.stderr
