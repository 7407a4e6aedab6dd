"""The numbers in docs/statistics.md are computed, not remembered."""

import doctest
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from guided_retraining.evaluation.permutation import sign_flip_p

PAGE = Path(__file__).resolve().parents[2] / "docs/statistics.md"


def test_examples_run():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 0


@pytest.mark.parametrize("seeds", [2, 3, 5, 6, 10])
def test_table_of_what_few_seeds_cannot_show(seeds):
    row = next(line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| {seeds} |"))
    _, smallest, half_width = (cell.strip() for cell in row.strip("|").split("|"))
    assert float(smallest) == pytest.approx(sign_flip_p(np.arange(1.0, seeds + 1)), abs=6e-4)
    assert float(half_width) == pytest.approx(stats.t.ppf(0.975, seeds - 1) / seeds**0.5, abs=0.006)
