"""The surprise classes behave as scikit-learn's users expect, and refuse what they cannot use."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from guided_retraining import guidance
from guided_retraining.errors import InputError, ParameterError
from guided_retraining.guidance import DistanceSurprise, LikelihoodSurprise, MahalanobisSurprise, Trace

CLASSES = [DistanceSurprise, LikelihoodSurprise, MahalanobisSurprise]


@pytest.mark.parametrize("estimator", CLASSES)
def test_habits(groups, estimator):
    T, t, X, x = groups
    metric = estimator()
    assert metric.fit(T, t) is metric
    scores = metric.score_samples(X, x)
    assert metric.n_features_in_ == 8
    assert metric.classes_.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(metric)).score_samples(X, x), scores)
    with pytest.raises(NotFittedError, match="not fitted yet: call fit"):
        clone(metric).score_samples(X, x)
    assert clone(metric).get_params() == metric.get_params()
    assert estimator.__name__ in repr(metric)


def test_parameters():
    metric = LikelihoodSurprise(min_variance=0.1).set_params(drop_columns="any_class")
    assert metric.get_params() == {"min_variance": 0.1, "drop_columns": "any_class", "exclude_self": False}
    assert clone(metric).get_params() == metric.get_params()
    assert DistanceSurprise(exclude_self=True).get_params() == {"exclude_self": True}


@pytest.mark.parametrize("estimator", CLASSES)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda T, t, X, x: (T[:, 0], t, X, x), r"shape \(400,\); expected \(n, d\)"),
        (lambda T, t, X, x: (T[:0], t[:0], X, x), "the reference is empty"),
        (lambda T, t, X, x: (T, t[:-1], X, x), r"predictions have shape \(399,\); expected \(400,\)"),
        (lambda T, t, X, x: (T, np.eye(3)[t], X, x), r"pass probabilities\.argmax\(axis=1\)"),
        (lambda T, t, X, x: (T, t + 0.5, X, x), "dtype float64; expected integer class indices"),
        (lambda T, t, X, x: (T, t, X[:, :5], x), "5 columns, but fit saw 8"),
        (lambda T, t, X, x: (T, t, X, x[:3]), r"predictions have shape \(3,\); expected \(80,\)"),
        (lambda T, t, X, x: (T, t, np.where(X[2, 2] == X, np.nan, X), x), "NaN or infinity, first in row"),
        (lambda T, t, X, x: (T.astype(str), t, X, x), "expected real numbers"),
    ],
)
def test_bad_arrays(groups, estimator, change, message):
    T, t, X, x = change(*groups)
    with pytest.raises(InputError, match=message):
        estimator().fit(T, t).score_samples(X, x)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (DistanceSurprise(exclude_self="no"), "dsa: found exclude_self='no', expected true or false"),
        (LikelihoodSurprise(min_variance=-1), "lsa: found min_variance=-1, expected a number of 0 or more"),
        (
            LikelihoodSurprise(drop_columns="all"),
            "lsa: found drop_columns='all', expected per_class or any_class",
        ),
    ],
)
def test_bad_parameters(groups, metric, message):
    with pytest.raises(ParameterError, match=message):
        metric.fit(*groups[:2])


@pytest.mark.parametrize(
    "function", [guidance.deep_gini, guidance.softmax_entropy, guidance.margin, guidance.max_softmax]
)
@pytest.mark.parametrize(
    ("array", "message"),
    [
        ([[2.0, -1.0]], "lowest value of -1; expected probabilities"),
        ([[0.5, 0.5], [3.0, 4.0]], "row 1 of probabilities sums to 7 .*pass softmax outputs, not logits"),
        ([[0.5, float("nan")]], "NaN or infinity, first in row 0"),
        ([[1.0], [1.0]], "k >= 2 classes"),
        ([0.5, 0.5], r"shape \(2,\)"),
    ],
)
def test_bad_probabilities(function, array, message):
    with pytest.raises(InputError, match=message):
        function(array)


def test_bad_labels():
    with pytest.raises(InputError, match="labels run from 0 to 2; expected 0 to 1"):
        guidance.cross_entropy_loss([[0.5, 0.5]] * 3, [0, 1, 2])
    with pytest.raises(InputError, match="labels have shape"):
        guidance.cross_entropy_loss([[0.5, 0.5]] * 3, np.eye(3))


def test_probabilities_stored_as_float16(trace):
    stored = trace.probabilities.astype(np.float16)
    np.testing.assert_allclose(guidance.deep_gini(stored), guidance.deep_gini(trace.probabilities), atol=2e-3)


@pytest.mark.parametrize(
    ("arrays", "n_reference", "message"),
    [
        ((np.ones((3, 2)), np.ones((2, 2)), np.ones(3)), 1, "3 activations, 2 probabilities and 3 labels"),
        ((np.ones((3, 2)), np.ones((3, 2)), np.ones((3, 2))), 1, "labels \\(n,\\); got shapes"),
        ((np.ones((3, 2)), np.ones((3, 2)), np.ones(3)), 4, "n_reference is 4; expected 1 to 3"),
    ],
)
def test_bad_traces(arrays, n_reference, message):
    with pytest.raises(InputError, match=message):
        Trace(*arrays, n_reference)


def test_a_configuration_is_checked_without_heavy_imports():
    code = (
        "import sys; from guided_retraining.guidance import check_metric; check_metric('dsa', {});"
        "sys.exit(', '.join(sorted({'sklearn', 'scipy', 'tensorflow', 'pandas'} & set(sys.modules))) or None)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
