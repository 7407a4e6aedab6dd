"""``kedro guided study`` as a user types it."""

import json

import pytest
import yaml

from project_copies import ask_for_fewer_cells, kedro, smoke_results


@pytest.fixture
def small(project):
    """A data set whose full design has one strategy and two budgets."""
    asked = ask_for_fewer_cells(project) / "conf/smoke/parameters/digits.yml"
    block = yaml.safe_load(asked.read_text())
    block["digits"]["ordering_retraining"]["budgets"] = {"fractions": [0.25, 1]}
    asked.write_text(yaml.safe_dump(block))
    return project


def test_a_study_grows_in_whole_designs_and_goes_on(small):
    first = kedro(small, "guided", "study", "digits", "--env", "smoke", "--replicates-up-to", "1")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "more designs, about" in first.stdout
    assert "describes 1 replicate and shows nothing yet" in first.stdout
    folder = small / "data/smoke/08_reporting/digits"
    log = json.loads((folder / "study_log.json").read_text())
    assert [block["design"]["budgets"] for block in log["blocks"]] == [{"config_2": [0.25]}]
    assert "A first description of a study that goes on" in (folder / "report.html").read_text()
    once = smoke_results(small)
    assert set(once["seed"]) == {0}

    again = kedro(small, "guided", "study", "digits", "--env", "smoke", "--replicates-up-to", "2")
    assert again.returncode == 0, again.stdout + again.stderr
    log = json.loads((folder / "study_log.json").read_text())
    assert log["blocks"][-1]["design"]["n_replicates"] == 2
    assert "2 replicates" in again.stdout
    assert "not settled with as many replicates as were asked for" in again.stdout
    assert set(smoke_results(small)["seed"]) == {0, 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["digit"], "no such data set 'digit'. Did you mean 'digits'?"),
        (["digits", "--within", "30"], "expected a time with its unit, such as 30m"),
        (["digits", "--margin", "2"], "digits.answer.margin"),
    ],
)
def test_a_wrong_word_is_refused_before_anything_runs(small, arguments, said):
    found = kedro(small, "guided", "study", *arguments)
    assert found.returncode != 0
    assert said in found.stdout + found.stderr
    assert not list((small / "data").rglob("*.npy"))
