"""Which designs a growing study would have gone through, from the results of a full one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from guided_retraining.errors import InputError
from guided_retraining.evaluation.choice import choose
from guided_retraining.evaluation.looks import level_at
from guided_retraining.evaluation.questions import questions_of
from guided_retraining.sequential.blocks import Block, block_of
from guided_retraining.sequential.design import Design, FullDesign
from guided_retraining.sequential.next_design import next_design

__all__ = ["part_of", "replay"]

CELL = ["configuration", "seed", "n_inputs", "gradient_passes"]  # equal in rows that share a model


def part_of(results: pd.DataFrame, design: Design, full: FullDesign) -> pd.DataFrame:
    """The rows of a design.

    Args:
        results: of the full design.
        design: a part of it.
        full: the full design.

    Raises:
        InputError: a configuration has not the budgets of its grid.
    """
    parts = []
    for name, budgets in design.budgets.items():
        rows = results[results["configuration"] == name]
        numbers = sorted({int(n) for n in rows["n_inputs"] if n > 0})
        grid = full.grids[name]
        if len(numbers) != len(grid) + 1:
            raise InputError(
                f"Replay: {name} has {len(numbers)} budgets in the results, expected {len(grid) + 1}"
            )
        kept = {0, numbers[-1], *(numbers[grid.index(budget)] for budget in budgets)}
        for metric, of_metric in rows[rows["n_inputs"].isin(kept)].groupby("metric"):
            n = design.decided.get(name, {}).get(str(metric), design.n_replicates)
            parts.append(of_metric[of_metric["seed"].isin(full.replicates[: min(n, design.n_replicates)])])
    return pd.concat(parts, ignore_index=True)


def replay(
    results: pd.DataFrame,
    full: FullDesign,
    *,
    up_to: int,
    margin: float,
    alpha: float,
    baseline: str = "random",
    costs: pd.DataFrame | None = None,
    hardening: Mapping[str, str] | None = None,
) -> list[Block]:
    """The blocks of a growing study, found in the results of a full one instead of computed.

    Args:
        results: of the full design.
        full: the full design.
        up_to: replicates, at most.
        margin: within which a difference counts as none.
        alpha: of all looks together.
        baseline: the ordering that needs no ranking.
        costs: the ledger; without it no metric is named.
        hardening: the strategy of each configuration.

    Returns:
        The blocks; ``work`` is the gradient passes of the cells that each added.
    """
    blocks: list[Block] = []
    asked_for = pd.DataFrame(columns=CELL)
    while (design := next_design(full, blocks, up_to)) is not None:
        rows = part_of(results, design, full)
        cells = pd.concat([asked_for, rows[CELL]], ignore_index=True).drop_duplicates()
        work = float(cells["gradient_passes"].sum() - asked_for["gradient_passes"].sum())
        asked_for = cells
        answered: Mapping[str, Any] | None = blocks[-1] if blocks else None
        questions = None
        if design.is_answered or answered is None:
            level = alpha if design.look is None else level_at(design.look, alpha)
            choice = choose(
                rows, costs=costs, hardening=hardening, margin=margin, alpha=level, baseline=baseline
            )
            answered, questions = choice, questions_of(rows, choice)
        blocks.append(block_of(design, answered, margin, work=work, questions=questions))
    return blocks
