"""What our own code warns of reaches the user as a log line, once, without a file and a line of code."""

from __future__ import annotations

import logging
import warnings

import pytest

from guided_retraining.errors import GuidedRetrainingWarning
from guided_retraining.project.hooks import WarningHook


def test_our_warnings_are_logged_once_and_others_go_where_they_went(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[str] = []
    monkeypatch.setattr(warnings, "showwarning", lambda message, *_args, **_more: others.append(str(message)))
    hook = WarningHook()
    hook.before_node_run()
    ours = warnings.showwarning
    hook.before_node_run()
    assert warnings.showwarning is ours, "installed once"
    with caplog.at_level(logging.WARNING, logger="guided_retraining"), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = ours
        for _ in range(2):
            warnings.warn("class 3 is too small", GuidedRetrainingWarning, stacklevel=1)
        warnings.warn("something else", UserWarning, stacklevel=1)
    assert [record.getMessage() for record in caplog.records] == ["class 3 is too small"]
    assert others == ["something else"]
