"""Error rates and power of the rules in docs/statistics.md, by simulation with the code that makes the choice.

    python benchmarks/simulate_choice.py                # the tables of docs/statistics.md, about two minutes
    python benchmarks/simulate_choice.py --studies 500  # rougher and faster

A study has six orderings, five smaller budgets and normal deviations, whose spreads differ from cell to cell as the
scenario says.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guided_retraining.evaluation.dunnett import many_to_one
from guided_retraining.evaluation.intervals import two_way_bounds, wilson
from guided_retraining.evaluation.layout import lower_bounds, pooled_variance, residual_variance
from guided_retraining.evaluation.steps import accepted, levels

MARGIN, ALPHA = 0.02, 0.05
ORDERINGS = ("random", "a", "b", "c", "d", "e")
N_BUDGETS = 5  # the largest first
REPLICATES = (3, 5, 10)
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spreads:
    """Factors on the standard deviation of cells, by ordering, budget and of the whole pool; ``single`` on one cell."""

    orderings: tuple[float, ...] = (1,) * len(ORDERINGS)
    budgets: tuple[float, ...] = (1,) * N_BUDGETS
    whole: float = 1.0
    single: float = 1.0


SPREADS = {
    "equal": Spreads(),
    "small budgets up to 3 times": Spreads(budgets=(1, 1.3, 1.6, 2, 3)),
    "whole pool 2 times": Spreads(whole=2),
    "whole pool 4 times": Spreads(whole=4),
    "whole pool a fifth": Spreads(whole=0.2),
    "random 2 times": Spreads(orderings=(2, 1, 1, 1, 1, 1)),
    "random 5 times": Spreads(orderings=(5, 1, 1, 1, 1, 1)),
    "random 2 times, small budgets up to 3": Spreads((2, 1, 1, 1, 1, 1), (1, 1.3, 1.6, 2, 3)),
    "one metric 3 times": Spreads(orderings=(1, 3, 1, 1, 1, 1)),
    "largest budget of random alone 3 times": Spreads(single=3),
}


def differences(
    rng: np.random.Generator,
    n_studies: int,
    n_replicates: int,
    means: Floats,
    spreads: Spreads = SPREADS["equal"],
    sd: float = 0.012,
) -> Floats:
    """Studies: accuracy of each cell minus the whole pool's, ``(n_studies, n_replicates, n_orderings, n_budgets)``."""
    size = (n_studies, n_replicates, *means.shape)
    cells = rng.standard_normal(size) * np.outer(spreads.orderings, spreads.budgets)
    cells[..., 0, 0] *= spreads.single
    whole = spreads.whole * rng.standard_normal((n_studies, n_replicates, 1, 1))
    return means + sd * (cells - whole)


def steps_accepted(found: Floats) -> NDArray[np.bool_]:
    """What the rule accepts in each study: ``(n_studies, n_orderings, n_budgets)``."""
    bounds, _ = lower_bounds(found, levels(ORDERINGS, "random", ALPHA))
    return accepted(bounds[None], MARGIN)


def wrong_choices(rng: np.random.Generator, n_studies: int, n_replicates: int, spreads: Spreads) -> float:
    """Share of studies that accept any budget although every one loses exactly the margin."""
    means = np.full((len(ORDERINGS), N_BUDGETS), -MARGIN)
    return float(steps_accepted(differences(rng, n_studies, n_replicates, means, spreads)).any((1, 2)).mean())


def wrong_choices_with_one_spread(
    rng: np.random.Generator, n_studies: int, n_replicates: int, spreads: Spreads
) -> float:
    """The same by the textbook's two-way layout: one residual spread for all cells and the whole pool."""
    from scipy import stats

    means = np.full((len(ORDERINGS), N_BUDGETS), -MARGIN)
    found = differences(rng, n_studies, n_replicates, means, spreads)
    cells = np.concatenate(
        [found.reshape(n_studies, n_replicates, -1), np.zeros((n_studies, n_replicates, 1))], axis=2
    )
    error = np.sqrt(2 * residual_variance(cells) / n_replicates)[:, None, None]
    level = levels(ORDERINGS, "random", ALPHA)[:, None]
    bounds = found.mean(1) - stats.t.isf(level, (n_replicates - 1) * (cells.shape[2] - 1)) * error
    return float(accepted(bounds[None], MARGIN).any((1, 2)).mean())


