"""One whole session, as a user runs it, and what it leaves behind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

METRICS = {"neuron_coverage", "lsa", "dsa", "deep_gini", "softmax_entropy", "random"}
COLUMNS = [
    "dataset", "configuration", "metric", "seed", "n_inputs", "pool_size",
    "accuracy_clean", "accuracy_replayed", "accuracy_replayed_bim", "accuracy_replayed_carlini_wagner",
    "accuracy_replayed_fgsm", "accuracy_combined", "accuracy_robust", "accuracy_robust_bim", "accuracy_robust_fgsm",
    "accuracy_unseen", "accuracy_unseen_apgd_ce", "calibration_error", "validation_accuracy_clean",
    "validation_accuracy_combined", "validation_accuracy_robust", "reattack_seconds", "reattack_gradient_passes",
    "fit_seconds", "fit_cpu_seconds", "epochs", "samples_seen", "gradient_passes", "price_gradient_passes",
    "peak_memory_mb", "energy_wh", "watched_fgsm", "watched_pgd", "catastrophic_overfitting",
]  # fmt: skip


@pytest.fixture(scope="module")
def results(smoke_project: Path) -> pd.DataFrame:
    return pd.read_parquet(smoke_project / "data/smoke/07_model_output/digits/results.parquet")


def test_results_have_the_documented_columns_and_one_row_per_cell(results: pd.DataFrame) -> None:
    assert sorted(results.columns) == sorted(COLUMNS)
    assert list(results.columns)[:17] == COLUMNS[:17]
    keys = ["configuration", "metric", "seed", "n_inputs"]
    assert not results.duplicated(keys).any()
    assert set(results["metric"]) == METRICS
    # 3 budgets x 2 replicates x 6 metrics, and n = 0 where training starts from the original weights
    assert results.groupby("configuration").size().to_dict() == {
        "config_1": 36,
        "config_2": 48,
        "config_3": 48,
        "adversarial_training": 6,  # the order of its inputs does not matter
        "rounds": 12,  # two metrics, two budgets
    }


def test_every_column_is_filled_but_those_that_may_be_empty(results: pd.DataFrame) -> None:
    empty = set(results.columns[results.isna().any()])
    watched = {"watched_fgsm", "watched_pgd", "catastrophic_overfitting"}  # of one-step training alone
    assert empty <= {"energy_wh"} | watched
    trained = results[results["configuration"] == "adversarial_training"]
    assert trained[list(watched)].notna().all(axis=None)
    accuracies = results.filter(like="accuracy_")
    assert accuracies.to_numpy().min() >= 0
    assert accuracies.to_numpy().max() <= 1


def test_combined_accuracy_is_the_mean_over_clean_and_replayed_inputs(
    results: pd.DataFrame, smoke_project: Path
) -> None:
    clean = len(np.load(smoke_project / "data/smoke/05_model_input/digits/test_labels.npy"))
    table = pd.read_parquet(smoke_project / "data/smoke/05_model_input/digits/test_adversarial_table.parquet")
    adversarial = len(table) / table["seed"].nunique()
    expected = (results["accuracy_clean"] * clean + results["accuracy_replayed"] * adversarial) / (
        clean + adversarial
    )
    np.testing.assert_allclose(results["accuracy_combined"], expected, atol=1e-9)


def test_the_whole_pool_is_one_cell_for_all_metrics(results: pd.DataFrame) -> None:
    whole = results[results["n_inputs"] == results["pool_size"]]
    for _, cells in whole[whole["configuration"].str.startswith("config_")].groupby(
        ["configuration", "seed"]
    ):
        assert len(cells) == len(METRICS)
        assert len(cells.drop(columns="metric").drop_duplicates()) == 1


def test_no_inputs_means_the_original_model_of_the_replicate(
    results: pd.DataFrame, smoke_project: Path
) -> None:
    original = results[results["n_inputs"] == 0]
    assert set(original["configuration"]) == {"config_2", "config_3", "rounds"}
    for replicate, rows in original.groupby("seed"):
        assert rows["accuracy_combined"].nunique() == 1
        assert rows["accuracy_clean"].unique() == pytest.approx([_measured(smoke_project, replicate)["test"]])


def test_strategies_are_run_at_the_price_of_retraining_on_the_pool(results: pd.DataFrame) -> None:
    whole = results[results["n_inputs"] == results["pool_size"]]
    prices = whole.groupby(["configuration", "seed"])["price_gradient_passes"].first().unstack()
    for replicate in (0, 1):
        price = prices[replicate]
        assert price["config_1"] == price["config_2"] > price["config_3"]
        assert 0.9 * price["config_1"] < price["adversarial_training"] <= price["config_1"]
    own = results[results["configuration"].isin(["adversarial_training", "rounds"])]
    assert (own["price_gradient_passes"] == own["gradient_passes"]).all(), "nothing of the pool is paid"
    ranked = results[(results["configuration"] == "config_3") & (results["n_inputs"] == 22)]
    ranked = ranked.groupby("metric")["price_gradient_passes"].mean()
    assert ranked["dsa"] == ranked["deep_gini"] > ranked["random"], "scoring is paid where it is used"


def _measured(smoke_project: Path, replicate: object) -> dict[str, float]:
    name = f"data/smoke/06_models/digits/original_accuracy_{replicate}.json"
    measured: dict[str, float] = json.loads((smoke_project / name).read_text())
    return measured


def test_replicates_share_no_model_no_attacked_images_and_no_scores(smoke_project: Path) -> None:
    data = smoke_project / "data/smoke"
    tables = pd.read_parquet(data / "05_model_input/digits/train_adversarial_table.parquet").groupby("seed")
    drawn = [set(table["source_index"]) for _, table in tables]
    assert len(drawn) == 2
    assert drawn[0] != drawn[1]
    for folder, name in (
        ("06_models", "model_{}.keras"), ("04_feature", "dsa_scores_{}.npy"), ("04_feature", "pool_activations_{}.npy"),
        ("05_model_input", "test_adversarial_images_{}.npy"),
    ):  # fmt: skip
        first, second = ((data / folder / "digits" / name.format(number)).read_bytes() for number in (0, 1))
        assert first != second, name


def test_what_each_model_gets_right_agrees_with_its_accuracies(
    results: pd.DataFrame, smoke_project: Path
) -> None:
    correctness = pd.read_parquet(smoke_project / "data/smoke/07_model_output/digits/correctness.parquet")
    keys = ["configuration", "metric", "seed", "n_inputs"]
    both = results.merge(correctness, on=keys, validate="one_to_one")
    assert len(both) == len(results)
    n_test = len(np.load(smoke_project / "data/smoke/05_model_input/digits/test_labels.npy"))
    for row in both.iloc[::7].to_dict("records"):
        attacked = np.frombuffer(row["attacked"], "<i4")
        assert len(set(attacked.tolist())) == 40
        for kind, count in (("clean", n_test), ("robust", 40), ("unseen", 40)):
            right = np.unpackbits(np.frombuffer(row[f"right_{kind}"], np.uint8), count=count)
            assert right.mean() == pytest.approx(row[f"accuracy_{kind}"])
    assert (
        results["accuracy_robust"] <= results[["accuracy_robust_fgsm", "accuracy_robust_bim"]].min(axis=1)
    ).all()


def test_the_study_means_something(results: pd.DataFrame, smoke_project: Path) -> None:
    assert min(_measured(smoke_project, replicate)["test"] for replicate in (0, 1)) > 0.9
    original = results[results["n_inputs"] == 0]
    for column in ("accuracy_replayed_fgsm", "accuracy_replayed_bim", "accuracy_robust"):
        assert original[column].max() < 0.5
    whole = results[(results["n_inputs"] == results["pool_size"]) & (results["configuration"] == "config_2")]
    assert whole["accuracy_replayed"].mean() > original["accuracy_replayed"].mean() + 0.1


def test_attacked_images_stay_apart_and_near_their_source(smoke_project: Path) -> None:
    folder = smoke_project / "data/smoke/05_model_input/digits"
    for split in ("train", "validation", "test"):
        clean = np.load(folder / f"{split}_images.npy")
        for replicate, table in pd.read_parquet(folder / f"{split}_adversarial_table.parquet").groupby(
            "seed"
        ):
            adversarial = np.load(folder / f"{split}_adversarial_images_{replicate}.npy")
            assert table["source_index"].is_unique, "each image is attacked by one attack only"
            assert table["attack"].value_counts().max() - table["attack"].value_counts().min() <= 1
            assert (table["gradient_passes"] > 1).all()
            assert adversarial.min() >= 0
            assert adversarial.max() <= 1
            size = np.abs(adversarial - clean[table["source_index"]]).max(axis=(1, 2, 3))
            np.testing.assert_allclose(size, table["linf"], atol=1e-6)
            bounded = table["attack"].isin(["fgsm", "bim"])
            assert size[bounded].max() <= 0.15 + 1e-6


def test_training_and_test_images_are_disjoint(smoke_project: Path) -> None:
    folder = smoke_project / "data/smoke/05_model_input/digits"
    rows = [len(np.load(folder / f"{split}_images.npy")) for split in ("train", "validation", "test")]
    assert sum(rows) == 1797


def test_the_end_of_the_run_tells_the_answer_and_where_the_report_is(smoke_project: Path) -> None:
    log = (smoke_project / "smoke.log").read_text()
    answer = json.loads((smoke_project / "data/smoke/08_reporting/digits/answer.json").read_text())
    flat = re.sub(r"\s+", " ", log)
    assert len(answer["lines"]) == 3
    for line in answer["lines"]:
        assert line[:60] in flat
    assert "report.html" in flat.replace(" ", "")
    small_class = r"WARNING\s+LSA: the activations predicted as class \d are too few or too alike"
    assert "WARNING" not in re.sub(small_class, "", log), log
    assert "Traceback" not in log


def test_the_report_is_self_contained_and_starts_with_the_answer(smoke_project: Path) -> None:
    page = (smoke_project / "data/smoke/08_reporting/digits/report.html").read_text()
    assert len(page.encode()) < 3_000_000, "the page can be mailed"
    assert page.count('class="explore"') == 2
    assert '"ending":"success"' in page, "the sheet can be stepped through"
    around = re.sub(
        r"(?s)<script>.*?</script>", "", page
    )  # scripts that lie in the page, not ones it would fetch
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', around)
    answer = json.loads((smoke_project / "data/smoke/08_reporting/digits/answer.json").read_text())
    body = page[page.index("<body") :].replace("\N{NO-BREAK SPACE}", " ")
    assert body.index(answer["lines"][0][:40]) < body.index("<img")


def test_nothing_is_half_written_and_no_telemetry_id(smoke_project: Path) -> None:
    assert not list((smoke_project / "data").rglob("*.partial*"))
    assert "project_id" not in (smoke_project / "pyproject.toml").read_text()
