"""A page's content from a made-up study, by way of the statistics that make it in a run."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from guided_retraining.evaluation import recommend, steps_down
from guided_retraining.guidance import ranking
from guided_retraining.report import PageContext, pair_rows, quality_rows, stability_rows
from made_up_study import HARDENING, WORDS, made_up_costs, made_up_study

MADE: dict[str, PageContext] = {}


def context_of(*, own_model: bool = False, costs: bool = True, **study: Any) -> PageContext:
    """The context of a page without figures, made once for each case.

    Args:
        own_model: whether all replicates start from one model of the user's own.
        costs: whether they are known.
        study: arguments of ``made_up_study``.
    """
    case = repr((own_model, costs, sorted(study.items())))
    if case not in MADE:
        MADE[case] = _made(own_model, costs, {"metrics": ("lsa", "dsa", "random"), **study})
    return MADE[case]


def _made(own_model: bool, costs: bool, study: dict[str, Any]) -> PageContext:
    results, correctness = made_up_study(**study)
    ledger = made_up_costs(results) if costs else None
    found = recommend(
        results,
        costs=ledger,
        correctness=correctness,
        labels=np.arange(study.get("n_test", 500)) % study.get("n_classes", 10),
        words=WORDS,
        hardening=HARDENING,
        own_model=own_model,
    )
    found = json.loads(json.dumps(found, allow_nan=False))
    choice = found["choice"]
    rule = {name: choice[name] for name in ("margin", "alpha", "baseline")}
    steps = {
        key: steps_down(results, key, choice["outcomes"], on="test", **rule)
        for key in sorted(results["configuration"].unique())
    }
    ranked = rankings()
    return PageContext(
        recommendation=found,
        results=results,
        steps=steps,
        costs=ledger,
        class_names=[f"class {c}" for c in range(10)],
        **ranked,
    )


def rankings(n: int = 200) -> dict[str, Any]:
    """Tables of the rankings of two metrics and random in two replicates."""
    rng = np.random.default_rng(1)
    adversarial = np.arange(n) >= n // 2
    faults = adversarial & (rng.random(n) < 0.6)
    scores = {
        m: {r: rng.normal(size=n) + k * adversarial for r in (0, 1)} for k, m in enumerate(("lsa", "dsa"))
    }
    named = {m: scores[m][0] for m in scores}
    orders = {**{m: ranking(values) for m, values in named.items()}, "random": rng.permutation(n)}
    return {
        "rankings": quality_rows(orders, named, faults, adversarial),
        "agreement": pair_rows(orders, named),
        "stability": stability_rows(scores),
    }
