"""Mean ranks and their tests: against formulas written out, in cases that decide themselves, and under chance."""

from __future__ import annotations

import doctest

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from guided_retraining.errors import InputError
from guided_retraining.evaluation.ranks import mean_ranks
from project_copies import ROOT


def table(values: object, entries: str = "abcd") -> pd.DataFrame:
    rows = np.asarray(values, dtype=float)
    return pd.DataFrame(
        rows, index=[f"set {i}" for i in range(len(rows))], columns=list(entries[: rows.shape[1]])
    )


def test_ranks_are_within_a_data_set_and_equal_values_share_theirs() -> None:
    found = mean_ranks(table([[0.9, 0.5, 0.5], [0.1, 0.3, 0.2]]))
    assert found["ranks"] == {"set 0": {"a": 1, "b": 2.5, "c": 2.5}, "set 1": {"a": 3, "b": 1, "c": 2}}
    assert found["mean_ranks"] == {"b": 1.75, "a": 2.0, "c": 2.25}
    assert list(found["mean_ranks"]) == ["b", "a", "c"]


def test_rounding_is_no_difference() -> None:
    assert mean_ranks(table([[0.1 + 0.2, 0.3]]))["mean_ranks"] == {"a": 1.5, "b": 1.5}


def test_what_a_data_set_lacks_is_shown_and_not_ranked() -> None:
    found = mean_ranks(table([[0.9, np.nan, 0.5], [0.1, 0.3, 0.2]]))
    assert found["left_out"] == ["b"]
    assert found["mean_ranks"] == {"a": 1.5, "c": 1.5}
    assert found["values"]["set 1"]["b"] == 0.3
    assert "b" not in found["values"]["set 0"]


def test_friedmans_test_and_nemenyis_are_those_written_out(rng: np.random.Generator) -> None:
    values = table(rng.normal(size=(9, 4)) + np.array([0.0, 0.5, 1.0, 3.0]))
    found = mean_ranks(values)
    ranks = np.array([[sum(x >= y for x in row) for y in row] for row in values.to_numpy()])  # 1 is highest
    n, k = ranks.shape
    mean = ranks.mean(axis=0)
    statistic = 12 * n / (k * (k + 1)) * (np.sum(mean**2) - k * (k + 1) ** 2 / 4)
    assert found["p_value"] == pytest.approx(stats.chi2.sf(statistic, k - 1))
    error = np.sqrt(k * (k + 1) / (6 * n))
    apart = abs(mean[0] - mean[3])
    p_value = stats.studentized_range.sf(apart / error * np.sqrt(2), k, np.inf)
    assert {(one, other): p for one, other, p in found["different"]}["d", "a"] == pytest.approx(p_value)
    assert found["critical_difference"] == pytest.approx(2.569 * error, rel=1e-3), "Demsar 2006, table 5"
    for better, worse, _ in found["different"]:
        assert found["mean_ranks"][worse] - found["mean_ranks"][better] > found["critical_difference"]


@pytest.mark.parametrize(
    ("shape", "why"), [((4, 3), "there are 4 data sets"), ((1, 3), "there is 1 data set"), ((6, 2), "only 2")]
)
def test_too_few_are_not_tested(shape: tuple[int, int], why: str) -> None:
    found = mean_ranks(table(np.arange(np.prod(shape)).reshape(shape)))
    assert why in found["why_not"]
    assert found["p_value"] is None
    assert found["critical_difference"] is None
    assert found["different"] == []
    assert len(found["mean_ranks"]) == shape[1]


def test_the_same_order_everywhere_is_shown_and_all_equal_is_not() -> None:
    assert mean_ranks(table([[3, 2, 1]] * 6))["different"] == [("a", "c", pytest.approx(0.0015, abs=1e-4))]
    equal = mean_ranks(table(np.ones((6, 3))))
    assert equal["p_value"] == 1.0
    assert equal["different"] == []


def test_chance_is_taken_for_a_difference_in_no_more_studies_than_it_says(rng: np.random.Generator) -> None:
    studies = 200
    for n_datasets, n_entries in ((5, 3), (6, 6)):
        shown = [
            bool(mean_ranks(table(rng.normal(size=(n_datasets, n_entries)), "abcdef"))["different"])
            for _ in range(studies)
        ]
        assert np.mean(shown) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / studies)


def test_examples_of_the_document_run() -> None:
    found = doctest.testfile(str(ROOT / "docs/comparison.md"), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted > 0


def test_no_data_set_and_one_twice_are_refused() -> None:
    with pytest.raises(InputError, match="at least one of them"):
        mean_ranks(pd.DataFrame())
    with pytest.raises(InputError, match=r"each data set once.*'digits', 'digits'"):
        mean_ranks(pd.DataFrame({"a": [1.0, 2.0]}, index=["digits", "digits"]))
