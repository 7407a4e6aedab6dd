"""The recommended model fitted again; its file loaded and measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.evaluation.curves import cell
from guided_retraining.evaluation.delivered import (
    Delivered,
    accuracies_with_intervals,
    cell_to_deliver,
    delivery_lines,
    deviations,
)
from guided_retraining.evaluation.forgetting import forgetting
from guided_retraining.images.pool import LabelledPool
from guided_retraining.parameters.blocks import (
    AttackParameters,
    FitParameters,
    ModelParameters,
    RetrainingParameters,
)
from guided_retraining.retraining.replicate import Replicate
from guided_retraining.storage.store import Store


def harden(
    models: Mapping[int, Any],
    train_pools: Mapping[int, LabelledPool],
    validation_pools: Mapping[int, LabelledPool],
    test_pools: Mapping[int, LabelledPool],
    train_table: pd.DataFrame,
    seed: int,
    study: RetrainingParameters,
    training: FitParameters,
    attack: AttackParameters,
    model: ModelParameters,
    answer: dict[str, Any],
    results: pd.DataFrame,
    metric_parameters: dict[str, Any],
    store: Store,
    **scores: Mapping[int, NDArray[np.floating]],
) -> list[Any]:
    """The recommended cell's best model on validation data, fitted again as the study fitted it.

    Args:
        models: the original model of each replicate.
        train_pools: inputs to choose from.
        validation_pools: inputs that were chosen on.
        test_pools: inputs that are reported on.
        train_table: adversarial table of the training pools: what their attacks took.
        seed: of the study.
        study: budgets and configurations.
        training: how the original models were fitted.
        attack: the study's attacks.
        model: whose activations metrics read.
        answer: what to do.
        results: of all cells.
        metric_parameters: rows of the parameters.
        store: weights of models that were fitted again before.
        scores: ``scores_<metric>``, ``(n,)`` of each training pool.

    Returns:
        One Keras model that takes what the original took; none where the original is to be kept.
    """
    from guided_retraining.models.input_range import without_range
    from guided_retraining.retraining.curve import Curve
    from guided_retraining.retraining.refit import refit

    chosen = cell_to_deliver(answer["recommendation"], results)
    if chosen is None:
        return []
    pools = train_pools, validation_pools, test_pools
    replicate = _replicate(chosen["replicate"], models, pools, train_table, seed, study, attack)
    name, metric = chosen["configuration"], chosen["metric"]
    names, row = (name, metric), metric_parameters[metric]
    curve = Curve.of(study, training, attack, names, row, model.feature_layer)
    cells = curve.cells(replicate, scores[f"scores_{metric}"][replicate.number])
    hardened = refit(next(one for one in cells if one.n_inputs == chosen["n_inputs"]), store)
    return [without_range(hardened)]


def check_hardened(
    hardened: Sequence[Any],
    models: Mapping[int, Any],
    train_pools: Mapping[int, LabelledPool],
    validation_pools: Mapping[int, LabelledPool],
    test_pools: Mapping[int, LabelledPool],
    train_table: pd.DataFrame,
    seed: int,
    study: RetrainingParameters,
    training: FitParameters,
    attack: AttackParameters,
    answer: dict[str, Any],
    results: pd.DataFrame,
) -> Delivered:
    """What the file of the hardened model does, measured as the study's cells and held against its cell.

    Args:
        hardened: the model as it was loaded from its file, or none.
        models: the original model of each replicate.
        train_pools: inputs to choose from.
        validation_pools: inputs that were chosen on.
        test_pools: inputs that are reported on.
        train_table: adversarial table of the training pools: what their attacks took.
        seed: of the study.
        study: budgets and configurations.
        training: how the original models were fitted.
        attack: the study's attacks.
        answer: what to do.
        results: of all cells.

    Returns:
        Accuracies with intervals over images, before and after, and what differs from the study's own figures.
    """
    from guided_retraining.models.identity import model_fingerprint
    from guided_retraining.models.input_range import input_range_of, with_range
    from guided_retraining.models.logits import output_kind
    from guided_retraining.retraining.measure import unpacked
    from guided_retraining.retraining.refit import measure_model

    recommendation = answer["recommendation"]
    chosen = cell_to_deliver(recommendation, results)
    if chosen is None:
        said = f"{recommendation['dataset']}: the original model is to be kept, so no hardened model was written."
        return Delivered(
            lines=[said], cell=None, accuracy={}, original={}, deviations={}, forgetting=None, model={},
            fingerprints={},
        )  # fmt: skip
    pools = train_pools, validation_pools, test_pools
    replicate = _replicate(chosen["replicate"], models, pools, train_table, seed, study, attack)
    fit = study.fit(training, chosen["configuration"])
    (model,) = hardened
    input_range = input_range_of(replicate.original)
    unit_model = with_range(model, input_range)
    after, before = (measure_model(one, replicate, fit) for one in (unit_model, replicate.original))
    rows = cell(results, chosen["configuration"], chosen["metric"], chosen["n_inputs"])
    differ = deviations(after, rows.to_dict("index")[chosen["replicate"]])
    n_images, n_clean = _n_images(replicate), replicate.test.n_clean
    accuracy, original = (
        accuracies_with_intervals(one, n_images, recommendation["confidence"]) for one in (after, before)
    )
    was, now = (pd.DataFrame([unpacked(one["right_clean"], n_clean)]) for one in (before, after))
    lines = delivery_lines(recommendation, chosen, differ, accuracy["clean"])
    return Delivered(
        lines=lines,
        cell=chosen,
        accuracy=accuracy,
        original=original,
        deviations=differ,
        forgetting=forgetting(was, now, replicate.test.clean_labels),
        model={
            "parameters": int(model.count_params()),
            "input_shape": list(model.input_shape[1:]),
            "input_range": input_range,
            "output": output_kind(model),
        },
        fingerprints={"model": model_fingerprint(model), "made_from": replicate.fingerprint},
    )


def _n_images(replicate: Replicate) -> dict[str, int]:
    """Test images behind each kind of accuracy, and behind that under a replayed attack alone."""
    test, attacked = replicate.test, len(replicate.attacked_test)
    of_attack = Counter(f"replayed_{name}" for name in test.attacks.tolist())
    kinds = {"clean": test.n_clean, "combined": len(test), "replayed": len(test) - test.n_clean}
    return {**kinds, "robust": attacked, "unseen": attacked, **of_attack}


def _replicate(
    number: int,
    models: Mapping[int, Any],
    pools: tuple[Mapping[int, LabelledPool], ...],
    train_table: pd.DataFrame,
    seed: int,
    study: RetrainingParameters,
    attack: AttackParameters,
) -> Replicate:
    from guided_retraining.retraining.replicate import study_replicates

    train, validation, test = pools
    (one,) = study_replicates(
        models, train, validation, test, (number,), seed, attack, study.reattack, train_table
    )
    return one
