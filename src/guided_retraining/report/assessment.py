"""The page of one model's assessment: how often it is right as its images are changed more and more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from guided_retraining.evaluation.answer import interval_text
from guided_retraining.evaluation.findings import Interval
from guided_retraining.evaluation.wording import attack_name, number, percent, seconds
from guided_retraining.report.canvas import grid, tidy
from guided_retraining.report.html import to_html
from guided_retraining.report.palette import ADVERSARIAL, CLEAN
from guided_retraining.report.template import data_address, fill_template

__all__ = ["AssessmentContext", "accuracy_curve", "assessment_lines", "render_assessment"]

GREY_LEVELS = 255


@dataclass(frozen=True, kw_only=True)
class AssessmentContext:
    """What the page is made from.

    Attributes:
        name: of the model.
        n_images: that were attacked.
        class_names: a name for each class.
        eps: radius of the Linf ball, in units of [0, 1] pixel values.
        steps: of the strongest attacks.
        seed: of the attacks.
        accuracy: ``clean``, then what is right under each attack and all before it.
        curve: accuracy under PGD by eps, that of 0 first.
        attacks: their parameters, in the order in which they were made.
        sheet: of images before and after.
        notes: on how model and images were read.
        versions: of Python, libraries and this project, and the machine.
        created: when, as text.
        seconds: it took.
        gradient_passes: it took.
    """

    name: str
    n_images: int
    class_names: Sequence[str]
    eps: float
    steps: int
    seed: int
    accuracy: Mapping[str, Interval]
    curve: Mapping[float, Interval]
    attacks: Mapping[str, Mapping[str, Any]]
    sheet: Figure
    notes: Sequence[str]
    versions: Mapping[str, str]
    created: str
    seconds: float
    gradient_passes: float


def assessment_lines(context: AssessmentContext) -> list[str]:
    """How hard the model is to fool, attack by attack, and how sure that is.

    Args:
        context: of the assessment.

    Returns:
        Three lines without markup.
    """
    c = context
    attacks = [attack_name(one) for one in c.accuracy if one != "clean"]
    worst = c.accuracy[list(c.accuracy)[-1]]
    levels = f"eps {c.eps:.3g}, {c.eps * GREY_LEVELS:.3g} of {GREY_LEVELS} grey levels"
    chain = ", ".join(
        f"{attack_name(one)} {percent(found['mean'])}" for one, found in c.accuracy.items() if one != "clean"
    )
    half = _half_at(c.curve)
    return [
        f"{c.name}: {interval_text(c.accuracy['clean'])} of {number(c.n_images)} images are right as they are, "
        f"{interval_text(worst)} under the worst of {len(attacks)} attacks ({levels}).",
        f"Right after one attack and all before it: {chain}. "
        + (
            f"PGD halves the accuracy at eps {half:.3g}."
            if half is not None
            else f"PGD does not halve the accuracy up to eps {max(c.curve):.3g}."
        ),
        f"How sure: brackets are 95 % intervals over images; a stronger attack may find more (--steps {c.steps} now, "
        f"100 is usual for a publication), so this is an upper bound. It took {seconds(c.seconds)}.",
    ]


def accuracy_curve(context: AssessmentContext) -> Figure:
    """Accuracy under PGD against eps with intervals, and the worst case of all attacks.

    Args:
        context: of the assessment.

    Returns:
        The figure.
    """
    c = context
    figure, axes = grid(1, 1, width=7.5, height=4.2)
    panel = axes[0][0]
    sizes = list(c.curve)
    low, mean, high = np.array([_bounds(one) for one in c.curve.values()]).T
    panel.fill_between(sizes, low, high, color=CLEAN, alpha=0.18, linewidth=0)
    panel.plot(sizes, mean, color=CLEAN, marker="o", label="PGD")
    least, worst, most = _bounds(c.accuracy[list(c.accuracy)[-1]])
    panel.errorbar(
        [c.eps], [worst], yerr=[[worst - least], [most - worst]],
        color=ADVERSARIAL, marker="s", capsize=4, linestyle="none", label="worst of all attacks",
    )  # fmt: skip
    panel.set_xlabel("eps: largest change of a pixel value, of a range of 1")
    panel.set_ylabel("images that stay right")
    panel.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    panel.set_ylim(0, 1)
    panel.set_xlim(left=0)
    tidy(panel)
    panel.legend(frameon=False)
    return figure


def render_assessment(context: AssessmentContext) -> str:
    """Make the self-contained HTML page.

    Args:
        context: of the assessment.

    Returns:
        The page as text, to be written as UTF-8.
    """
    c = context
    return fill_template(
        "assessment.html.j2",
        c=c,
        lines=assessment_lines(c),
        table=to_html(_table(c), caption="Images that stay right under an attack and all before it"),
        points=", ".join(f"eps {size:.3g} {percent(one['mean'])}" for size, one in c.curve.items()),
        figures={"curve": data_address(accuracy_curve(c)), "sheet": data_address(c.sheet, raster=True)},
    )


def _table(c: AssessmentContext) -> pd.DataFrame:
    rows = [
        {
            "attack": "none" if attack == "clean" else attack_name(attack),
            "parameters": ", ".join(f"{key} {value:.3g}" for key, value in c.attacks.get(attack, {}).items()),
            "right": percent(found["mean"]),
            "95 % interval": interval_text(found).partition(" % ")[2],
        }
        for attack, found in c.accuracy.items()
    ]
    return pd.DataFrame(rows)


def _bounds(interval: Interval) -> tuple[float, float, float]:
    """Lower bound, mean and upper bound of an accuracy that was measured."""
    low, mean, high = interval["low"], interval["mean"], interval["high"]
    assert low is not None
    assert mean is not None
    assert high is not None
    return low, mean, high


def _half_at(curve: Mapping[float, Interval]) -> float | None:
    """Where the line through the points falls to half of the clean accuracy; None where it does not."""
    points = [(size, one["mean"] or 0.0) for size, one in curve.items()]
    half = points[0][1] / 2
    for (before, high), (after, low) in pairwise(points):
        if low <= half < high:
            return before + (high - half) / (high - low) * (after - before)
    return None
