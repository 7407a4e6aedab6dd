"""Public functions of evaluation and report say what they take and give."""

import sys
from pathlib import Path

import pytest

from guided_retraining import evaluation, report

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "guidance"))


@pytest.mark.parametrize("package", [evaluation, report], ids=lambda package: package.__name__)
def test_all_public_functions_are_documented(package):
    from documented import undocumented

    assert undocumented(package) == []
