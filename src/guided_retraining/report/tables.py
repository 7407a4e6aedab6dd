"""The report's tables: numbers as data frames, and the same as people read them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from guided_retraining.evaluation.comparison import area_differences, summarise
from guided_retraining.evaluation.wording import (
    attack_name,
    metric_name,
    number,
    p_text,
    percent,
    seconds,
    signed_points,
)
from guided_retraining.report.palette import metric_order

__all__ = ["attack_table", "attack_warnings", "costs_table", "results_table", "statistics_table"]

SEEDS_FOR_EFFECT_SIZE = 5  # below, the standard deviation it is measured in is too uncertain


def results_table(
    results: pd.DataFrame, *, column: str = "accuracy_combined", confidence: float = 0.95
) -> pd.DataFrame:
    """Mean and half-width over seeds: a row per configuration and budget, a column per metric.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]) shown.
        confidence: of the intervals, in (0, 1).

    Returns:
        Text cells such as ``91.2 ± 0.8`` in percent; without half-width where there is one seed.

    Raises:
        InputError: if the results table lacks a column, is empty or mixes data sets.
    """
    summary = summarise(results, column, confidence=confidence).dropna(subset=["mean"])
    text = [
        f"{100 * mean:.1f} ± {100 * half:.1f}" if np.isfinite(half) else f"{100 * mean:.1f}"
        for mean, half in zip(summary["mean"], summary["half_width"], strict=True)
    ]
    wide = summary.assign(text=text).pivot(
        index=["configuration", "n_inputs"], columns="metric", values="text"
    )
    wide = wide[metric_order(wide.columns)].fillna("").rename(columns=metric_name).rename_axis(columns=None)
    pools = results.groupby("configuration")["pool_size"].first()
    wide = wide.reset_index()
    share = [percent(n / pools[c], 0) for c, n in zip(wide["configuration"], wide["n_inputs"], strict=True)]
    wide.insert(2, "share of pool", share)
    return wide.assign(n_inputs=wide["n_inputs"].map(number)).rename(columns={"n_inputs": "inputs"})


def attack_table(table: pd.DataFrame) -> pd.DataFrame:
    """What each attack did: how often it succeeded, how far it moved the images, what it cost.

    Args:
        table: the adversarial table (attack, correct_before, success, l0, l2, linf, seconds).

    Returns:
        ``attack, n, correct_before, success_rate`` (of the inputs classified correctly before)``,
        accuracy_after, l0, l2, linf`` (means over the successes, or over all where there is none)``,
        seconds_per_image``.
    """
    rows = []
    for attack, part in table.groupby("attack", sort=False):
        right, success = part["correct_before"].to_numpy(bool), part["success"].to_numpy(bool)
        norms = part[success] if success.any() else part
        after = (part["predicted_after"] == part["true_label"]).mean()
        rate = float(success[right].mean()) if right.any() else float("nan")
        sizes = [float(norms[norm].mean()) for norm in ("l0", "l2", "linf")]
        rows.append(
            (attack, len(part), int(right.sum()), rate, float(after), *sizes, float(part["seconds"].mean()))
        )
    names = [
        "attack",
        "n",
        "correct_before",
        "success_rate",
        "accuracy_after",
        "l0",
        "l2",
        "linf",
        "seconds_per_image",
    ]
    return pd.DataFrame(rows, columns=names)


def attack_warnings(table: pd.DataFrame) -> list[str]:
    """Plain warnings about attacks that changed nothing, fooled nothing, or fooled everything.

    Args:
        table: the adversarial table.

    Returns:
        One sentence per finding.
    """
    said = []
    for row in attack_table(table).to_dict("records"):
        name, rate = attack_name(str(row["attack"])), row["success_rate"]
        untouched = float((table.loc[table["attack"] == row["attack"], "linf"] == 0).mean())
        if untouched == 1:
            said.append(f"{name} changed no image at all: its inputs are clean inputs. Check its parameters.")
            continue
        if untouched > 0.5:
            said.append(f"{name} left {percent(untouched, 0)} of its images unchanged.")
        if not np.isfinite(rate):
            said.append(
                f"{name} was given no input that the model classified correctly: its success is undefined."
            )
        elif rate == 0:
            said.append(
                f"{name} fooled the model on no input: it teaches retraining nothing. Raise its budget."
            )
        elif rate < 0.05:
            said.append(f"{name} fooled the model on {percent(rate)} of the inputs only.")
        elif rate == 1 and row["correct_before"] >= 20:
            said.append(
                f"{name} fooled the model on every input: look at the sheet whether the images still show "
                "their class."
            )
    return said


def statistics_table(
    results: pd.DataFrame,
    *,
    column: str = "accuracy_combined",
    baseline: str = "random",
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Each metric against the baseline over all budgets, as people read it.

    Args:
        results: the results table of one data set.
        column: the accuracy (in [0, 1]) compared.
        baseline: the metric that the others are compared with.
        confidence: of the intervals, in (0, 1).

    Returns:
        Text cells; no rows if the baseline is missing.

    Raises:
        InputError: if the results table lacks a column, is empty or mixes data sets.
    """
    found = area_differences(results, column, baseline=baseline, confidence=confidence)
    order = {metric: place for place, metric in enumerate(metric_order(found["metric"]))}
    found = found.sort_values(
        ["configuration", "metric"], key=lambda s: s.map(order) if s.name == "metric" else s
    )
    table = pd.DataFrame(
        {
            "configuration": found["configuration"],
            "metric": found["metric"].map(metric_name),
            f"gain over {metric_name(baseline)}": found["difference"].map(signed_points),
            f"{percent(confidence, 0)} interval": [
                f"{signed_points(low, unit=False)} to {signed_points(high, unit=False)}"
                if np.isfinite(low)
                else "n/a"
                for low, high in zip(found["low"], found["high"], strict=True)
            ],
            "t test": found["p_value"].map(p_text),
            "Holm": found["p_holm"].map(p_text),
            "sign-flip test": found["p_sign_flip"].map(p_text),
        }
    )
    if (found["n_seeds"] >= SEEDS_FOR_EFFECT_SIZE).any():
        effects = [f"{value:+.2f}" if np.isfinite(value) else "n/a" for value in found["effect_size"]]
        table["effect size"] = [effect.replace("-", "\N{MINUS SIGN}") for effect in effects]
    return table.assign(seeds=found["n_seeds"])


