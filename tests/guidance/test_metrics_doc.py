from __future__ import annotations

import doctest
import re
from pathlib import Path

from guided_retraining.guidance import METRICS, WRAPPERS

PAGE = Path(__file__).resolve().parents[2] / "docs/metrics.md"


def test_examples_run():
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 15
    assert result.failed == 0


def test_each_metric_parameter_and_wrapper_is_described():
    text = PAGE.read_text(encoding="utf-8")
    table = re.findall(r"^\| `(\w+)` \| .* \| .* \| .* \| .* \|$", text, re.M)
    assert sorted(table) == sorted(METRICS)
    parameters = {name for row in METRICS.values() for name in row.parameters}
    parameters |= {name for row in WRAPPERS.values() for name in row.parameters} | set(WRAPPERS)
    missing = [name for name in parameters if f"`{name}" not in text]
    assert missing == []


def test_defaults_are_those_of_the_table():
    text = PAGE.read_text(encoding="utf-8")
    for metrics, name, default in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| `(\w+)` \| (\S+) \|", text, re.M):
        for key in re.findall(r"\w+", metrics):
            actual = METRICS[key].parameters[name].default
            written = default.strip("`")
            assert (str(actual).lower() if isinstance(actual, (bool, str)) else actual) == (
                written if isinstance(actual, (bool, str)) else float(written)
            )
