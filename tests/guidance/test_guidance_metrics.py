"""What holds for each row of the table, and the formulas of those without a test file of their own."""

from __future__ import annotations

import inspect

import guidance_naive as naive
import numpy as np
import pytest

from guided_retraining import guidance
from guided_retraining.errors import GuidedRetrainingWarning, InputError
from guided_retraining.guidance import METRICS, MahalanobisSurprise, Trace, score

KEYS = sorted(METRICS)
DETERMINISTIC = [key for key in KEYS if key != "random"]


def part(trace, rows, n_reference):
    return Trace(trace.activations[rows], trace.probabilities[rows], trace.labels[rows], n_reference)


@pytest.mark.parametrize("key", KEYS)
def test_scores_are_finite_and_the_same_each_time(trace, key):
    scores = score(key, trace, seed=3)
    assert scores.shape == (360,)
    assert scores.dtype == np.float64
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(score(key, trace, seed=3), scores)


@pytest.mark.parametrize("key", KEYS)
def test_row_is_complete(key):
    row = METRICS[key]
    assert row.label
    assert row.source
    assert set(row.needs) <= {"probabilities", "activations", "labels", "reference"}
    assert row.per_seed == (key == "random")
    for name, parameter in row.parameters.items():
        parameter.check(key, name, parameter.default)


