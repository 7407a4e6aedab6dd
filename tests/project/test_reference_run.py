"""The published study's protocol (``--env reference``) to its end: in miniature, and slowly on real files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import reader_samples as samples
from project_copies import kedro, make_project

ATTACKS = {"fgsm", "l2_bim", "l1_bim"}
METRICS = {"neuron_coverage", "lsa", "dsa", "deep_gini", "softmax_entropy", "random"}
STUDY_EPS = 0.05
FRAMES = 4  # of each generated traffic sign
PER_CLASS = {"mnist": 20, "cifar10": 24, "gtsrb": 4 * FRAMES, "intel": 20}
WRITE = {
    "mnist": samples.mnist_study,
    "cifar10": samples.cifar_study,
    "gtsrb": samples.gtsrb_study,
    "intel": samples.intel_study,
}
SMALL = {
    "defaults.training.epochs": 20,
    "defaults.training.learning_rate": 0.003,
    "defaults.training.batch_size": 32,
    "defaults.attack.n_validation": 9,
    **{f"{name}.attack.n_train": 24 for name in WRITE},
    **{f"{name}.attack.n_test": 15 for name in WRITE},
    **{f"{name}.model.architecture": "P P F FC48" for name in WRITE},
    "defaults.metrics.neuron_coverage": "null",  # without options of their own in this environment
    "defaults.metrics.deep_gini": "null",
    "defaults.metrics.softmax_entropy": "null",
    "defaults.ordering_retraining.budgets": 2,
    "defaults.ordering_retraining.configurations.config_1": "null",
    "defaults.ordering_retraining.configurations.config_3": "null",
    "digits.ordering_retraining.configurations.rounds": "null",  # which orders by DeepGini
}


def run_reference(
    project: Path, datasets: str, parameters: Mapping[str, Any], *more: str, **options: Any
) -> None:
    given = ",".join(f"{name}={value}" for name, value in parameters.items())
    finished = kedro(
        project, "run", "--env", "reference", "--pipelines", datasets, "--params", given, *more, **options
    )
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr


def the_one(project: Path, name: str) -> Path:
    (found,) = (project / "data/reference").rglob(name)
    return found


def images_of(project: Path, dataset: str) -> dict[str, int]:
    return json.loads(the_one(project, f"{dataset}/dataset_summary.json").read_text())["images"]


def perturbations(project: Path, dataset: str, split: str, attack: str) -> np.ndarray:
    """What an attack added to each image, from the files that the run left, in float64."""
    table = pd.read_parquet(the_one(project, f"{dataset}/{split}_adversarial_table.parquet"))
    rows = np.flatnonzero(table["attack"] == attack)
    adversarial = np.load(the_one(project, f"{dataset}/{split}_adversarial_images_0.npy"))[rows]
    stored = np.load(the_one(project, f"{dataset}/{split}_images.npy"), mmap_mode="r")
    clean = stored[table["source_index"].to_numpy()[rows]].astype(np.float32) * np.float32(1 / 255)
    return (adversarial.astype(np.float64) - clean).reshape(len(rows), -1)


def assert_inside(project: Path, dataset: str) -> None:
    for attack, norm in (("l1_bim", 1), ("l2_bim", 2), ("fgsm", np.inf)):
        sizes = np.linalg.norm(perturbations(project, dataset, "train", attack), ord=norm, axis=1)
        assert 0 < sizes.max() <= STUDY_EPS * (1 + 1e-12)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Traffic signs to the report, MNIST to the results, the others as far as their plan, by one command."""
    project = make_project(tmp_path_factory.mktemp("reference") / "project")
    for name, write in WRITE.items():
        folder = project / "data/01_raw" / name
        folder.mkdir(parents=True)
        write(folder, PER_CLASS[name])
    run_reference(
        project, ",".join(WRITE), SMALL,
        "--to-outputs", "gtsrb.report,gtsrb.original_accuracy,mnist.results,cifar10.study_plan,intel.study_plan",
    )  # fmt: skip
    return project


@pytest.mark.parametrize(("dataset", "test_images"), [("mnist", 2 * 10), ("cifar10", 4 * 10)])
def test_pooled_splits_are_joined_and_cut_again(small: Path, dataset: str, test_images: int) -> None:
    total = 10 * PER_CLASS[dataset] + (test_images if dataset == "mnist" else 0)
    images = images_of(small, dataset)
    assert sum(images.values()) == total
    assert images["test"] == round(0.1 * total)
    assert images["validation"] == round(0.2 * total)


def test_an_official_test_set_is_left_out_or_kept_as_asked(small: Path) -> None:
    assert sum(images_of(small, "gtsrb").values()) == 43 * PER_CLASS["gtsrb"]
    assert images_of(small, "intel") == {"train": 96, "validation": 24, "test": 24}


