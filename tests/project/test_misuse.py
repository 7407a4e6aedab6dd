"""Wrong parameters and damaged files stop a run before any long work, with a message that helps."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from guided_retraining.errors import ParameterError
from guided_retraining.parameters.study import parse_study
from guided_retraining.project.config_loader import LayeredConfigLoader, studies
from guided_retraining.project.messages import user_message
from project_copies import CONFIGURATIONS, copy_project, kedro, kedro_here

SEEN_BY_USERS = {
    "digts.seed=1": "parameter 'digts': no such data set",
    "digits.metrics.dsaa.x=1": "there is no metric 'dsaa'",
    "digits.attack.attacks.fgms.eps=0.1": "fgms",
    "digits.atack.n_train=5": "no such parameter. Did you mean 'attack'?",
    "digits.attack.attacks.fgsm.eps=1.5": "eps",
    "digits.training.epochs=-1": "digits.training.epochs",
    "digits.attack.n_train=100000": "attack.n_train = 100000 asks for 100000 of the 898 train images",
    "digits.ordering_retraining.budgets=100000": "budgets asks for 100000 steps",
    "digits.ordering_retraining.configurations.config_9.start=warm": "config_9",
    "digits.model.architecture=resnet": "resnet",
}


@pytest.mark.parametrize("parameter", SEEN_BY_USERS)
def test_wrong_parameters_are_refused_with_a_message(project: Path, parameter: str) -> None:
    finished = kedro_here(project, "run", "--params", parameter)
    output = " ".join((finished.stdout + finished.stderr).split())
    assert finished.returncode != 0
    assert SEEN_BY_USERS[parameter] in output
    assert "Traceback" not in output
    assert not list((project / "data").rglob("*.keras")), "something was trained before the message"


def test_a_process_ends_with_the_message_and_an_exit_code(project: Path) -> None:
    finished = kedro(project, "run", "--params", "digits.atack.n_train=5")
    assert finished.returncode == 1
    assert "Did you mean 'attack'?" in " ".join(finished.stderr.split())
    assert "Traceback" not in finished.stdout + finished.stderr


def test_unknown_pipeline_namespace_and_environment_are_named(project: Path) -> None:
    for arguments, expected in (
        (["--pipelines", "mertics"], "metrics"),
        (["--namespaces", "dgits.metrics"], "dgits.metrics"),
        (["--env", "smok"], "smok"),
    ):
        finished = kedro_here(project, "run", *arguments)
        output = finished.stdout + finished.stderr
        assert finished.returncode != 0
        assert expected in output
        assert "Traceback" not in output


def test_outputs_of_other_parameters_are_not_taken_for_finished(project: Path) -> None:
    finished = kedro_here(project, "run", "--only-missing-outputs")
    output = " ".join((finished.stdout + finished.stderr).split())
    assert finished.returncode == 1
    assert "--only-missing-outputs goes by whether a file is there" in output
    assert "Traceback" not in output
    assert not list((project / "data").rglob("*.npy"))


def test_a_full_disk_is_told_in_words_wherever_it_is_met() -> None:
    def raised() -> BaseException:
        try:
            try:
                raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")
            except OSError as error:
                raise RuntimeError("in the midst of tracing") from error
        except RuntimeError as error:
            return error

    assert "no space left on the disk" in str(user_message(raised()))
    assert user_message(OSError(errno.EIO, "broken")) is None


def test_a_truncated_array_is_named_and_a_missing_one_too(smoke_project: Path, tmp_path: Path) -> None:
    project = copy_project(smoke_project, tmp_path / "project")
    path = project / "data/smoke/05_model_input/digits/train_images.npy"
    path.write_bytes(path.read_bytes()[:1000])
    finished = kedro_here(
        project, "run", "--env", "smoke", "--pipelines", "ordering_retraining", "--namespaces", "digits"
    )
    output = finished.stdout + finished.stderr
    assert finished.returncode != 0
    assert "train_images.npy" in output
    path.unlink()
    finished = kedro_here(
        project, "run", "--env", "smoke", "--pipelines", "metrics", "--namespaces", "digits"
    )
    output = finished.stdout + finished.stderr
    assert finished.returncode != 0
    assert "train_images.npy" in output


def test_raw_files_that_are_not_there_say_how_to_get_them(project: Path) -> None:
    for name, hint in (("mnist", "--pipelines download --namespaces mnist"), ("intel", "--namespaces intel")):
        finished = kedro_here(project, "run", "--pipelines", name)
        output = " ".join((finished.stdout + finished.stderr).split())
        assert finished.returncode != 0
        assert f"where the raw files of {name} belong" in output
        assert hint in output
    finished = kedro_here(project, "run", "--pipelines", "download", "--namespaces", "intel")
    assert "cannot be downloaded" in finished.stderr
    offline = kedro_here(
        project, "run", "--pipelines", "download", "--namespaces", "mnist",
        "--params", "mnist.source.mirror=http://127.0.0.1:9/nothing",
    )  # fmt: skip
    output = " ".join((offline.stdout + offline.stderr).split())
    assert offline.returncode != 0
    assert "train-images-idx3-ubyte.gz" in output
    assert "127.0.0.1:9" in output
    assert "Traceback" not in output


def _layers(project: Path, **parameters: object) -> dict:
    return LayeredConfigLoader(
        str(project / "conf"), base_env="base", default_run_env="local", runtime_params=dict(parameters)
    )["parameters"]


def test_layers_defaults_then_block_then_environment_then_command_line(project: Path) -> None:
    (project / "conf/local/parameters.yml").write_text("defaults: {training: {learning_rate: 0.5}}\n")
    layered = _layers(project)
    assert layered["digits"]["training"]["epochs"] == 25, "the data set's block lies over the defaults"
    assert layered["digits"]["training"]["learning_rate"] == 0.5, "the environment lies over both"
    layered = _layers(project, digits={"training": {"learning_rate": 0.25}})
    assert layered["digits"]["training"]["learning_rate"] == 0.25
    layered = _layers(project, defaults={"training": {"epochs": 2}})
    assert layered["digits"]["training"]["epochs"] == 2


@pytest.mark.parametrize("root", ["comparison", "digts"])
def test_a_root_key_that_nobody_reads_is_refused(project: Path, root: str) -> None:
    with pytest.raises(ParameterError, match=f"parameter '{root}': no such data set"):
        _layers(project, **{root: {"seed": 1}})


def test_null_switches_an_attack_a_metric_and_a_configuration_off(project: Path) -> None:
    block = _layers(project, digits={
        "attack": {"attacks": {"bim": None}},
        "metrics": {"lsa": None},
        "ordering_retraining": {"configurations": {"config_1": None}},
    })["digits"]  # fmt: skip
    study = parse_study("digits", block)
    assert set(study.attack.attacks) == {"fgsm", "carlini_wagner"}
    assert "lsa" not in study.metrics
    assert set(study.ordering_retraining.configurations) == {*CONFIGURATIONS} - {"config_1"}


def test_all_faults_are_told_at_once(project: Path) -> None:
    block = _layers(project, digits={"training": {"epochs": 0, "batch_size": 0}})["digits"]
    with pytest.raises(ParameterError, match=r"(?s)epochs.*batch_size"):
        parse_study("digits", block)


def test_a_metric_by_import_path_needs_a_plain_name(project: Path) -> None:
    block = _layers(project)["digits"]
    block["metrics"]["numpy:sum"] = {}
    with pytest.raises(ParameterError, match="give it a plain name"):
        parse_study("digits", block)
    del block["metrics"]["numpy:sum"]
    block["metrics"]["mine"] = {"function": "conftest:no_such_function"}
    with pytest.raises(ParameterError, match="no_such_function"):
        parse_study("digits", block)


def test_every_environment_of_the_project_can_be_read(project: Path) -> None:
    for environment in ("base", "smoke", "reference", "local"):
        loader = LayeredConfigLoader(
            str(project / "conf"), env=environment, base_env="base", default_run_env="local"
        )
        assert "digits" in studies(loader)
