"""What each attack did, as a table and as plain warnings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from guided_retraining.evaluation.wording import attack_name, number, percent, seconds

__all__ = ["attack_table", "attack_warnings", "shown_attack_table"]


def attack_table(table: pd.DataFrame) -> pd.DataFrame:
    """What each attack did: how often it succeeded, how far it moved the images, what it cost.

    Args:
        table: the adversarial table (attack, correct_before, success, l0, l2, linf, seconds, and gradient_passes where
            they were counted), of all replicates together.

    Returns:
        ``attack, n, correct_before, success_rate`` (of the inputs classified correctly before)``,
        accuracy_after, l0, l2, linf`` (means over the successes, or over all where there is none)``,
        seconds_per_image, passes_per_image``.
    """
    rows = []
    for attack, part in table.groupby("attack", sort=False):
        right, success = part["correct_before"].to_numpy(bool), part["success"].to_numpy(bool)
        norms = part[success] if success.any() else part
        after = (part["predicted_after"] == part["true_label"]).mean()
        rate = float(success[right].mean()) if right.any() else float("nan")
        sizes = [float(norms[norm].mean()) for norm in ("l0", "l2", "linf")]
        price = [
            float(part[name].mean()) if name in part else np.nan for name in ("seconds", "gradient_passes")
        ]
        rows.append((attack, len(part), int(right.sum()), rate, float(after), *sizes, *price))
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
        "passes_per_image",
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


def shown_attack_table(table: pd.DataFrame) -> pd.DataFrame:
    """The attack table as people read it.

    Args:
        table: from :func:`attack_table`.

    Returns:
        Text cells.
    """
    shown = pd.DataFrame(
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
    counted = table["passes_per_image"].notna().any()
    passes = [f"{value:.3g}" for value in table["passes_per_image"]]
    return shown.assign(**{"gradient passes": passes}) if counted else shown
