"""The formulas written down once more, one input at a time and in float64: slow, and plainly right."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp


def neuron_coverage(activations, threshold=0.2):
    shares = []
    for a in np.asarray(activations, dtype=np.float64):
        scaled = (a - a.min()) / (a.max() - a.min()) if a.max() > a.min() else np.zeros_like(a)
        shares.append(np.mean(scaled > threshold))
    return np.array(shares)


def dsa(reference, reference_classes, activations, classes, own=None):
    T, scores = np.asarray(reference, dtype=np.float64), []
    for i, (x, c) in enumerate(zip(np.asarray(activations, dtype=np.float64), classes, strict=True)):
        d = np.sqrt(((T - x) ** 2).sum(axis=1))
        d[reference_classes != c] = np.inf
        if own is not None and own[i] >= 0:
            d[own[i]] = np.inf
        if np.isinf(d).all():
            scores.append(np.inf)
            continue
        nearest = d.argmin()
        gaps = np.sqrt(((T - T[nearest]) ** 2).sum(axis=1))[reference_classes != c]
        if gaps.min() == 0:
            scores.append(1.0 if d[nearest] == 0 else np.inf)
        else:
            scores.append(d[nearest] / gaps.min())
    return np.array(scores)


def lsa(reference, reference_classes, activations, classes, own=None, min_variance=1e-5, any_class=False):
    T, scores = np.asarray(reference, dtype=np.float64), []
    groups = [T[reference_classes == c] for c in np.unique(reference_classes)]
    in_all = np.min([g.var(axis=0) for g in groups], axis=0) >= min_variance
    for i, (x, c) in enumerate(zip(np.asarray(activations, dtype=np.float64), classes, strict=True)):
        keep = in_all if any_class else T[reference_classes == c].var(axis=0) >= min_variance
        members = T[reference_classes == c][:, keep]
        n, d = members.shape
        kernel = np.cov(members.T).reshape(d, d) * n ** (-2 / (d + 4))
        offsets = members - x[keep]
        if own is not None and own[i] >= 0:
            offsets = offsets[np.flatnonzero(reference_classes == c) != own[i]]
        exponents = -0.5 * np.einsum("ij,ij->i", offsets, np.linalg.solve(kernel, offsets.T).T)
        log_normaliser = 0.5 * np.linalg.slogdet(2 * np.pi * kernel)[1]
        scores.append(-(logsumexp(exponents) - np.log(len(offsets)) - log_normaliser))
    return np.array(scores)


def k_center(activations, n_picks):
    a = np.asarray(activations, dtype=np.float64)
    picks = [int(((a - a.mean(axis=0)) ** 2).sum(axis=1).argmax())]
    while len(picks) < n_picks:
        picks.append(int(np.min([((a - a[p]) ** 2).sum(axis=1) for p in picks], axis=0).argmax()))
    return picks


def sections_covered(activations, reference, n_sections):
    """For each input the set of (neuron, section) pairs it covers."""
    low, high = np.min(reference, axis=0), np.max(reference, axis=0)
    covered = []
    for a in activations:
        pairs = set()
        for neuron, value in enumerate(a):
            if low[neuron] <= value <= high[neuron]:
                width = high[neuron] - low[neuron]
                section = int((value - low[neuron]) / width * n_sections) if width > 0 else 0
                pairs.add((neuron, min(section, n_sections - 1)))
        covered.append(pairs)
    return covered


def activations_like(rng, n, d, k, spread=1.0):
    """ReLU-like activations with class structure, and the class of each."""
    centres = np.random.default_rng(99).standard_normal((k, d))
    classes = rng.integers(0, k, n)
    classes[:k] = np.arange(k)
    return np.maximum(centres[classes] + spread * rng.standard_normal((n, d)), 0).astype(np.float32), classes