def choice_power(
    rng: np.random.Generator, n_studies: int, n_replicates: int, sd: float
) -> tuple[float, float, float]:
    """Shares of studies, where no budget loses anything, that accept half the pool at random, half the pool by one
    metric, and the smallest budget at random."""
    means = np.zeros((len(ORDERINGS), N_BUDGETS))
    found = steps_accepted(differences(rng, n_studies, n_replicates, means, sd=sd))
    return float(found[:, 0, 0].mean()), float(found[:, 1, 0].mean()), float(found[:, 0, -1].mean())


def wrong_gains(rng: np.random.Generator, n_studies: int, n_replicates: int, n_strategies: int = 3) -> float:
    """Share of studies that retrain although none of the strategies raises the accuracy: the best mean is tested."""
    from scipy import stats

    gains = rng.standard_normal((n_studies, n_replicates, n_strategies)) - rng.standard_normal(
        (n_studies, n_replicates, 1)
    )
    best = np.take_along_axis(gains, gains.mean(1).argmax(1)[:, None, None], axis=2)
    variance, df = pooled_variance(best)
    low = best.mean((1, 2)) - stats.t.isf(ALPHA / n_strategies, df) * np.sqrt(variance)
    return float((low > 0).mean())


def areas(
    rng: np.random.Generator,
    n_studies: int,
    n_replicates: int,
    spreads: Spreads = SPREADS["equal"],
    effect: float = 0.0,
) -> Floats:
    """Mean accuracies over log-budget in standard deviations, ``(n_studies, n_replicates, n_orderings)``; the second
    ordering is better by ``effect``."""
    drawn = rng.standard_normal((n_studies, n_replicates, len(ORDERINGS))) * spreads.orderings
    drawn[..., 1] += effect
    return drawn


def wrong_contrasts(values: Floats) -> float:
    """Share of studies in which any interval of a metric against random leaves 0 out."""
    found = many_to_one(values, 0, ALPHA)
    return float((np.abs(found.means) > found.half_widths).any(-1).mean())


def fixed_orders(
    rng: np.random.Generator, n_studies: int, n_replicates: int, *, drawn_anew: bool, subset: float = 1.0
) -> Floats:
    """Metrics that are meaningless orders: each subset of the pool has an effect of its own. Either every replicate has
    new ones, or a metric keeps one subset through all replicates and only random draws anew."""
    values = rng.standard_normal((n_studies, n_replicates, len(ORDERINGS)))
    effects = subset * rng.standard_normal(values.shape)
    if not drawn_anew:
        effects[..., 1:] = effects[:, :1, 1:]
    return values + effects


def contrast_power(rng: np.random.Generator, n_studies: int, n_replicates: int, effect: float) -> float:
    """Share of studies that show a metric that is better than random by so many standard deviations."""
    found = many_to_one(areas(rng, n_studies, n_replicates, effect=effect), 0, ALPHA)
    return float((found.means - found.half_widths > 0)[:, 0].mean())


def coverage(
    rng: np.random.Generator,
    n_studies: int,
    n_replicates: int,
    n_images: int,
    *,
    same_images: bool,
    of_replicates: float = 0.2,
    of_images: float = 1.5,
    paired: bool = False,
) -> tuple[float, float]:
    """How often the interval over replicates and images holds the true accuracy (or difference of two accuracies with
    the same truth), and how often Student's over replicates alone does.

    Right or wrong follows a logistic model with normal effects of replicate and image of the given spreads.
    """
    from scipy import special, stats

    truth = 0.0 if paired else 0.5  # by symmetry
    images = n_images if same_images else n_images * n_replicates
    ease = of_images * rng.standard_normal((n_studies, 1, images))

    def right() -> Floats:
        model = of_replicates * rng.standard_normal((n_studies, n_replicates, 1))
        own = 0.5 * of_images * rng.standard_normal((n_studies, 1, images)) if paired else 0.0
        return (rng.random((n_studies, n_replicates, images)) < special.expit(model + ease + own)).astype(
            float
        )

    values = right() - right() if paired else right()
    if not same_images:
        for replicate in range(n_replicates):
            elsewhere = np.arange(images) // n_images != replicate
            values[:, replicate, elsewhere] = np.nan
    mean, low, high = two_way_bounds(values, confidence=1 - ALPHA)
    if not paired:
        least, most = np.vectorize(wilson)(mean, images, 1 - ALPHA)
        low, high = np.minimum(low, least), np.maximum(high, most)
    of_each = np.nanmean(values, axis=2)
    half = stats.t.isf(ALPHA / 2, n_replicates - 1) * of_each.std(1, ddof=1) / n_replicates**0.5
    return float(((low <= truth) & (truth <= high)).mean()), float((np.abs(mean - truth) <= half).mean())


