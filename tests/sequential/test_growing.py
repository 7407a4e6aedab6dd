"""The loop of a growing study, with a run that takes its answers from a made-up full study."""

from __future__ import annotations

import time

import pytest

from guided_retraining.evaluation import answer_lines, recommend
from guided_retraining.evaluation.looks import LOOKS
from guided_retraining.evaluation.questions import questions_of
from guided_retraining.machine.deadline import Deadline
from guided_retraining.parameters.layers import deep_merge
from guided_retraining.parameters.study import parse_study
from guided_retraining.report.reload import PLACE, RELOAD
from guided_retraining.sequential.design import full_design
from guided_retraining.sequential.forecast import Pace
from guided_retraining.sequential.growing import GrowingStudy
from guided_retraining.sequential.loop import grow
from guided_retraining.sequential.replay import part_of
from guided_retraining.sequential.view import StudyView
from made_up_study import FRACTIONS, made_up_study

N_IMAGES = {"train": 898, "validation": 360, "test": 539}
ONLY_STORED = {
    "ordering_retraining": {
        "configurations": {"adversarial_training": None, "rounds": None},
        "budgets": {"fractions": list(FRACTIONS)},
    }
}


class Catalog(dict):
    """Data sets in memory."""

    def exists(self, key):
        return key in self

    def load(self, key):
        return self[key]

    def save(self, key, value):
        self[key] = value


class Growing:
    """A growing study of made-up results, what it said, and what was run with which parameters."""

    def __init__(self, block, *, takes=0.0, up_to=12, above=None, **made):
        self.block = deep_merge(deep_merge(block, ONLY_STORED), above or {})
        self.results, _ = made_up_study(replicates=range(12), **made)
        self.full = full_design(parse_study("digits", self.block), up_to)
        self.catalog, self.lines, self.runs = Catalog(), [], []
        self.takes, self.up_to = takes, up_to

    def run(self, stages, parameters):
        begun = time.monotonic()
        time.sleep(self.takes)
        self.runs.append((stages, parameters))
        if "reporting" in stages:
            study = parse_study("digits", deep_merge(self.block, parameters))
            rows = self.results[self.results["seed"].isin(study.replicates)]
            design = next(design for design, asked in self.asked if asked == parameters)
            part = part_of(rows, design, self.full)
            found = recommend(part, margin=study.answer.margin, alpha=study.answer.alpha)
            asked = questions_of(part, found["choice"])
            answer = {"lines": answer_lines(found), "recommendation": found, "questions": asked}
            self.catalog["digits.answer"] = answer
            self.catalog["digits.report"] = f"{PLACE}{study.answer.alpha}"
        return time.monotonic() - begun

    def grow(self, deadline=None):
        self.asked = []
        study = GrowingStudy(
            "digits", self.block, self.catalog, self.full, N_IMAGES, self.run, self.lines.append
        )
        make = study.parameters

        def parameters(design, blocks=()):
            made = make(design, blocks)
            self.asked.append((design, made))
            return made

        object.__setattr__(study, "parameters", parameters)
        return grow(study, deadline or Deadline(None), self.up_to, lambda: Pace(0.01, 1e-9, 0.01))

    @property
    def blocks(self):
        return self.catalog["digits.study_log"]["blocks"]


@pytest.fixture
def block(digits_study):
    return digits_study({}).model_dump(mode="json")


def test_a_clear_study_ends_settled_with_a_delivered_model(block):
    study = Growing(block, noise=0.003, loss=0.3)
    assert study.grow()
    assert study.lines[-1] == "digits: the answer is settled"
    assert study.runs[-1][0] == ("delivery",)
    assert study.blocks[-1]["look"] in LOOKS
    assert RELOAD not in study.catalog["digits.report"]
    new = [run for run in study.runs if run[0] == ("training", "attack", "metrics")]
    assert len(new) == study.blocks[-1]["design"]["n_replicates"]  # prepared once a replicate


