"""Which model is delivered, and what is said of its file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from guided_retraining.evaluation import recommend
from guided_retraining.evaluation.delivered import (
    DeliveredCell,
    accuracies_with_intervals,
    cell_to_deliver,
    delivery_lines,
    deviations,
)
from guided_retraining.evaluation.findings import Recommendation
from guided_retraining.evaluation.intervals import wilson
from made_up_study import made_up_study


def recommended(results: pd.DataFrame) -> Recommendation:
    return recommend(results)


def test_the_best_replicate_on_validation_data_is_delivered_whatever_test_data_say() -> None:
    results, _ = made_up_study(replicates=(3, 5, 8))
    found = recommended(results)
    cell = found["models"]["recommended"]
    same = (results["n_inputs"] == cell["n_inputs"]) & (results["configuration"] == cell["configuration"])
    results.loc[same, "validation_accuracy_robust"] = results.loc[same, "seed"].map({3: 0.5, 5: 0.6, 8: 0.6})
    results.loc[same, "validation_accuracy_clean"] = results.loc[same, "seed"].map({3: 0.9, 5: 0.7, 8: 0.8})
    results.loc[same, "accuracy_robust"] = results.loc[same, "seed"].map({3: 0.99, 5: 0.1, 8: 0.1})
    chosen = cell_to_deliver(found, results)
    assert chosen is not None
    assert chosen["replicate"] == 8, "the primary outcome decides, then the other"
    assert (chosen["configuration"], chosen["n_inputs"]) == (cell["configuration"], cell["n_inputs"])
    assert chosen["metric"] in set(results["metric"])


def test_chosen_inputs_are_those_of_the_metric_that_is_recommended() -> None:
    results, _ = made_up_study(loss=0.0, clean_loss=0.0, noise=0.0005)
    found = recommended(results)
    assert found["choice"]["action"] == "random inputs"
    chosen = cell_to_deliver(found, results)
    assert chosen is not None
    assert chosen["metric"] == "random"
    assert chosen["n_inputs"] == found["choice"]["n_inputs"]


def test_nothing_is_delivered_where_the_original_model_is_to_be_kept() -> None:
    results, _ = made_up_study()
    retrained = results["n_inputs"] > 0
    for column in ("accuracy_robust", "validation_accuracy_robust"):
        results.loc[retrained, column] = 0.01
    found = recommended(results)
    assert found["choice"]["action"] == "original"
    assert cell_to_deliver(found, results) is None


def test_intervals_are_wilsons_over_the_images_of_each_kind() -> None:
    measured = {"accuracy_clean": 0.9, "accuracy_replayed_bim": 0.5, "accuracy_robust_fgsm": 0.4, "epochs": 3}
    n_images = {"clean": 500, "replayed": 80, "replayed_bim": 20, "robust": 300}
    found = accuracies_with_intervals(measured, n_images, 0.95)
    assert list(found) == ["clean", "replayed_bim", "robust_fgsm"]
    for kind, n in (("clean", 500), ("replayed_bim", 20), ("robust_fgsm", 300)):
        one = found[kind]
        assert one["n_images"] == n
        assert (one["low"], one["high"]) == pytest.approx(wilson(measured[f"accuracy_{kind}"], n))
        assert one["over"] == "images"


def test_equal_to_the_last_bit_or_told_by_how_much() -> None:
    row = {"accuracy_clean": 0.9, "validation_accuracy_robust": 0.5, "accuracy_unseen": np.nan, "seed": 1}
    assert (
        deviations({"accuracy_clean": 0.9, "validation_accuracy_robust": 0.5, "fit_seconds": 2.0}, row) == {}
    )
    found = deviations({"accuracy_clean": 0.9 - 2e-16, "validation_accuracy_robust": 0.4}, row)
    assert found["validation_accuracy_robust"] == pytest.approx(-0.1)
    assert set(found) == {"accuracy_clean", "validation_accuracy_robust"}
    results, _ = made_up_study()
    cell = DeliveredCell(configuration="config_1", metric="dsa", n_inputs=9, replicate=2)
    clean = accuracies_with_intervals({"accuracy_clean": 0.8}, {"clean": 10}, 0.95)["clean"]
    exact = delivery_lines(recommended(results), cell, {}, clean)
    assert len(exact) == 1
    assert "as the study had measured" in exact[0]
    assert "80.0 %" in exact[0]
    said = " ".join(delivery_lines(recommended(results), cell, found, clean))
    assert "10.0 points (validation_accuracy_robust)" in said
    assert "new figures" in said
