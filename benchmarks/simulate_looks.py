"""Error rates of a study that is looked at while it grows, by simulation with the code that makes its decisions.

    python benchmarks/simulate_looks.py                # the tables of docs/growing.md, about two minutes
    python benchmarks/simulate_looks.py --studies 500  # rougher and faster

Studies are those of ``simulate_choice.py``: six orderings, five smaller budgets, normal deviations with equal and
unequal spreads. Each is looked at with 3, 4, 6, 8 and 12 replicates.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray
from simulate_choice import (
    ALPHA,
    MARGIN,
    N_BUDGETS,
    ORDERINGS,
    SPREADS,
    Spreads,
    areas,
    differences,
    studies_asked,
)

from guided_retraining.evaluation.dunnett import many_to_one
from guided_retraining.evaluation.layout import lower_bounds
from guided_retraining.evaluation.looks import LOOKS, level_at
from guided_retraining.evaluation.steps import accepted, levels

Floats = NDArray[np.float64]


def level(n_replicates: int, *, spent: bool) -> float:
    """The error rate at a look: its share of alpha, or all of alpha each time, as whoever peeks takes it."""
    return level_at(n_replicates, ALPHA) if spent else ALPHA


def wrong_verdicts(
    rng: np.random.Generator, n_studies: int, spreads: Spreads, *, spent: bool = True
) -> float:
    """Share of studies that at any look say a metric differs from random, although none does."""
    values = areas(rng, n_studies, LOOKS[-1], spreads)
    wrong = np.zeros(n_studies, dtype=bool)
    for n in LOOKS:
        found = many_to_one(values[:, :n], 0, level(n, spent=spent))
        wrong |= (np.abs(found.means) > found.half_widths).any(-1)
    return float(wrong.mean())


def wrongly_equal(
    rng: np.random.Generator, n_studies: int, margin: float, spreads: Spreads, *, spent: bool = True
) -> float:
    """Share of studies that at any look say a metric equals random within a margin that each is off by."""
    values = areas(rng, n_studies, LOOKS[-1], spreads)
    values[..., 1:] += margin
    wrong = np.zeros(n_studies, dtype=bool)
    for n in LOOKS:
        found = many_to_one(values[:, :n], 0, level(n, spent=spent))
        inside = (found.means + found.half_widths < margin) & (found.means - found.half_widths > -margin)
        wrong |= inside.any(-1)
    return float(wrong.mean())


def wrongly_accepted(
    rng: np.random.Generator, n_studies: int, spreads: Spreads, *, spent: bool = True
) -> float:
    """Share of studies that at any look accept a budget although every one loses exactly the margin."""
    means = np.full((len(ORDERINGS), N_BUDGETS), -MARGIN)
    found = differences(rng, n_studies, LOOKS[-1], means, spreads)
    wrong = np.zeros(n_studies, dtype=bool)
    for n in LOOKS:
        bounds, _ = lower_bounds(found[:, :n], levels(ORDERINGS, "random", level(n, spent=spent)))
        wrong |= accepted(bounds[None], MARGIN).any((1, 2))
    return float(wrong.mean())


def replicates_needed(rng: np.random.Generator, n_studies: int, effect: float) -> tuple[float, float]:
    """Share of studies that find a metric better by so many spreads, and their mean number of replicates."""
    values = areas(rng, n_studies, LOOKS[-1], effect=effect)
    needed = np.full(n_studies, LOOKS[-1] + 1)
    for n in LOOKS:
        found = many_to_one(values[:, :n], 0, level(n, spent=True))
        shown = (found.means - found.half_widths > 0)[:, 0]
        needed = np.where(shown & (needed > n), n, needed)
    return float((needed <= LOOKS[-1]).mean()), float(np.minimum(needed, LOOKS[-1]).mean())


def main() -> None:
    """Print the tables."""
    n = studies_asked(__doc__)
    rng = np.random.default_rng(0)
    lines = [
        "| spreads | a metric said to differ | the same with 5 % at each look | a budget accepted |",
        "|---|---|---|---|",
    ]
    for name, spreads in SPREADS.items():
        shares = (
            wrong_verdicts(rng, n, spreads),
            wrong_verdicts(rng, n, spreads, spent=False),
            wrongly_accepted(rng, n, spreads),
        )
        lines.append(f"| {name} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |")
    lines += ["", "| a metric better by | found | replicates at the end, mean |", "|---|---|---|"]
    for effect in (1.0, 1.5, 2.0, 4.0):
        found, needed = replicates_needed(rng, n // 2, effect)
        lines.append(f"| {effect:g} spreads | {100 * found:.1f} % | {needed:.1f} |")
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
