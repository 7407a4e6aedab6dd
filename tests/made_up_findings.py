"""Recommendations whose content is known, for each case that the page has to put into words."""

from __future__ import annotations

import json
from typing import Any

from made_up_study import WORDS

ATTACKS = {"robust": ["fgsm", "bim"], "replayed": ["fgsm", "bim", "carlini_wagner"], "unseen": ["apgd_ce"]}
NO_COST = dict.fromkeys(
    (
        "fit_seconds",
        "scoring_seconds",
        "total_seconds",
        "gradient_passes",
        "price_gradient_passes",
        "samples_seen",
        "energy_wh",
    ),
    0.0,
)


def interval(mean: float | None, half: float | None = 0.02, n: int = 3) -> dict[str, Any]:
    """An interval that is the mean plus and minus ``half``; none at all without it."""
    known = mean is not None and half is not None
    return {
        "mean": mean,
        "low": mean - half if known else None,
        "high": mean + half if known else None,
        "n_replicates": n,
        "n_images": 500 if known else None,
        "over": "replicates and images" if known else "",
    }


def step(
    metric: str, n: int, pool: int, losses: dict[str, float], *, half: float | None = 0.01
) -> dict[str, Any]:
    """One budget: mean differences ``-losses``, lower bounds ``half`` below them; margin 0.02."""
    differences = {
        kind: {"mean": -loss, "low": None if half is None else -loss - half, "spread": "pooled"}
        for kind, loss in losses.items()
    }
    worst = None if half is None else max(0.0, *(loss + half for loss in losses.values()))
    return {
        "metric": metric, "n_inputs": n, "share_of_pool": n / pool, "level": 0.025, "differences": differences,
        "loses_at_most": worst, "passes": None if worst is None else worst < 0.02, "reached": True,
    }  # fmt: skip


def steps(
    pool: int = 1600,
    *,
    metrics: tuple[str, ...] = ("lsa", "dsa", "random"),
    outcomes: tuple[str, ...] = ("robust", "clean"),
    half: float | None = 0.01,
    shift: float = 0.0,
) -> list[dict[str, Any]]:
    """Half the pool loses nothing, each halving below loses ever more; ``shift`` is subtracted from every loss."""
    return [
        step(
            metric,
            pool // 2**k,
            pool,
            dict.fromkeys(outcomes, 0.004 * (k - 1) ** 2 * (1 + place) - shift),
            half=half,
        )
        for place, metric in enumerate(metrics)
        for k in range(1, 6)
    ]


def contrast(
    metric: str, difference: float, verdict: str, half: float | None = 0.015, **more: Any
) -> dict[str, Any]:
    """A metric against random, its interval ``half`` to either side."""
    known = half is not None
    return {
        "configuration": "config_1", "metric": metric, "difference": difference,
        "low": difference - half if known else None, "high": difference + half if known else None,
        "p_value": 0.01 if known else None, "p_paired": 0.004 if known else None,
        "possible": abs(difference) + half if known else None, "verdict": verdict, **more,
    }  # fmt: skip


