"""Stability over seeds: left out by default, refused where it cannot be measured, wired where it is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from guided_retraining.errors import ParameterError
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import RetrainingParameters
from guided_retraining.parameters.study import Study, parse_study
from guided_retraining.pipeline_registry import dataset_stages
from guided_retraining.pipelines.reporting.nodes import describe_rankings

pytestmark = pytest.mark.filterwarnings("ignore:One or more dataset names contain")

CONFIGURATIONS = {"config_2": {"start": "original", "pool": "all"}}


def study(**changed: Any) -> Study:
    block = {
        "source": {"reader": "digits"},
        "model": {"architecture": "digits"},
        "attack": {"attacks": {"fgsm": {"eps": 0.1}}},
        "metrics": {"deep_gini": {}, "random": {}},
        "ordering_retraining": {"configurations": CONFIGURATIONS},
    }
    return parse_study("mine", block | changed)


@pytest.mark.parametrize("seeds", [[0], [1, 1], [-1]])
def test_seeds_that_make_no_other_model_are_refused(seeds: list[int]) -> None:
    with pytest.raises(ParameterError, match="stability_seeds: different whole numbers"):
        study(stability_seeds=seeds)


def test_a_model_of_ones_own_cannot_be_trained_again() -> None:
    with pytest.raises(ParameterError, match=r"model\.path.* cannot be trained again"):
        study(model={"path": "mine.keras"}, stability_seeds=[1])
    assert study(model={"path": "mine.keras"}).stability_seeds == ()


def test_the_node_is_there_only_where_it_is_asked_for() -> None:
    without, with_ = dataset_stages("mine", study()), dataset_stages("mine", study(stability_seeds=[1]))
    for stage, more in (
        ("metrics", {"mine.stability", "mine.stability_cost"}),
        ("reporting", {"mine.stability_figure"}),
    ):
        assert with_[stage].all_outputs() - without[stage].all_outputs() == more
    assert {"mine.stability", "mine.stability_cost"} <= with_["reporting"].inputs()


def test_infinite_scores_are_ranked_first_and_break_no_figure() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60)
    images = np.zeros((60, 2, 2, 1), np.float32)
    pool = LabelledPool(
        images[:40], labels[:40], images[40:], labels[40:], np.full(20, "fgsm"), np.arange(20)
    )
    surprise = rng.normal(size=60)
    surprise[7] = np.inf
    outputs = describe_rankings(
        pool,
        rng.dirichlet([1, 1], 60).astype(np.float32),
        {"lsa": {}, "dsa": {}},
        RetrainingParameters(configurations=CONFIGURATIONS),  # type: ignore[arg-type]
        0,
        surprise,
        rng.normal(size=60),
        metrics=("lsa", "dsa"),
    )
    for figure in outputs[:4]:
        figure.canvas.draw()
    rankings, agreement = outputs[4:]
    assert len(rankings) == 2
    assert "n/a" not in agreement.to_numpy().tolist()[0]
