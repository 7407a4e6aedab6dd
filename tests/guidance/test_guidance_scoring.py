from __future__ import annotations

import sys

import numpy as np
import pytest

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.guidance import (
    METRICS,
    Metric,
    class_balanced,
    k_multisection,
    ranking,
    score,
)
from guided_retraining.guidance.scoring import check_metric

OWN = """
import numpy as np

def norms(trace, power=2.0):
    return np.linalg.norm(trace.activations, ord=power, axis=1)

def drawn(trace, *, seed):
    return np.random.default_rng(seed).random(len(trace))

def short(trace):
    return np.zeros(3)

def undefined(trace):
    return np.full(len(trace), np.nan)

number = 3
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    (tmp_path / "their_metrics.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "their_metrics"
    sys.modules.pop("their_metrics", None)


@pytest.mark.parametrize(
    ("key", "parameters", "message"),
    [
        ("dsaa", {}, r"no metric 'dsaa'. Did you mean 'dsa'\?"),
        (
            "entropy_of_all",
            {},
            r"no metric .* Known: deep_gini, dsa, k_center, .*package.module:function",
        ),
        (
            "dsa",
            {"exclude_selves": True},
            "metric dsa: no such parameter 'exclude_selves'. Did you mean 'exclude_self'",
        ),
        ("deep_gini", {"threshold": 1}, "no such parameter 'threshold'. Known: none"),
        ("dsa", {"exclude_self": "yes"}, "metric dsa: found exclude_self='yes', expected true or false"),
        ("neuron_coverage", {"threshold": 1.5}, "found threshold=1.5, expected a number from 0 to 1"),
        (
            "neuron_coverage",
            {"threshold": float("nan")},
            "found threshold=nan, expected a number from 0 to 1",
        ),
        ("lsa", {"drop_columns": "never"}, "found drop_columns='never', expected per_class or any_class"),
        ("k_center", {"n_picks": 2.5}, "found n_picks=2.5, expected a whole number of 1 or more"),
        (
            "dsa",
            {"wrapper": "balanced"},
            "found wrapper='balanced', expected class_balanced or k_multisection",
        ),
        (
            "dsa",
            {"wrapper": {"k_multisection": {"k": 2}}},
            "wrapper k_multisection of metric dsa: no such parameter 'k'. Known: n_sections",
        ),
        (
            "dsa",
            {"wrapper": {"class_balanced": {"by": "size"}}},
            "found by='size', expected predictions or labels",
        ),
        ("no_such_package.metrics:mine", {}, "cannot be imported"),
        ("numpy:no_such_function", {}, "cannot be imported"),
        ("their_metrics:number", {}, "is a int; expected a function"),
        (
            "their_metrics:norms",
            {"powr": 1},
            r"does not take \(trace, powr\).*its signature is \(trace, power=2.0\)",
        ),
    ],
)
def test_mistakes_are_named(own_module, key, parameters, message):
    with pytest.raises(ParameterError, match=message):
        check_metric(key, parameters)


def test_all_rows_pass_with_their_defaults():
    for key, row in METRICS.items():
        defaults = {name: parameter.default for name, parameter in row.parameters.items()}
        assert check_metric(key, {**defaults, "wrapper": "class_balanced"}) is row


def test_dsa_leaves_elements_of_the_reference_out_unless_told(trace):
    # two inputs with all neurons off are duplicates of each other
    assert (score("dsa", trace)[:300] > 0).mean() > 0.95
    assert (score("dsa", trace, exclude_self=False)[:300] == 0).all()


def test_random_is_drawn_by_seed(trace):
    first, again, other = (score("random", trace, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert sorted(first) == list(range(360))


@pytest.mark.parametrize("path", ["their_metrics:norms", "their_metrics.norms"])
def test_own_metric_by_import_path(trace, own_module, path):
    expected = np.linalg.norm(trace.activations, ord=1, axis=1).astype(np.float64)
    np.testing.assert_array_equal(score(path, trace, power=1), expected)
    balanced = score(path, trace, power=1, wrapper="class_balanced")
    np.testing.assert_array_equal(balanced, class_balanced(expected, trace.predictions))


def test_own_metric_gets_the_seed_if_it_takes_one(trace, own_module):
    drawn = [score("their_metrics:drawn", trace, seed=s) for s in (1, 1, 2)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2]).all()


def test_own_metric_that_gives_no_scores(trace, own_module):
    with pytest.raises(InputError, match=r"gave shape \(3,\) .*expected \(360,\)"):
        score("their_metrics:short", trace)
    with pytest.raises(InputError, match="gave NaN, first for input 0"):
        score("their_metrics:undefined", trace)


def test_a_metric_whose_lowest_comes_first_is_turned(trace, monkeypatch):
    row = Metric("size", "size", lambda t: t.activations.sum(axis=1), ("activations",), "test",
                 higher_is_earlier=False)  # fmt: skip
    monkeypatch.setitem(METRICS, "size", row)
    np.testing.assert_array_equal(score("size", trace), -trace.activations.sum(axis=1).astype(np.float64))


def test_wrappers_by_name(trace):
    scores = score("deep_gini", trace)
    np.testing.assert_array_equal(
        score("deep_gini", trace, seed=5, wrapper={"class_balanced": {"by": "labels"}}),
        class_balanced(scores, trace.labels, seed=5),
    )
    np.testing.assert_array_equal(
        score("deep_gini", trace, seed=5, wrapper={"k_multisection": {"n_sections": 7}}),
        k_multisection(scores, n_sections=7, seed=5),
    )


def test_class_balanced_takes_turns(rng):
    scores, classes = rng.random(200), rng.choice(4, 200, p=[0.7, 0.1, 0.1, 0.1])
    order = np.argsort(-class_balanced(scores, classes))
    smallest = np.bincount(classes).min()
    for turn in range(smallest):
        block = order[4 * turn : 4 * turn + 4]
        assert sorted(classes[block]) == [0, 1, 2, 3]
        assert (np.diff(scores[block]) <= 0).all()
    for c in range(4):
        assert (np.diff(scores[order[classes[order] == c]]) <= 0).all()


def test_k_multisection_takes_equally_from_each_range(rng):
    scores = rng.random(2000) ** 3
    scores[0] = np.inf
    order = np.argsort(-k_multisection(scores, n_sections=5, seed=2))
    finite = scores[1:]
    edges = np.linspace(finite.min(), finite.max(), 6)
    sections = np.clip(np.digitize(scores, edges) - 1, 0, 4)
    smallest = np.bincount(sections).min()
    assert sections[order[: 5 * smallest]].tolist() == [4, 3, 2, 1, 0] * smallest
    assert sorted(order) == list(range(2000))
    other = np.argsort(-k_multisection(scores, n_sections=5, seed=3))
    assert (order != other).any()


def test_wrappers_of_equal_scores_and_of_nothing():
    assert sorted(k_multisection(np.ones(6), n_sections=3)) == [1, 2, 3, 4, 5, 6]
    assert sorted(class_balanced(np.ones(6), [0] * 6)) == [1, 2, 3, 4, 5, 6]
    assert k_multisection([]).shape == class_balanced([], []).shape == ranking([]).shape == (0,)


def test_ranking_draws_between_equals():
    scores = np.zeros(100)
    scores[7] = np.inf
    orders = [ranking(scores, seed=s) for s in range(3)]
    assert all(order[0] == 7 for order in orders)
    assert (orders[0] != orders[1]).any()
    np.testing.assert_array_equal(orders[0], ranking(scores, seed=0))
    with pytest.raises(InputError, match="NaN, first for input 1"):
        ranking([0.0, float("nan")])
