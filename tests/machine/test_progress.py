"""What is told of long work: a line for each long piece, few for many short ones, a bar on a terminal."""

from __future__ import annotations

import io
import logging

import pytest
from rich.console import Console

from guided_retraining.machine import progress


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


def _lines(
    caplog: pytest.LogCaptureFixture, clock: Clock, pieces: list[float], unit: str = "cells", step: int = 1
) -> list[str]:
    caplog.set_level(logging.INFO, logger=progress.logger.name)
    with progress.Ticker("config_1 dsa", len(pieces) * step, unit=unit) as ticker:
        for number, took in enumerate(pieces, start=1):
            clock.now += took
            ticker.tick(number * step, f"note {number}", accuracy=number / 1000, found=took < 0.01)
    return [record.getMessage() for record in caplog.records]


@pytest.fixture(autouse=True)
def _no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "console", lambda: Console(file=io.StringIO()))


def test_long_cells_get_a_line_each_and_the_end_its_range(caplog, clock: Clock) -> None:
    lines = _lines(caplog, clock, [60.0] * 300)
    assert len(lines) == 300
    assert lines[0] == "config_1 dsa: 1 of 300 cells, about 4 h 59 min left, note 1"
    assert lines[-1] == "config_1 dsa: 300 cells in 5 h 0 min, accuracy 0.001 to 0.300"


def test_tiny_cells_get_a_line_now_and_then(caplog, clock: Clock) -> None:
    lines = _lines(caplog, clock, [0.5] * 300)
    assert len(lines) == 150 / progress.LOG_SECONDS
    assert lines[-1].startswith("config_1 dsa: 300 cells in 2 min 30 s")


def test_cells_found_finished_say_nothing_of_the_time_left(caplog, clock: Clock) -> None:
    lines = _lines(caplog, clock, [0.001] * 10 + [10.0] * 10)
    assert lines[0] == "config_1 dsa: 11 of 20 cells, about 1 min 30 s left, note 11"
    assert "20 cells in 1 min 40 s, 10 of them found finished" in lines[-1]
    caplog.clear()
    assert _lines(caplog, clock, [0.001] * 300) == [], "nothing was done, nothing is told"


def test_the_time_left_goes_by_the_work_that_is_left(caplog, clock: Clock) -> None:
    caplog.set_level(logging.INFO, logger=progress.logger.name)
    with progress.Ticker("config_1 dsa", 4, work=1000) as ticker:
        for done, (took, work) in enumerate([(60, 600), (0, 200), (10, 100), (10, 100)], start=1):
            clock.now += took
            ticker.tick(done, work=work, found=took == 0)
    assert [record.getMessage() for record in caplog.records][:2] == [
        "config_1 dsa: 1 of 4 cells, about 40 s left",
        "config_1 dsa: 3 of 4 cells, about 10 s left",
    ]


def test_batches_of_images_are_no_pieces_of_their_own(caplog, clock: Clock) -> None:
    assert len(_lines(caplog, clock, [6.0] * 20, unit="images", step=64)) == 120 / progress.LOG_SECONDS


def test_an_error_is_not_told_as_an_end(caplog, clock: Clock) -> None:
    caplog.set_level(logging.INFO, logger=progress.logger.name)
    with pytest.raises(KeyboardInterrupt), progress.Ticker("x", 3) as ticker:
        clock.now += 9
        ticker.tick(1)
        raise KeyboardInterrupt
    assert len(caplog.records) == 1


def test_a_terminal_shows_count_rate_and_note(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(progress, "console", lambda: Console(file=shown, force_terminal=True, width=140))
    with progress.Ticker("config_1 dsa", 4) as ticker:
        for done in range(1, 5):
            ticker.tick(done, f"accuracy 0.{done}00 with {done} inputs")
    assert "4/4" in shown.getvalue()
    assert "accuracy 0.400 with 4 inputs" in shown.getvalue()