@pytest.mark.parametrize("key", sorted({*DETERMINISTIC} - {"kmnc", "k_center"}))
def test_storage_order_does_not_matter(trace, key, rng):
    # kmnc and k_center give positions: they may take another of two equally good inputs first
    order = np.concatenate([rng.permutation(300), 300 + rng.permutation(60)])
    moved = score(key, part(trace, order, 300))
    np.testing.assert_allclose(moved, score(key, trace)[order], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("key", DETERMINISTIC)
def test_only_what_is_needed_is_read(trace, key):
    needs = METRICS[key].needs
    spoiled = Trace(
        trace.activations if "activations" in needs else np.zeros_like(trace.activations),
        trace.probabilities if "probabilities" in needs else np.full_like(trace.probabilities, 0.25),
        trace.labels if "labels" in needs else np.zeros_like(trace.labels),
        trace.n_reference if "reference" in needs else 1,
    )
    np.testing.assert_array_equal(score(key, spoiled), score(key, trace))


@pytest.mark.parametrize("key", KEYS)
def test_a_pool_without_adversarial_inputs(trace, key):
    assert np.isfinite(score(key, part(trace, slice(0, 300), 300))).all()


@pytest.mark.parametrize("key", KEYS)
def test_memory_maps(trace, key, tmp_path):
    np.save(tmp_path / "a.npy", trace.activations)
    np.save(tmp_path / "p.npy", trace.probabilities)
    mapped = Trace(
        np.load(tmp_path / "a.npy", mmap_mode="r"),
        np.load(tmp_path / "p.npy", mmap_mode="r"),
        trace.labels,
        trace.n_reference,
    )
    np.testing.assert_array_equal(score(key, mapped), score(key, trace))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_neuron_coverage_equals_the_formula(rng, dtype):
    a = np.maximum(rng.standard_normal((50, 20)), 0).astype(dtype)
    a[3] = 0
    a[4] = 7
    for threshold in (0.0, 0.2, 0.75):
        found = guidance.neuron_coverage(a, threshold)
        np.testing.assert_array_equal(found, naive.neuron_coverage(a, threshold))
    assert found[3] == found[4] == 0


def test_softmax_metrics_equal_their_formulas(trace):
    p = trace.probabilities.astype(np.float64)
    ordered = np.sort(p, axis=1)
    for found, expected in (
        (guidance.deep_gini(trace.probabilities), 1 - (p**2).sum(axis=1)),
        (guidance.softmax_entropy(trace.probabilities), -(p * np.log2(p)).sum(axis=1)),
        (guidance.margin(trace.probabilities), ordered[:, -2] - ordered[:, -1]),
        (guidance.max_softmax(trace.probabilities), -ordered[:, -1]),
        (
            guidance.cross_entropy_loss(trace.probabilities, trace.labels),
            -np.log(p[np.arange(len(p)), trace.labels]),
        ),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_sure_outputs_have_finite_scores():
    p = np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32)
    assert guidance.softmax_entropy(p).tolist() == [0, 0]
    assert guidance.deep_gini(p).tolist() == [0, 0]
    loss = guidance.cross_entropy_loss(p, [0, 0])
    assert loss[0] == 0
    assert 80 < loss[1] < 90  # -ln of the smallest normal float32


def test_mdsa_tends_to_the_plain_mahalanobis_distance(rng):
    # with many members the shrinkage vanishes
    mixing = rng.standard_normal((3, 3))
    T = rng.standard_normal((20000, 3)) @ mixing
    X = rng.standard_normal((50, 3)) @ mixing
    found = MahalanobisSurprise().fit(T, np.zeros(20000, dtype=int)).score_samples(X, np.zeros(50, dtype=int))
    offset = X - T.mean(axis=0)
    expected = np.sqrt(np.einsum("ij,ij->i", offset, np.linalg.solve(np.cov(T.T), offset.T).T))
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_mdsa_equals_scikit_learns_shrunk_distance(groups):
    from sklearn.covariance import ledoit_wolf

    T, t, X, x = groups
    found = MahalanobisSurprise().fit(T, t).score_samples(X, x)
    for c in range(3):
        members = T[t == c].astype(np.float64)
        n = len(members)
        biased, _ = ledoit_wolf(members)
        # scikit-learn divides by n, ours by n - 1; both shrink by the same amount
        matrix = biased * n / (n - 1)
        offset = X[x == c] - members.mean(axis=0)
        expected = np.sqrt(np.einsum("ij,ij->i", offset, np.linalg.solve(matrix, offset.T).T))
        np.testing.assert_allclose(found[x == c], expected, rtol=1e-6)


def test_mdsa_of_classes_without_spread(groups):
    T, t, X, x = groups
    T[t == 2] = 1.5
    with pytest.warns(GuidedRetrainingWarning, match="predicted as class 2 do not vary"):
        metric = MahalanobisSurprise().fit(T, t)
    assert np.isfinite(metric.score_samples(X, x)).all()
    with pytest.raises(InputError, match="do not vary within any predicted class"):
        MahalanobisSurprise().fit(np.ones((4, 2)), [0, 0, 1, 1])


def test_boundary_metrics_equal_their_definitions(groups):
    T, _, X, _ = groups
    for n_std in (0.0, 0.5):
        low, high = T.min(axis=0) - n_std * T.std(axis=0), T.max(axis=0) + n_std * T.std(axis=0)
        outside = [np.mean([v < lo or v > hi for v, lo, hi in zip(x, low, high, strict=True)]) for x in X]
        above = [np.mean([v > hi for v, hi in zip(x, high, strict=True)]) for x in X]
        np.testing.assert_allclose(guidance.neuron_boundary(X, T, n_std=n_std), outside)
        np.testing.assert_allclose(guidance.strong_activation(X, T, n_std=n_std), above)
    assert not guidance.neuron_boundary(T, T).any()


def test_kmnc_picks_greedily(groups):
    T, _, X, _ = groups
    T[:, 2] = 0  # a dead neuron has one section
    pool = np.concatenate([T[:60], X])
    scores = guidance.multisection_coverage(pool, T, n_sections=10, seed=1)
    sets = naive.sections_covered(pool, T, 10)
    covered: set = set()
    order = np.argsort(-scores)
    for position, pick in enumerate(order):
        gains = [len(s - covered) for s in sets]
        if max(gains) == 0:
            break
        assert gains[pick] == max(gains)
        assert scores[pick] == len(pool) - position
        covered |= sets[pick]
    rest = order[position:]
    sizes = np.array([len(sets[i]) for i in rest])
    assert (np.diff(sizes) <= 0).all()
    assert scores[rest].max() <= len(pool) - position


def test_kmnc_draws_between_equals():
    pool = np.tile([[0.2, 0.8]], (50, 1))
    firsts = {int(guidance.multisection_coverage(pool, pool, seed=s).argmax()) for s in range(20)}
    assert len(firsts) > 5


def test_k_center_picks_greedily(rng):
    a = rng.standard_normal((200, 5)) + 1e3
    scores = guidance.k_center(a, n_picks=30)
    order = np.argsort(-scores)
    assert order[:30].tolist() == naive.k_center(a, 30)
    picks = a[order[:30]]
    to_picks = np.sqrt(((a[order[30:], None] - picks) ** 2).sum(axis=2)).min(axis=1)
    assert (np.diff(to_picks) <= 1e-9).all()


def test_k_center_stops_at_duplicates():
    scores = guidance.k_center(np.repeat([[0.0], [4.0], [1.0]], 5, axis=0), n_picks=10)
    assert sorted(scores[scores > 0].tolist()) == [13, 14, 15]


def test_functions_take_no_inputs():
    for function in (guidance.neuron_coverage, guidance.deep_gini, guidance.softmax_entropy, guidance.margin):
        assert function(np.empty((0, 3))).shape == (0,)
    assert guidance.cross_entropy_loss(np.empty((0, 3)), []).shape == (0,)
    assert guidance.k_center(np.empty((0, 3))).shape == (0,)
    assert guidance.multisection_coverage(np.empty((0, 3)), np.ones((2, 3))).shape == (0,)


def test_public_names_exist():
    for name in guidance.__all__:
        assert inspect.getdoc(getattr(guidance, name)), name
