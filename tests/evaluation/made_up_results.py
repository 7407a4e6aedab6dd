"""Results tables whose truth is known, for the tests of evaluation and report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

METRICS = ("neuron_coverage", "lsa", "dsa", "deep_gini", "softmax_entropy", "random")
SHAPES = {
    "config_1": (0.0, 1500, (150, 300, 600, 900, 1200, 1500)),
    "config_2": (0.55, 1500, (0, 150, 300, 600, 900, 1200, 1500)),
    "config_3": (0.55, 500, (0, 50, 100, 200, 300, 400, 500)),
}


def made_up_results(
    *,
    advantages: Mapping[str, float] | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    noise: float = 0.01,
    metrics: Sequence[str] = METRICS,
    attacks: Sequence[str] = ("fgsm", "bim", "carlini_wagner"),
    top: float = 0.92,
) -> pd.DataFrame:
    """Saturating curves; ``advantages`` lifts a metric by so much at every budget between 0 and the pool."""
    rng = np.random.default_rng(7)
    rows = []
    for configuration, (start, pool, budgets) in SHAPES.items():
        for seed in seeds:
            whole = top + noise * rng.standard_normal(2)
            for metric in metrics:
                for n in budgets:
                    ends = n in (0, pool)
                    mean = start + (top - start) * (1 - np.exp(-6 * n / pool)) / (1 - np.exp(-6))
                    lift = 0.0 if ends else (advantages or {}).get(metric, 0.0)
                    test, validation = mean + lift + noise * rng.standard_normal(2)
                    if ends:
                        test, validation = whole if n else (start, start)
                    test, validation = np.clip([test, validation], 0, 1)
                    clean = min(1.0, 0.97 if n == 0 else 0.93 + 0.03 * n / pool)
                    replayed = float(np.clip(2 * test - clean, 0, 1))
                    rows.append(
                        {
                            "dataset": "digits", "configuration": configuration, "metric": metric,
                            "seed": seed, "n_inputs": n, "pool_size": pool, "accuracy_clean": clean,
                            "accuracy_replayed": replayed,
                            **{f"accuracy_replayed_{a}": replayed for a in attacks},
                            "accuracy_combined": float(test), "accuracy_reattacked": np.nan,
                            "validation_accuracy_combined": float(validation), "fit_seconds": 0.01 * n,
                            "fit_cpu_seconds": 0.02 * n, "epochs": 5 * (n > 0), "samples_seen": 5 * n,
                            "peak_memory_mb": 600.0, "energy_wh": np.nan,
                        }
                    )  # fmt: skip
    return pd.DataFrame(rows)


def made_up_costs(metrics: Sequence[str] = METRICS) -> pd.DataFrame:
    """Seconds per stage and item, from milliseconds to minutes."""
    rows = [("preprocessing", "digits", 0.4, 1797), ("training", "original model", 6.0, 1)]
    rows += [("attack", a, s, 500) for a, s in (("fgsm", 0.2), ("bim", 1.1), ("carlini_wagner", 14.0))]
    rows += [("metrics", m, 0.002 * 4**i, 2000) for i, m in enumerate(metrics)]
    rows += [("ordering_retraining", f"config_{k}", 30.0 + k, 90) for k in (1, 2, 3)]
    return pd.DataFrame(rows, columns=["stage", "item", "seconds", "count"])