def test_frames_of_one_sign_may_stand_on_both_sides(small: Path) -> None:
    summary = json.loads(the_one(small, "gtsrb/dataset_summary.json").read_text())
    assert any(n % FRAMES for n in summary["per_class"]["test"]), "whole tracks only: split by group"


@pytest.mark.parametrize("dataset", ["gtsrb", "mnist"])
def test_the_studys_attacks_get_their_numbers_of_images_and_keep_their_balls(
    small: Path, dataset: str
) -> None:
    for split, number in (("train", 24), ("validation", 9), ("test", 15)):
        table = pd.read_parquet(the_one(small, f"{dataset}/{split}_adversarial_table.parquet"))
        assert table["attack"].value_counts().to_dict() == dict.fromkeys(ATTACKS, number // 3)
    assert_inside(small, dataset)


def test_labels_stay_with_their_pictures(small: Path) -> None:
    accuracy = json.loads(the_one(small, "gtsrb/original_accuracy_0.json").read_text())
    assert accuracy["test"] > 10 / 43, "patterns as clear as these are learned, unless labels are mixed up"


@pytest.mark.parametrize("dataset", ["gtsrb", "mnist"])
def test_results_hold_each_cell_and_no_retrained_model_was_attacked(small: Path, dataset: str) -> None:
    results = pd.read_parquet(the_one(small, f"{dataset}/results.parquet"))
    # two budgets and n = 0 for each metric
    assert results.groupby("metric").size().to_dict() == {"lsa": 3, "dsa": 3, "random": 3}
    assert results["accuracy_combined"].between(0, 1).all()
    assert not any(results[column].notna().any() for column in results.filter(regex="robust|unseen").columns)


def test_the_report_is_written(small: Path) -> None:
    page = the_one(small, "gtsrb/report.html").read_text()
    for option in ("l1_bim", "any_class", "use_test"):
        assert option in page, "a reader sees what the protocol was"


REAL = {  # as many attacked as the published study asks for; of subsets, as many as there are
    "mnist": {},
    "fashion_mnist": {},
    "cifar10": {"n_train": 600, "n_test": 500},
    "gtsrb": {"n_train": 494, "n_test": 493},
    "intel": {"n_train": 448, "n_test": 750},
}
EPOCHS = {"gtsrb": 8, "intel": 4}  # of the original model: one epoch of so few images teaches it nothing


@pytest.mark.slow
@pytest.mark.parametrize("dataset", REAL)
def test_the_published_protocol_runs_to_its_end_on_real_files(
    dataset: str, shared_data: Path, tmp_path: Path
) -> None:
    if not (shared_data / dataset).is_dir():
        pytest.skip(f"no folder ../shared/data/{dataset}")
    project = make_project(tmp_path / "project")
    (project / "data/01_raw").mkdir()
    (project / "data/01_raw" / dataset).symlink_to((shared_data / dataset).resolve())
    parameters = {
        "defaults.training.epochs": EPOCHS.get(dataset, 1),
        "defaults.ordering_retraining.training.epochs": 1,
        "defaults.ordering_retraining.budgets": 2,
    }
    parameters |= {f"{dataset}.attack.{name}": number for name, number in REAL[dataset].items()}
    run_reference(project, dataset, parameters, timeout=4 * 3600)
    results = pd.read_parquet(the_one(project, f"{dataset}/results.parquet"))
    assert set(results["metric"]) == METRICS
    # two budgets for each metric, and n = 0 where training starts from the original weights
    assert results.groupby("configuration").size().to_dict() == {
        "config_1": 2 * len(METRICS),
        "config_2": 3 * len(METRICS),
        "config_3": 3 * len(METRICS),
    }
    assert results["accuracy_combined"].between(0, 1).all()
    table = pd.read_parquet(the_one(project, f"{dataset}/train_adversarial_table.parquet"))
    assert set(table["attack"]) == ATTACKS
    if "n_train" in REAL[dataset]:
        assert len(table) == REAL[dataset]["n_train"]
    assert_inside(project, dataset)
    summary = json.loads(the_one(project, f"{dataset}/dataset_summary.json").read_text())
    for split, number in summary["images"].items():
        assert len(np.load(the_one(project, f"{dataset}/{split}_labels.npy"))) == number
    accuracy = json.loads(the_one(project, f"{dataset}/original_accuracy_0.json").read_text())["test"]
    assert accuracy > 1.5 / len(summary["class_names"]), "better than guessing"
    assert "l1_bim" in the_one(project, f"{dataset}/report.html").read_text()