def studies_asked(description: str | None) -> int:
    """How many studies the command line asks for."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=10_000, help="simulated for each number")
    return int(parser.parse_args().studies)


def main() -> None:
    """Print the tables."""
    n = studies_asked(__doc__)
    rng = np.random.default_rng(0)
    head = " | ".join(f"{r} replicates" for r in REPLICATES)
    rule = "|---" * (len(REPLICATES) + 1) + "|"

    def table(title: str, rows: dict[str, list[str]]) -> None:
        lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
        sys.stdout.write("\n".join(["", f"| {title} | {head} |", rule, *lines, ""]))

    def each(measure: Callable[[int], float]) -> list[str]:
        return [f"{100 * measure(r):.1f} %" for r in REPLICATES]

    rows = {name: each(lambda r, s=s: wrong_choices(rng, n, r, s)) for name, s in SPREADS.items()}
    table("a budget that loses the margin is accepted; spreads", rows)
    rows = {
        name: each(lambda r, s=SPREADS[name]: wrong_choices_with_one_spread(rng, n, r, s))
        for name in ("equal", "whole pool 2 times", "whole pool 4 times", "random 5 times")
    }
    table("the same with one spread for all cells", rows)
    rows = {}
    for sd in (0.003, 0.006, 0.012):
        shares = [choice_power(rng, n // 2, r, sd) for r in REPLICATES]
        rows[f"{100 * sd:.1f} points"] = [
            " / ".join(f"{100 * s:.0f}" for s in three) + " %" for three in shares
        ]
    table("nothing is lost: half at random / half by a metric / smallest at random accepted; spread", rows)
    table(
        "retraining that does not help is recommended",
        {"best of 3 strategies": each(lambda r: wrong_gains(rng, n, r))},
    )
    rows = {
        name: each(lambda r, s=SPREADS[name]: wrong_contrasts(areas(rng, n, r, s)))
        for name in ("equal", "random 2 times", "random 5 times", "one metric 3 times")
    }
    for drawn_anew, name in (
        (True, "meaningless orders, drawn anew"),
        (False, "meaningless orders, kept (own model)"),
    ):
        rows[name] = each(lambda r, a=drawn_anew: wrong_contrasts(fixed_orders(rng, n, r, drawn_anew=a)))
    table("a metric is said to differ from random although none does", rows)
    rows = {f"{e} spreads": each(lambda r, e=e: contrast_power(rng, n // 2, r, e)) for e in (2, 4, 6)}
    table("a better metric is found; better by", rows)
    rows = {}
    for same, of_replicates, paired in (
        (True, 0.05, False),
        (True, 0.6, False),
        (False, 0.05, False),
        (False, 0.6, False),
        (True, 0.2, True),
    ):
        name = f"{'differences, ' if paired else ''}{'same' if same else 'new'} images, replicates {of_replicates}"
        shares = [
            coverage(rng, n // 10, r, 300, same_images=same, of_replicates=of_replicates, paired=paired)
            for r in REPLICATES
        ]
        rows[name] = [f"{100 * both:.1f} ({100 * alone:.1f}) %" for both, alone in shares]
    table("95 % interval over replicates and images (over replicates alone) holds the truth", rows)


if __name__ == "__main__":
    main()
