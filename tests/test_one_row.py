"""A metric, an attack and a kind of accuracy are each added by one row, and arrive where users look."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from guided_retraining.attacks import ATTACKS, AttackRow, check_attack, make_attack
from guided_retraining.attacks.base import CompiledAttack
from guided_retraining.errors import ParameterError
from guided_retraining.evaluation.outcomes import OUTCOMES, Outcome
from guided_retraining.guidance import METRICS, Metric, Trace
from guided_retraining.parameters.parameter import flag, number, whole
from guided_retraining.parameters.study import Study, parse_study
from guided_retraining.pipelines.ordering_retraining.nodes import finish_results
from guided_retraining.report.attack_tables import attack_table, attack_warnings, shown_attack_table
from guided_retraining.report.palette import metric_order, metric_style


def study(**changed: Any) -> Study:
    block = {
        "source": {"reader": "digits"},
        "model": {"architecture": "digits"},
        "attack": {"attacks": {"fgsm": {"eps": 0.1}}},
        "metrics": {"random": {}},
        "ordering_retraining": {"configurations": {"config_1": {"start": "fresh", "pool": "all"}}},
    }
    return parse_study("mine", block | changed)


# --- a metric: a function and a row


def size(trace: Trace, *, power: float, root: bool) -> NDArray[np.float64]:
    sizes = np.sum(np.abs(trace.activations) ** power, axis=1, dtype=np.float64)
    return sizes ** (1 / power) if root else sizes


SIZE = Metric(
    "size", "activation size", size, ("activations",), "made up for this test",
    "How large an input's activations are.", "#123456", "8", ":",
    {"power": number(2.0, above=0), "root": flag(True)},
)  # fmt: skip


@pytest.fixture
def with_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS, "size", SIZE)


@pytest.mark.usefixtures("with_size")
def test_a_metrics_parameters_are_checked_in_conf_and_reach_its_function() -> None:
    from guided_retraining.guidance import score

    assert "size" in study(metrics={"size": {"power": 3}}).metrics
    for given, text in (
        ({"power": 0}, "metric size: found power=0, expected a number above 0"),
        ({"root": 1}, "metric size: found root=1, expected true or false"),
        ({"powr": 1}, r"metric size: no such parameter 'powr'\. Did you mean 'power'\? Known: power, root"),
    ):
        with pytest.raises(ParameterError, match=text):
            study(metrics={"size": given})
    with pytest.raises(ParameterError, match=r"no metric 'sizes'\. Did you mean 'size'\?"):
        study(metrics={"sizes": {}})
    trace = Trace(np.array([[3.0, 4.0], [1.0, 0.0]]), np.eye(2), np.arange(2), n_reference=1)
    np.testing.assert_allclose(score("size", trace), [5, 1])
    np.testing.assert_allclose(score("size", trace, root=False, power=1), [7, 1])


@pytest.mark.filterwarnings("ignore:One or more dataset names contain")
@pytest.mark.usefixtures("with_size")
def test_a_metric_gets_its_nodes() -> None:
    from guided_retraining.pipeline_registry import dataset_stages

    stages = dataset_stages("mine", study(metrics={"size": {}, "random": {}}))
    assert "mine.size.scores" in stages["metrics"].all_outputs()
    assert "mine.config_1.size.curve" in stages["ordering_retraining"].all_outputs()


@pytest.mark.usefixtures("with_size")
def test_a_metrics_name_colour_and_marker_are_those_of_its_row() -> None:
    from guided_retraining.report import ranking_quality

    style = metric_style("size")
    assert (style.colour, style.marker, style.line) == ("#123456", "8", ":")
    assert metric_order(["mine", "size", "random"]) == ["random", "size", "mine"]
    orders = {"size": [[1, 0, 2]], "random": [[0, 1, 2]]}
    figure = ranking_quality(orders, [[False, True, False]])
    legend = figure.legends[0]
    named = {text.get_text().split(" (")[0]: line for text, line in
             zip(legend.get_texts(), legend.get_lines(), strict=True)}  # fmt: skip
    drawn = named["activation size"]
    assert to_hex(drawn.get_color()) == "#123456"
    assert (drawn.get_marker(), drawn.get_linestyle()) == ("8", ":")


# --- an attack: a class and a row


class Brighten(CompiledAttack):
    """Adds as much light as the ball allows, in a few steps."""

    norm = np.inf
    eps: float = 0.1
    n_steps: int = 2
    seed: int = 0

    def _attack(self, images: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
        made = images
        for _ in range(self.n_steps):
            made = np.clip(made + self.eps / self.n_steps, 0, 1)
        return made.astype(np.float32)


BRIGHTEN = AttackRow(
    "brighten", "Brightening", f"{__name__}:Brighten", "Linf",
    {"eps": number(0.2, above=0), "n_steps": whole(3, low=1), "batch_size": whole(64, low=1), "seed": whole(0)},
    "made up for this test",
)  # fmt: skip


@pytest.fixture
def with_brighten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ATTACKS, "brighten", BRIGHTEN)


@pytest.mark.usefixtures("with_brighten")
def test_an_attacks_parameters_are_checked_in_conf_and_in_its_class() -> None:
    assert "brighten" in study(attack={"attacks": {"brighten": {"n_steps": 5}}}).attack.attacks
    assert check_attack("brighten", {}) == {"eps": 0.2, "n_steps": 3, "batch_size": 64, "seed": 0}
    for given, text in (
        ({"n_steps": 0}, "attack brighten: found n_steps=0, expected a whole number of 1 or more"),
        ({"eps": 8}, r"attack brighten: found eps=8, expected a number in \(0, 1\].*8 / 255"),
        ({"steps": 2}, r"attack brighten: no such parameter 'steps'\. Did you mean 'n_steps'\?"),
    ):
        with pytest.raises(ParameterError, match=text):
            study(attack={"attacks": {"brighten": given}})


@pytest.mark.usefixtures("with_brighten")
def test_an_attack_is_made_checked_run_and_named() -> None:
    from guided_retraining.attacks import KerasLogitsEstimator, run_attack
    from guided_retraining.models.architectures import build_model

    model = build_model("C2 P F FC4", (8, 8, 1), 3, seed=0)
    estimator = KerasLogitsEstimator(model)
    attack = make_attack("brighten", estimator, n_steps=4)
    assert (attack.eps, attack.n_steps) == (0.2, 4)
    assert sorted(attack.attack_params) == ["batch_size", "eps", "n_steps", "seed"]
    with pytest.raises(ParameterError, match="Brighten: found n_steps=0"):
        Brighten(estimator, n_steps=0)
    attack.set_params(n_steps=1)
    with pytest.raises(ParameterError, match="Brighten: found n_steps=-1"):
        attack.set_params(n_steps=-1)
    images = np.random.default_rng(0).random((12, 8, 8, 1), np.float32)
    labels = np.arange(12) % 3
    made = run_attack(model, images, labels, attack="brighten", parameters={"eps": 0.1}, seed=0)
    np.testing.assert_allclose(made.images, np.clip(images + 0.1, 0, 1), atol=1e-6)
    table = made.table.assign(attack="brighten")
    assert shown_attack_table(attack_table(table))["attack"].tolist() == ["Brightening"]
    assert all(said.startswith("Brightening") for said in attack_warnings(table))


# --- a kind of accuracy: a column of the cells and a row


CORRUPTED = Outcome(
    "corrupted", "corrupted", "Test images with fog and noise", "Accuracy in bad weather.", per_attack=True
)


def test_a_kind_of_accuracy_stands_where_its_row_puts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OUTCOMES, "corrupted", CORRUPTED)
    cell = {
        "configuration": "config_1", "metric": "dsa", "seed": 0, "n_inputs": 5, "pool_size": 10, "epochs": 3,
        "accuracy_later": 0.1, "accuracy_corrupted_fog": 0.5, "accuracy_corrupted": 0.4, "accuracy_clean": 0.9,
        "energy_wh": None, "attacked": "",
    }  # fmt: skip
    results, _ = finish_results(pd.DataFrame([cell]), dataset="mine")
    accuracies = [str(name) for name in results if str(name).startswith("accuracy_")]
    known = [*OUTCOMES]
    assert known[-1] == "corrupted"
    assert accuracies[0] == "accuracy_clean"
    assert accuracies[-3:] == ["accuracy_corrupted", "accuracy_corrupted_fog", "accuracy_later"]
    assert results.loc[0, "accuracy_corrupted_fog"] == 0.5
