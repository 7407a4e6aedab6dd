"""Made-up studies of several data sets, as the stages leave them: in memory, or as files of a project."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from guided_retraining.evaluation import answer_lines, recommend
from guided_retraining.evaluation.overview import FinishedStudy
from made_up_study import WORDS, made_up_costs, made_up_study

METRICS = ("lsa", "dsa", "deep_gini", "random")
MADE: dict[str, FinishedStudy] = {}


def finished_study(
    dataset: str, *, number: int = 0, words: Mapping[str, str] | None = None, n_test: int = 100, **study: Any
) -> FinishedStudy:
    """One study, answered; made once for each case.

    Args:
        dataset: its name.
        number: of the data set, for noise of its own.
        words: what its configurations mean.
        n_test: clean test images.
        study: arguments of ``made_up_study``.
    """
    case = repr((dataset, number, words, n_test, sorted(study.items())))
    if case not in MADE:
        MADE[case] = _made(dataset, number, WORDS if words is None else words, n_test, study)
    return deepcopy(MADE[case])


def _made(
    dataset: str, number: int, words: Mapping[str, str], n_test: int, study: dict[str, Any]
) -> FinishedStudy:
    given = {"metrics": METRICS, "n_test": n_test, "n_attacked": n_test, "seed": number} | study
    results, correctness = made_up_study(**given)
    results = results.assign(dataset=dataset, price_gradient_passes=results["gradient_passes"] + 3_000)
    labels = np.arange(n_test) % 10
    costs = made_up_costs(results)
    found = recommend(results, costs=costs, correctness=correctness, labels=labels, words=words)
    return FinishedStudy(
        results=results,
        correctness=correctness,
        costs=costs,
        test_labels=labels,
        dataset_summary={
            "images": {"train": 1000 + number, "validation": 200, "test": n_test},
            "class_names": [f"class {c}" for c in range(10)],
        },
        answer=json.loads(json.dumps({"recommendation": found, "lines": answer_lines(found)})),
    )


def finished_studies(datasets: Sequence[str], **study: Any) -> dict[str, FinishedStudy]:
    """A study of each data set.

    Args:
        datasets: their names.
        study: arguments of ``finished_study``.
    """
    return {name: finished_study(name, number=place, **study) for place, name in enumerate(datasets)}


def write_study(study: FinishedStudy, folder: Path) -> None:
    """What a study leaves, in the folders of a project.

    Args:
        study: of the data set that its results name.
        folder: the environment's, such as ``data`` or ``data/smoke``.
    """
    dataset = study.results["dataset"].iloc[0]
    places = {
        name: folder / layer / dataset
        for name, layer in (
            ("summary", "03_primary"), ("labels", "05_model_input"), ("results", "07_model_output"),
            ("answer", "08_reporting"),
        )
    }  # fmt: skip
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    (places["summary"] / "dataset_summary.json").write_text(json.dumps(study.dataset_summary))
    np.save(places["labels"] / "test_labels.npy", study.test_labels)
    study.results.to_parquet(places["results"] / "results.parquet")
    study.correctness.to_parquet(places["results"] / "correctness.parquet")
    study.costs.to_parquet(places["answer"] / "costs.parquet")
    (places["answer"] / "answer.json").write_text(json.dumps(study.answer))
