"""Accuracies under the column names of the results table."""

import numpy as np
import pytest

from guided_retraining.errors import InputError
from guided_retraining.evaluation import accuracies


def test_against_counting_by_hand():
    rng = np.random.default_rng(0)
    clean, clean_true = rng.integers(0, 4, (2, 50))
    adversarial, adversarial_true = rng.integers(0, 4, (2, 30))
    attacks = rng.choice(["fgsm", "bim"], 30)
    found = accuracies(clean, clean_true, adversarial, adversarial_true, attacks)

    hits_clean = sum(int(p == t) for p, t in zip(clean, clean_true, strict=True))
    hits = sum(int(p == t) for p, t in zip(adversarial, adversarial_true, strict=True))
    assert found["accuracy_clean"] == pytest.approx(hits_clean / 50)
    assert found["accuracy_replayed"] == pytest.approx(hits / 30)
    assert found["accuracy_combined"] == pytest.approx((hits_clean + hits) / 80)
    for attack in ("fgsm", "bim"):
        rows = [i for i in range(30) if attacks[i] == attack]
        expected = sum(int(adversarial[i] == adversarial_true[i]) for i in rows) / len(rows)
        assert found[f"accuracy_replayed_{attack}"] == pytest.approx(expected)


def test_nothing_attacked_is_not_measured_rather_than_zero():
    found = accuracies([1, 0], [1, 1], attack_names=["fgsm"])
    assert found["accuracy_clean"] == found["accuracy_combined"] == 0.5
    assert np.isnan(found["accuracy_replayed"])
    assert np.isnan(found["accuracy_replayed_fgsm"])


def test_no_input_at_all():
    assert all(np.isnan(value) for value in accuracies([], []).values())


def test_probabilities_are_refused_with_the_remedy():
    with pytest.raises(InputError, match=r"got \(2, 3\) and \(2,\).*argmax"):
        accuracies(np.zeros((2, 3)), [0, 1])


def test_one_attack_name_for_each_input():
    with pytest.raises(InputError, match="one attack name for each of the 2 inputs"):
        accuracies([0], [0], [0, 1], [0, 1], ["fgsm"])
