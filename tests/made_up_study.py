"""A made-up study whose truth is known: results, right and wrong of each image, costs, as the engine leaves them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

METRICS = ("neuron_coverage", "lsa", "dsa", "deep_gini", "softmax_entropy", "random")
POOLS = {"config_1": 1600, "config_2": 1600, "config_3": 640, "config_4": 9472}
STORED = ("config_1", "config_2", "config_3")  # retrain on a pool's inputs; config_4 makes its inputs itself
HARDENING = {"config_4": "adversarial_training"}
POOL_PASSES = 3_000  # of the attacks on the pool
WORDS = {
    "config_1": "fresh weights, clean + adversarial pool",
    "config_2": "original weights, clean + adversarial pool",
    "config_3": "original weights, adversarial pool only",
    "config_4": "adversarial training (FGSM with a random start, eps 0.15) from fresh weights",
}
FRACTIONS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
ATTACKS = ("fgsm", "bim")
UNSEEN = ("apgd_ce",)
ORIGINAL = {"clean": 0.97, "robust": 0.10, "unseen": 0.05, "replayed": 0.05}
WHOLE_POOL = {
    "config_1": {"clean": 0.95, "robust": 0.55, "unseen": 0.45, "replayed": 0.90},
    "config_2": {"clean": 0.96, "robust": 0.50, "unseen": 0.40, "replayed": 0.88},
    "config_3": {"clean": 0.90, "robust": 0.48, "unseen": 0.38, "replayed": 0.86},
    "config_4": {"clean": 0.93, "robust": 0.75, "unseen": 0.70, "replayed": 0.80},
}


def made_up_study(
    *,
    loss: float = 0.20,
    clean_loss: float = 0.04,
    lifts: Mapping[str, float] | None = None,
    noise: float = 0.004,
    replicates: Sequence[int] = (0, 1, 2),
    metrics: Sequence[str] = METRICS,
    configurations: Sequence[str] = STORED,
    robust: bool = True,
    n_test: int = 500,
    n_attacked: int = 400,
    n_classes: int = 10,
    seed: int = 7,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Results and right or wrong of each image.

    Args:
        loss: of robust accuracy against the whole pool at 1/32 of it; less at larger budgets.
        clean_loss: the same of clean accuracy.
        lifts: added to a metric's accuracies at every budget but 0 and the whole pool.
        noise: standard deviation of an accuracy from one model to the next.
        replicates: their numbers.
        metrics: orderings.
        configurations: keys of ``POOLS``; one that makes its inputs itself has the order of ``random`` alone.
        robust: whether attacks were made anew against the retrained models.
        n_test: clean test images.
        n_attacked: of them, attacked anew; each replicate draws its own.
        n_classes: the label of test image i is i modulo this.
        seed: of the made-up noise.

    Returns:
        ``results`` and ``correctness``.
    """
    rng = np.random.default_rng(seed)
    difficulty = rng.permuted(np.tile((np.arange(n_test) + 0.5) / n_test, (4, 1)), axis=1)
    rows, bits = [], []
    for replicate in replicates:
        attacked = np.sort(rng.permutation(n_test)[:n_attacked]).astype("<i4")
        original = _measured(dict(ORIGINAL), rng, noise, difficulty, attacked, robust)
        for configuration in configurations:
            pool = POOLS[configuration]
            whole = _measured(WHOLE_POOL[configuration], rng, noise, difficulty, attacked, robust)
            for metric in metrics if configuration in STORED else ("random",):
                for n in _budgets(configuration, pool):
                    short = (np.log2(pool / n) / 5) ** 2 if n else 0.0
                    lift = (lifts or {}).get(metric, 0.0)
                    aims = {
                        kind: top - (clean_loss if kind == "clean" else loss) * short + lift
                        for kind, top in WHOLE_POOL[configuration].items()
                    }
                    if n == 0:
                        numbers, right = original
                    elif n == pool:
                        numbers, right = whole
                    else:
                        numbers, right = _measured(aims, rng, noise, difficulty, attacked, robust)
                    key = {"configuration": configuration, "metric": metric, "seed": replicate, "n_inputs": n}
                    rows.append(
                        {"dataset": "digits", **key, "pool_size": pool, **numbers}
                        | _cost(n, robust, configuration in STORED)
                    )
                    bits.append({**key, "attacked": attacked.tobytes(), **right})
    return pd.DataFrame(rows), pd.DataFrame(bits)


