"""Studies tracked with MLflow: only where asked for, one run each, with what was found in it."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from guided_retraining.project import tracking
from project_copies import copy_project, kedro_here

STAGES = ("run", "--env", "smoke", "--pipelines", "reporting,delivery", "--namespaces", "digits")


def ask_for_tracking(project: Path, uri: str) -> Path:
    """The file that ``kedro mlflow init`` writes, with the one line that matters here."""
    (project / "conf/smoke/mlflow.yml").write_text(yaml.safe_dump({"server": {"mlflow_tracking_uri": uri}}))
    return project


def test_what_is_asked_for_and_not_installed_is_told_before_the_work(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    finished = kedro_here(ask_for_tracking(project, "mlruns"), *STAGES)
    assert finished.returncode == 1
    assert "pip install 'guided-retraining[mlflow]'" in finished.stderr
    assert "Traceback" not in finished.stderr


needs_mlflow = pytest.mark.skipif(
    find_spec("kedro_mlflow") is None, reason="the extra mlflow is not installed"
)


@needs_mlflow
def test_each_finished_study_is_a_run_with_parameters_figures_report_card_and_model(
    smoke_project: Path, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    uri = f"sqlite:///{tmp_path}/tracked.db"
    project = ask_for_tracking(copy_project(smoke_project, tmp_path / "project"), uri)
    finished = kedro_here(project, *STAGES)
    assert finished.returncode == 0, finished.stderr
    client = MlflowClient(uri)
    experiments = [one for one in client.search_experiments() if one.name != "Default"]
    assert [one.name for one in experiments] == ["guided_retraining"]
    (run,) = client.search_runs([experiments[0].experiment_id])
    assert (run.info.run_name, run.info.status) == ("digits", "FINISHED")
    assert run.data.params["training.epochs"] == "15"
    assert run.data.params["metrics.random"] == "{}"
    answer = json.loads((project / "data/smoke/08_reporting/digits/answer.json").read_text())
    recommended = answer["recommendation"]["models"]["recommended"]
    assert run.data.metrics["recommended.robust"] == recommended["accuracy"]["robust"]["mean"]
    assert run.data.metrics["recommended.clean.low"] == recommended["accuracy"]["clean"]["low"]
    assert run.data.metrics["whole_pool.gradient_passes"] > 0
    assert run.data.tags["command"] == "kedro run --env smoke --pipelines digits"
    files = {
        one.path
        for place in (None, "model", "figures")
        for one in client.list_artifacts(run.info.run_id, place)
    }
    assert {"report.html", "answer.json", "model/hardened.keras", "model/hardened.md"} <= files
    assert "figures/price_figure.png" in files
    local = client.download_artifacts(run.info.run_id, "model/hardened.keras", str(tmp_path))
    assert Path(local).read_bytes() == (project / "data/smoke/06_models/digits/hardened.keras").read_bytes()


@needs_mlflow
def test_without_an_mlflow_yml_nothing_is_tracked_though_it_is_installed(
    smoke_project: Path, tmp_path: Path
) -> None:
    project = copy_project(smoke_project, tmp_path / "project")
    finished = kedro_here(project, "run", "--env", "smoke", "--namespaces", "digits.preprocessing")
    assert finished.returncode == 0, finished.stderr
    assert "mlflow" not in finished.stderr.lower()
    assert not list(project.rglob("ml*")), "neither mlruns nor mlflow.db"


@needs_mlflow
def test_a_server_out_of_reach_is_told_before_the_work(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    finished = kedro_here(ask_for_tracking(project, "http://127.0.0.1:9"), *STAGES)
    assert finished.returncode == 1
    assert "mlflow.yml asks for tracking that cannot be done" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_the_figures_of_an_answer_have_the_same_names_in_each_study() -> None:
    interval = {"mean": 0.5, "low": 0.4, "high": None}
    model = {"n_inputs": 7, "cost": {"fit_seconds": 1.5, "energy_wh": None}, "accuracy": {"robust": interval}}
    assert tracking.main_figures({"models": {"recommended": model}}) == {
        "recommended.n_inputs": 7.0,
        "recommended.fit_seconds": 1.5,
        "recommended.robust": 0.5,
        "recommended.robust.low": 0.4,
    }
