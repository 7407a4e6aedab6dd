"""docs/attacks.md says what the registry says."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from guided_retraining.attacks import ATTACKS

TEXT = (Path(__file__).resolve().parents[2] / "docs/attacks.md").read_text(encoding="utf-8")
SHARED = {"targeted", "batch_size", "seed"}
TABLE = {key: rest for key, *rest in re.findall(r"^\| `(\w+)` \| (.*) \| `(.*)` \| (.*) \|$", TEXT, re.M)}
VALUES = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|$", TEXT, re.M))


def written(text: str) -> Any:
    word = text.split(" ")[0]
    return {"inf": "inf", "null": None}[word] if word in ("inf", "null") else float(Fraction(word))


@pytest.mark.parametrize("key", ATTACKS)
def test_ball_defaults_and_source_are_those_of_the_row(key: str) -> None:
    row, (ball, parameters, source) = ATTACKS[key], TABLE[key]
    assert row.norm in ball
    assert source == row.source
    defaults = dict(one.split(": ") for one in parameters.split(", "))
    assert {name: written(value) for name, value in defaults.items()} == {
        name: parameter.default for name, parameter in row.parameters.items() if name not in SHARED
    }


def test_the_tables_hold_all_attacks_and_all_parameters() -> None:
    assert list(TABLE) == list(ATTACKS)
    assert set(VALUES) == {name for row in ATTACKS.values() for name in row.parameters}


@pytest.mark.parametrize("name", VALUES)
def test_the_values_of_a_parameter_are_those_of_its_rows(name: str) -> None:
    expected = [row.parameters[name].expected for row in ATTACKS.values() if name in row.parameters]
    assert VALUES[name] == max(expected, key=len)


def test_which_attacks_have_no_targeted_form() -> None:
    sentence = re.search(r"and all but (.*?) take `targeted`", TEXT, re.S)
    assert sentence is not None
    without = {key for key, row in ATTACKS.items() if "targeted" not in row.parameters}
    assert set(re.findall(r"`(\w+)`", sentence[1])) == without
