from __future__ import annotations

import numpy as np
import pytest
from guidance_naive import activations_like

from guided_retraining.guidance import Trace


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def groups(rng):
    """A reference of 400 and 80 more inputs: (T, T's classes, X, X's classes), 8 neurons, 3 classes."""
    return (*activations_like(rng, 400, 8, 3), *activations_like(rng, 80, 8, 3, spread=2.0))


@pytest.fixture
def trace(rng):
    """A pool of 300 clean and 60 harder inputs, 6 neurons, 4 classes, some predicted wrongly."""
    clean, _ = activations_like(rng, 300, 6, 4)
    hard, _ = activations_like(rng, 60, 6, 4, spread=2.0)
    activations = np.concatenate([clean, hard])
    logits = activations @ np.random.default_rng(99).standard_normal((4, 6)).T.astype(np.float32)
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    labels = probabilities.argmax(axis=1)
    labels[::7] = (labels[::7] + 1) % 4
    return Trace(activations, probabilities, labels, n_reference=300)
