"""Which part of a full study a growing one would have asked for, from the full one's results.

    python benchmarks/replay_study.py data/07_model_output/digits/results.parquet

Nothing is computed: the cells of the full design lie in the table, and the rule of ``kedro guided study`` asks for
them. The yardstick is ten equal budgets with three replicates, for every configuration and ordering of the table.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

from guided_retraining.evaluation.wording import number
from guided_retraining.report.questions import question_words
from guided_retraining.sequential.design import Design, FullDesign
from guided_retraining.sequential.replay import CELL, replay
from guided_retraining.sequential.words import design_words

TEN_BUDGETS, THREE_REPLICATES = 4.5, 3  # sum of 0.1 to 0.9 of the pool


def full_of(results: pd.DataFrame, first: str | None) -> FullDesign:
    """The full design that a table of results holds, its budgets as shares of the largest."""
    grids = {}
    for name, rows in results.groupby("configuration"):
        numbers = sorted({int(n) for n in rows["n_inputs"] if n > 0})
        grids[str(name)] = tuple(n / numbers[-1] for n in numbers[:-1])
    several = [name for name in grids if results.query("configuration == @name")["metric"].nunique() > 1]
    replicates = tuple(int(seed) for seed in sorted(results["seed"].unique()))
    return FullDesign(replicates, grids, first or (several or list(grids))[0])


def ten_equal_budgets(results: pd.DataFrame) -> float:
    """Gradient passes of ten equal budgets with three replicates."""
    total = 0.0
    for _, rows in results.groupby("configuration"):
        largest = rows[rows["n_inputs"] == rows["n_inputs"].max()]
        whole = float(largest.groupby("seed")["gradient_passes"].mean().mean())
        total += THREE_REPLICATES * whole * (TEN_BUDGETS * rows["metric"].nunique() + 1)
    return total


def main() -> None:
    """Print the designs, their passes, and what was settled."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path)
    parser.add_argument("--margin", type=float, default=0.02)
    parser.add_argument("--first", help="configuration that the first answer is made of")
    parser.add_argument("--only", nargs="+", help="configurations; all without")
    given = parser.parse_args()
    results = pd.read_parquet(given.results)
    if given.only:
        results = results[results["configuration"].isin(given.only)]
    full = full_of(results, given.first)
    blocks = replay(results, full, up_to=len(full.replicates), margin=given.margin, alpha=0.05)
    yardstick, total, before = ten_equal_budgets(results), 0.0, None
    lines = ["| design | gradient passes so far | of ten equal budgets | open |", "|---|---|---|---|"]
    for block in blocks:
        total += block["work"]
        design = Design.read(block["design"])
        still = sum(one["open"] for one in block["questions"] or []) if block["look"] else "-"
        lines.append(
            f"| {design_words(design, before)} | {number(total)} | {100 * total / yardstick:.1f} % | {still} |"
        )
        before = design
    lines.append(
        f"\nthe full table: {number(float(results.drop_duplicates(CELL)['gradient_passes'].sum()))} passes"
    )
    lines += [f"open: {question_words(one, {})}" for one in blocks[-1]["questions"] or [] if one["open"]]
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