def costs_table(costs: pd.DataFrame) -> pd.DataFrame:
    """Seconds per stage and item, and per element, as people read them.

    Args:
        costs: ``stage, item, seconds, count``.

    Returns:
        Text cells.
    """
    each = [s / n if n else float("nan") for s, n in zip(costs["seconds"], costs["count"], strict=True)]
    return pd.DataFrame(
        {
            "stage": costs["stage"].astype(str).str.replace("_", " "),
            "item": costs["item"].astype(str),
            "time": costs["seconds"].map(seconds),
            "count": costs["count"].map(number),
            "time for one": [seconds(value) for value in each],
        }
    )


def shown_attack_table(table: pd.DataFrame) -> pd.DataFrame:
    """The attack table as people read it.

    Args:
        table: from :func:`attack_table`.

    Returns:
        Text cells.
    """
    return pd.DataFrame(
        {
            "attack": table["attack"].map(attack_name),
            "inputs": table["n"].map(number),
            "correct before": table["correct_before"].map(number),
            "success": table["success_rate"].map(percent),
            "accuracy after": table["accuracy_after"].map(percent),
            "L0 (values)": [f"{value:.1f}" for value in table["l0"]],
            "L2": [f"{value:.3f}" for value in table["l2"]],
            "L∞": [f"{value:.3f}" for value in table["linf"]],
            "time per image": table["seconds_per_image"].map(seconds),
        }
    )
