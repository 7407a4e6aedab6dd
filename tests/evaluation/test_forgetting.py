"""Right or wrong of each image: unpacked, and compared before and after hardening."""

import numpy as np
import pandas as pd
import pytest

from guided_retraining.errors import InputError
from guided_retraining.evaluation.correctness import right_of
from guided_retraining.evaluation.forgetting import forgetting
from made_up_study import made_up_study


def test_unpacked_images_give_the_accuracies_of_the_results():
    results, correctness = made_up_study(n_test=501, n_attacked=333)
    key = ("config_2", "dsa", 400)
    rows = results[
        (results["configuration"] == key[0]) & (results["metric"] == key[1]) & (results["n_inputs"] == key[2])
    ]
    for kind, n in (("clean", 501), ("robust", 333), ("unseen", 333)):
        right = right_of(correctness, kind, *key, 501)
        assert right.notna().sum(axis=1).tolist() == [n] * 3
        assert right.mean(axis=1).tolist() == pytest.approx(rows[f"accuracy_{kind}"].tolist())


def test_attacked_images_stand_at_their_own_positions():
    bits = pd.DataFrame(
        {
            "configuration": "c", "metric": "m", "seed": [0], "n_inputs": 5,
            "attacked": [np.array([4, 1], "<i4").tobytes()],
            "right_robust": [np.packbits([True, False]).tobytes()],
        }
    )  # fmt: skip
    assert right_of(bits, "robust", "c", "m", 5, 6).iloc[0].tolist() == pytest.approx(
        [np.nan, 0, np.nan, np.nan, 1, np.nan], nan_ok=True
    )


def test_what_was_not_kept_is_none():
    _, correctness = made_up_study(robust=False)
    assert right_of(correctness, "robust", "config_1", None, 1600, 500) is None
    assert right_of(correctness, "clean", "config_1", "dsa", 17, 500) is None


def test_bits_of_another_run_are_refused():
    _, correctness = made_up_study(n_test=500)
    with pytest.raises(InputError, match="63 bytes, expected 38 for 300 test images"):
        right_of(correctness, "clean", None, None, 0, 300)


def test_forgetting_by_hand():
    before = pd.DataFrame([[1, 1, 0, 0], [1, 1, 1, 0]], index=[0, 1], dtype=float)
    after = pd.DataFrame([[1, 0, 1, 0], [0, 0, 1, 0], [1, 1, 1, 1]], index=[0, 1, 2], dtype=float)
    found = forgetting(before, after, [0, 0, 1, 1])
    assert (found["churn"], found["gained"]) == (3 / 8, 1 / 8)
    assert found["per_class"][0] == {
        "label": 0, "n_images": 2, "accuracy_before": 1.0, "accuracy_after": 0.25, "churn": 0.75, "gained": 0.0,
    }  # fmt: skip
    for row in found["per_class"]:
        assert row["accuracy_after"] == pytest.approx(row["accuracy_before"] - row["churn"] + row["gained"])


def test_forgetting_refuses_labels_of_other_images_and_strangers():
    right = pd.DataFrame([[1.0, 0.0]])
    with pytest.raises(InputError, match="a label for each of the 2 test images"):
        forgetting(right, right, [0, 1, 1])
    with pytest.raises(InputError, match="share no replicate"):
        forgetting(right, right.set_axis([5]), [0, 1])
