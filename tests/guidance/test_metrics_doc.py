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


def test_the_table_says_what_the_registry_says():
    text = PAGE.read_text(encoding="utf-8")
    table = re.findall(r"^\| `(\w+)` \| .* \| (.*) \| .* \| (.*) \|$", text, re.M)
    assert [key for key, *_ in table] == list(METRICS)
    words = {"predictions": "probabilities", "T": "reference"}
    for key, needs, source in table:
        assert source == METRICS[key].source
        said = {words.get(need, need) for need in needs.split(", ")} - {"nothing"}
        assert said == set(METRICS[key].needs), key


def test_each_parameter_is_described_with_its_default_and_values():
    text = PAGE.read_text(encoding="utf-8")
    table = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| `(\w+)` \| (\S+) \| (.*?)(?:: .*)? \|$", text, re.M)
    described = {}
    for metrics, name, default, values in table:
        for key in re.findall(r"\w+", metrics):
            parameter = METRICS[key].parameters[name]
            described[key, name] = parameter
            assert values == parameter.expected
            written, actual = default.strip("`"), parameter.default
            if isinstance(actual, (bool, str)):
                assert written == str(actual).lower()
            else:
                assert float(written) == actual
    assert set(described) == {(key, name) for key, row in METRICS.items() for name in row.parameters}
    wrapped = {name for row in WRAPPERS.values() for name in row.parameters} | set(WRAPPERS)
    assert [name for name in wrapped if f"`{name}" not in text] == []
