"""The numbers in docs/statistics.md are computed, not remembered."""

import doctest
import re
from pathlib import Path

import pytest
from scipy import stats

PAGE = Path(__file__).resolve().parents[2] / "docs/statistics.md"
STUDIES = 1_500


def row(name, section):
    """The numbers of a table's row, as lists of one or more for each of 3, 5 and 10 replicates."""
    text = PAGE.read_text("utf-8").split(f"## {section}")[1].split("\n## ")[0]
    line = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
    cells = line.strip("| ").split("|")[1:]
    return [[float(number) / 100 for number in re.findall(r"[\d.]+", cell)] for cell in cells]


def alike(documented, simulated, n):
    """Within five standard errors of the simulation, which has fewer studies than the documented one."""
    return abs(documented - simulated) < 5 * (max(documented * (1 - documented), 0.002) / n) ** 0.5 + 0.005


def test_examples_run():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 0


@pytest.mark.parametrize(
    "name", ["equal", "whole pool 2 times", "one metric 3 times", "largest budget of random alone 3 times"]
)
def test_error_rates_of_the_choice(simulate, rng, name):
    for n_replicates, (documented,) in zip((3, 5, 10), row(name, "The choice"), strict=True):
        found = simulate.wrong_choices(rng, STUDIES, n_replicates, simulate.SPREADS[name])
        assert alike(documented, found, STUDIES)


def test_one_spread_for_all_cells_would_not_do(simulate, rng):
    documented = row("*one residual spread for all cells:* whole pool 2 times", "The choice")
    found = simulate.wrong_choices_with_one_spread(rng, STUDIES, 3, simulate.SPREADS["whole pool 2 times"])
    assert alike(documented[0][0], found, STUDIES)


def test_power_of_the_choice(simulate, rng):
    for n_replicates, three in zip((3, 5, 10), row("1.2 points", "The choice"), strict=True):
        for documented, found in zip(
            three, simulate.choice_power(rng, STUDIES, n_replicates, 0.012), strict=True
        ):
            assert alike(documented, found, STUDIES)


@pytest.mark.parametrize("name", ["equal", "random 2 times", "one metric 3 times"])
def test_error_rates_of_the_comparison_of_metrics(simulate, rng, name):
    for n_replicates, (documented,) in zip(
        (3, 5, 10), row(name, "Do metrics differ from random?"), strict=True
    ):
        values = simulate.areas(rng, STUDIES, n_replicates, simulate.SPREADS[name])
        assert alike(documented, simulate.wrong_contrasts(values), STUDIES)


def test_coverage_of_the_intervals(simulate, rng):
    documented = row("the same in all replicates", "Intervals of an accuracy")
    found = simulate.coverage(rng, 300, 10, 300, same_images=True, of_replicates=0.05)
    for one, other in zip(documented[2], found, strict=True):
        assert alike(one, other, 300)


def test_a_factor_of_two_is_a_laxer_check_than_the_one_made():
    """Of six equal differences, half of whose variance is shared: what pooling them is worth, against one of them."""
    for n_replicates, level in ((3, 0.09), (10, 0.003)):
        shared, rest = (6 * 0.5 + 0.5) / 6, 0.5 * 5 / 6
        df = 1 / (shared**2 / (n_replicates - 1) + rest**2 / (5 * (n_replicates - 1)))
        assert stats.f.sf(2**2, n_replicates - 1, df) == pytest.approx(level, rel=0.2)