def test_a_look_has_its_share_of_alpha_and_the_report_says_so(block):
    study = Growing(block, noise=0.003, loss=0.3)
    study.grow()
    reports = [parameters["answer"] for stages, parameters in study.runs if stages == ("reporting",)]
    assert [one["alpha"] for one in reports][:2] == [0.05, 0.05]  # describes one replicate
    assert reports[-1]["alpha"] == pytest.approx(0.05 / 12)  # the second look, at 4 replicates
    assert "Look 2 of 5" in reports[-1]["notes"][0]
    assert any("DSA is equal to random within 2.0 points" in note for note in reports[-1]["notes"])


def test_a_study_that_is_not_clear_goes_to_the_last_replicate_and_says_what_is_open(block):
    study = Growing(block, noise=0.05, up_to=4)
    assert not study.grow()
    assert study.lines[-1] == "digits: not settled with as many replicates as were asked for"
    assert any(line.startswith("  open: ") for line in study.lines)
    assert study.blocks[-1]["design"]["n_replicates"] == 4


def test_what_does_not_fit_is_said_before_and_left_out_and_the_same_command_goes_on(block):
    study = Growing(block, noise=0.05, up_to=4)

    class Short(Deadline):
        """Time for three blocks."""

        def left(self):
            return 60.0 if len(study.catalog.get("digits.study_log", {"blocks": []})["blocks"]) < 3 else 0.0

    assert not study.grow(Short(60.0))
    done = len(study.blocks)
    assert done == 3
    assert study.lines[-1].startswith("digits: stopped: ")
    assert sum("planned" in line for line in study.lines) == done + 1
    before = len(study.runs)
    study.grow()
    assert study.blocks[-1]["design"]["n_replicates"] == 4
    next_one = study.blocks[done]["design"]["n_replicates"]
    assert study.runs[before][1]["replicates"] == list(range(next_one))


def test_a_block_that_takes_longer_than_said_is_given_up_at_the_end_of_the_time(block):
    study = Growing(block, takes=60.0)
    begun = time.monotonic()
    assert not study.grow(Deadline(1.0))
    assert time.monotonic() - begun < 30
    assert study.lines[-1].startswith("digits: stopped: the time was over before the block was")
    assert "digits.study_log" not in study.catalog
    assert "not within the 1.0 s" not in " ".join(study.lines)  # the forecast was wrong, not the plan


def test_ctrl_c_keeps_the_blocks_that_were_done_and_the_page_stays(block, monkeypatch):
    study = Growing(block, noise=0.05)
    run = study.run

    def interrupted(stages, parameters):
        if len(parameters["replicates"]) == 2:
            raise KeyboardInterrupt
        return run(stages, parameters)

    monkeypatch.setattr(study, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        study.grow()
    assert study.blocks[-1]["design"]["n_replicates"] == 1
    assert RELOAD not in study.catalog["digits.report"]
    monkeypatch.setattr(study, "run", run)
    done = len(study.blocks)
    study.grow()
    assert study.blocks[done]["design"]["n_replicates"] == 2


def test_another_margin_begins_the_looks_anew(block):
    study = Growing(block, noise=0.003, loss=0.3)
    study.grow()
    other = Growing(block, noise=0.003, loss=0.3, above={"answer": {"margin": 0.05}})
    other.catalog = study.catalog
    other.grow()
    assert "parameters have changed" in other.lines[0]
    assert {one["margin"] for one in other.blocks} == {0.05}


def test_a_settled_study_is_not_run_again(block):
    study = Growing(block, noise=0.003, loss=0.3)
    study.grow()
    before = len(study.blocks)
    study.runs.clear()
    assert study.grow()
    assert len(study.blocks) == before
    assert [stages for stages, _ in study.runs] == [("delivery",)]


def test_the_view_shows_what_is_measured_and_what_comes(block, capsys):
    study = Growing(block, noise=0.05, up_to=3)
    study.grow()
    from rich.console import Console

    from guided_retraining.sequential.design import Design

    view = StudyView("digits", study.full, lambda: 90.0)
    coming = Design(4, {"config_1": (1 / 4,), "config_2": (), "config_3": ()})
    with view.of(coming, study.blocks, 100.0):
        shown = view.renderable()
    Console(width=120).print(shown)
    text = capsys.readouterr().out
    row = next(line for line in text.splitlines() if "config_1" in line)
    assert "3 (4)" in row
    assert "so far: digits" in text
    assert "of about 1 min 40 s; 1 min 30 s of the time are left" in text