def made_up_costs(results: pd.DataFrame, *, scoring: Mapping[str, float] | None = None) -> pd.DataFrame:
    """The ledger of a made-up study, from milliseconds to minutes.

    Args:
        results: of the study.
        scoring: seconds of each metric; rising ones without.
    """
    metrics = list(dict.fromkeys(results["metric"]))
    seconds = {metric: 0.002 * 4**place * (metric != "random") for place, metric in enumerate(metrics)}
    seconds |= dict(scoring or {})
    rows: list[tuple[Any, ...]] = [("preprocessing", "read and split", None, 0.4, 1797, 0)]
    for replicate in sorted(results["seed"].unique()):
        rows.append(("training", "original model", replicate, 6.0, 900, 22_500))
        for attack, spent, passes in (
            ("fgsm", 0.2, 500),
            ("bim", 1.1, 5_000),
            ("carlini_wagner", 14.0, 75_000),
        ):
            rows.append(("attack", attack, replicate, spent, 500, passes))
        rows.append(("metrics", "forward pass", replicate, 0.1, 1600, 533))
        rows += [("metrics", metric, replicate, seconds[metric], 1600, 0) for metric in metrics]
        for configuration, part in results[results["seed"] == replicate].groupby("configuration"):
            spent = part[
                ["fit_seconds", "gradient_passes", "reattack_seconds", "reattack_gradient_passes"]
            ].sum()
            rows.append(("retraining", configuration, replicate, spent.iloc[0], len(part), spent.iloc[1]))
            rows.append(("re-attacks", configuration, replicate, spent.iloc[2], len(part), spent.iloc[3]))
    return pd.DataFrame(rows, columns=["stage", "item", "seed", "seconds", "count", "gradient_passes"])


def _budgets(configuration: str, pool: int) -> list[int]:
    steps = [round(share * pool) for share in FRACTIONS]
    return steps if configuration in ("config_1", "config_4") else [0, *steps]


def _measured(
    aims: Mapping[str, float],
    rng: np.random.Generator,
    noise: float,
    difficulty: np.ndarray,
    attacked: np.ndarray,
    robust: bool,
) -> tuple[dict[str, float], dict[str, bytes]]:
    """Accuracies near the aims, and the images' bits that give exactly these accuracies."""
    drawn = {kind: float(np.clip(aim + noise * rng.standard_normal(), 0, 1)) for kind, aim in aims.items()}
    clean = difficulty[0] < drawn["clean"]
    numbers = {
        "accuracy_clean": float(clean.mean()),
        "accuracy_replayed": drawn["replayed"],
        **{f"accuracy_replayed_{attack}": drawn["replayed"] for attack in (*ATTACKS, "carlini_wagner")},
        "accuracy_combined": (float(clean.mean()) + drawn["replayed"]) / 2,
        "accuracy_robust": np.nan,
        "accuracy_unseen": np.nan,
        "calibration_error": 0.02 + 0.02 * (1 - drawn["robust"]),
        "validation_accuracy_clean": float(np.clip(drawn["clean"] + noise * rng.standard_normal(), 0, 1)),
        "validation_accuracy_combined": float(np.clip((drawn["clean"] + drawn["replayed"]) / 2, 0, 1)),
        "validation_accuracy_robust": np.nan,
    }
    right = {"right_clean": np.packbits(clean).tobytes()}
    if not robust:
        return numbers, right
    for kind, names, place in (("robust", ATTACKS, 1), ("unseen", UNSEEN, 3)):
        share = drawn[kind] / max(drawn["clean"], 1e-9)  # an image that is wrong is wrong under attack too
        each = [
            clean[attacked] & (difficulty[place][attacked] < share + 0.03 * more)
            for more in (1, 0)[-len(names) :]
        ]
        worst = np.logical_and.reduce(each)
        numbers[f"accuracy_{kind}"] = float(worst.mean())
        numbers |= {
            f"accuracy_{kind}_{name}": float(one.mean()) for name, one in zip(names, each, strict=True)
        }
        right[f"right_{kind}"] = np.packbits(worst).tobytes()
    numbers["validation_accuracy_robust"] = float(
        np.clip(drawn["robust"] + noise * rng.standard_normal(), 0, 1)
    )
    return numbers, right


def _cost(n: int, robust: bool, stored: bool) -> dict[str, Any]:
    passes = 10 * n if stored else 2 * n
    return {
        "fit_seconds": 0.0005 * n, "fit_cpu_seconds": 0.001 * n, "reattack_seconds": 0.2 if robust else np.nan,
        "epochs": 10 * (n > 0), "samples_seen": 10 * n if stored else n, "gradient_passes": passes,
        "price_gradient_passes": passes + POOL_PASSES * (stored and n > 0),
        "reattack_gradient_passes": 9_000 if robust else np.nan, "peak_memory_mb": 600.0, "energy_wh": np.nan,
    }  # fmt: skip