def recommendation(
    action: str = "random inputs",
    *,
    replicates: int = 3,
    robust: bool = True,
    measured: bool = True,
    **changed: Any,
) -> dict[str, Any]:
    """What ``evaluation.recommend`` gives, for one action.

    Args:
        action: of the choice.
        replicates: with one there is no interval and no bound.
        robust: whether attacks were made anew; otherwise combined accuracy decides.
        measured: whether times, images and forgetting are known.
        changed: keys laid over the recommendation.
    """
    half = 0.02 if replicates > 1 else None
    metric = {"ranked inputs": "lsa", "random inputs": "random"}.get(action)
    n = {"original": 0, "whole pool": 1600, "random inputs": 800, "ranked inputs": 400}[action]
    outcomes = ["robust", "clean"] if robust else ["combined", "clean"]
    bound = 0.01 if replicates > 1 else None
    found = steps(outcomes=tuple(outcomes), half=bound)
    models = {
        "original": _model(None, None, 0, 0.97, 0.10, half, robust, measured),
        "recommended": _model(
            None if not n else "config_1",
            metric,
            n,
            *(0.97, 0.10) if not n else (0.95, 0.54),
            half,
            robust,
            measured,
        ),
        "whole_pool": _model("config_1", None, 1600, 0.955, 0.55, half, robust, measured),
    }
    if action == "whole pool":
        models["fewer"] = _model("config_1", "random", 800, 0.94, 0.52, half, robust, measured)
    if metric == "lsa":
        models["random"] = _model("config_1", "random", n, 0.94, 0.50, half, robust, measured)
    made = {
        "dataset": "digits", "words": WORDS, "hardening": {}, "confidence": 0.95,
        "claim": "for this data set, architecture and attacks",
        "choice": {
            "action": action, "configuration": "config_1" if n else None, "metric": metric if n < 1600 else None,
            "n_inputs": n, "pool_size": 1600, "n_replicates": replicates, "descriptive": replicates < 3,
            "asked": "robust", "outcomes": outcomes, "margin": 0.02, "alpha": 0.05, "baseline": "random",
            "strategy": "config_1", "strategies": {"config_1": 0.552, "config_2": 0.50, "config_3": 0.48},
            "gain": {"mean": 0.45, "low": 0.43 if bound else None, "spread": "own"},
            "accepted": {"lsa": 400, "dsa": None, "random": 800}, "steps": found, "test_steps": found,
            "not_named": {"dsa": "it would take 12 s more than random"} if action == "random inputs" else {},
            "notes": [],
        },
        "models": models,
        "differences": {
            other: {kind: interval(0.01 if kind == "clean" else -0.01, half) for kind in outcomes}
            for other in models if other != "recommended"
        },
        "contrasts": {
            "outcome": outcomes[0], "baseline": "random", "margin": 0.02, "n_replicates": replicates,
            "rows": [
                contrast("lsa", 0.04, "better", 0.015 if half else None),
                contrast("dsa", 0.003, "equal", 0.015 if half else None),
                contrast("deep_gini", 0.01, "unresolved", 0.03 if half else None),
                contrast("softmax_entropy", -0.05, "worse", 0.02 if half else None),
            ] if half else [contrast(m, 0.01, "unresolved", None) for m in ("lsa", "dsa")],
            "detectable": {"config_1": 0.025 if half else None}, "sentences": ["Said by the statistics."],
        },
        "prices": prices(models, outcomes[0]),
        "forgetting": {
            "churn": 0.031, "gained": 0.012,
            "per_class": [
                {"label": c, "n_images": 50, "accuracy_before": 0.97, "accuracy_after": 0.96, "churn": 0.01 * c,
                 "gained": 0.005}
                for c in range(10)
            ],
        } if measured and n else None,
        "attacks": ATTACKS if robust else {"robust": [], "replayed": ATTACKS["replayed"], "unseen": []},
        "notes": [],
    }  # fmt: skip
    return json.loads(json.dumps(made | changed, allow_nan=False))


def prices(models: dict[str, Any], outcome: str) -> dict[str, Any]:
    """The original and the whole pool, both on the front."""
    points = []
    for model in (models["original"], models["whole_pool"]):
        kinds = [kind for kind in dict.fromkeys((outcome, "clean", "unseen")) if kind in model["accuracy"]]
        points.append(
            {
                "configuration": model["configuration"], "metric": None, "n_inputs": model["n_inputs"],
                "highest": model["n_inputs"] > 0, "price": model["cost"]["price_gradient_passes"],
                "fit_seconds": model["cost"]["fit_seconds"],
                "accuracy": {kind: model["accuracy"][kind] for kind in kinds}, "difference": None, "on_front": True,
            }
        )  # fmt: skip
    return {"outcome": outcome, "against": "config_1", "points": points}


def _model(configuration, metric, n, clean, robust, half, anew, measured) -> dict[str, Any]:
    accuracy = {
        "clean": interval(clean, half),
        "replayed": interval(0.9, half),
        "combined": interval(0.92, half),
    }
    if anew:
        accuracy |= {
            "robust": interval(robust, half), "robust_fgsm": interval(robust + 0.05, half),
            "robust_bim": interval(robust, half), "unseen": interval(robust - 0.1, half),
            "unseen_apgd_ce": interval(robust - 0.1, half),
        }  # fmt: skip
    fit, scoring = 0.001 * n, 0.3 * (metric == "lsa")
    cost: dict[str, Any] = dict(NO_COST)
    if n:
        cost = {
            "fit_seconds": fit, "scoring_seconds": scoring, "total_seconds": fit + scoring,
            "gradient_passes": 10.0 * n, "price_gradient_passes": 5_000 + 10.0 * n, "samples_seen": 10.0 * n,
            "energy_wh": None,
        }  # fmt: skip
    if not measured:
        cost = dict.fromkeys(cost)
    return {
        "configuration": configuration, "metric": metric, "n_inputs": n, "accuracy": accuracy,
        "calibration_error": interval(0.03, 0.004 if half else None) if measured else interval(None), "cost": cost,
    }  # fmt: skip
