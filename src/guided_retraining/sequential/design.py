"""A smaller design of a study: so many replicates, these configurations, these budgets, these orderings decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

from guided_retraining.evaluation.looks import LOOKS
from guided_retraining.parameters.configurations import BudgetFractions
from guided_retraining.parameters.strategies import PLAIN
from guided_retraining.parameters.study import Study

__all__ = ["Design", "FullDesign", "by_bisection", "full_design", "parameters_of"]

Budget = float | int  # a share of the pool, or a number of inputs


@dataclass(frozen=True)
class Design:
    """A part of the full design that is complete in itself.

    Attributes:
        n_replicates: the first so many.
        budgets: by configuration, smaller than the whole pool, which is always measured; increasing. Configurations
            that are not named are left out.
        decided: by configuration and metric, the number of replicates after which its question was settled.
    """

    n_replicates: int
    budgets: dict[str, tuple[Budget, ...]]
    decided: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def look(self) -> int | None:
        """Its number of replicates, where something may be decided at that many."""
        return self.n_replicates if self.n_replicates in LOOKS else None

    @property
    def is_answered(self) -> bool:
        """Whether the answer is made anew after it: at a look, and where there is no more than a description."""
        return self.look is not None or self.n_replicates < LOOKS[0]

    def plain(self) -> dict[str, Any]:
        """The design for JSON."""
        return asdict(self)

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Design:
        """A design from :meth:`plain`, maybe read back from JSON."""
        budgets = {name: tuple(values) for name, values in plain["budgets"].items()}
        return cls(plain["n_replicates"], budgets, plain["decided"])


@dataclass(frozen=True)
class FullDesign:
    """What there is to choose designs from.

    Attributes:
        replicates: numbers of the replicates, in the order in which they are added.
        grids: by configuration, the budgets smaller than the whole pool, increasing.
        first: the configuration that the first answer is made of.
    """

    replicates: tuple[int, ...]
    grids: dict[str, tuple[Budget, ...]]
    first: str


def full_design(study: Study, n_replicates: int) -> FullDesign:
    """The full design of a study, with as many replicates as may be asked for.

    Args:
        study: its parameters. Replicates beyond those named are numbered on.
        n_replicates: at most.
    """
    named = list(study.replicates)
    unused = (number for number in range(n_replicates + max(named) + 1) if number not in named)
    while len(named) < n_replicates:
        named.append(next(unused))
    rows = study.ordering_retraining
    grids = {name: _grid(rows.budgets_of(name)) for name in rows.configurations}
    return FullDesign(tuple(named[:n_replicates]), grids, _first(study))


def _grid(budgets: Any) -> tuple[Budget, ...]:
    if isinstance(budgets, BudgetFractions):
        return tuple(share for share in budgets.fractions if share < 1)
    if isinstance(budgets, int):
        return tuple(float(Fraction(step, budgets)) for step in range(1, budgets))
    return tuple(budgets)


def _first(study: Study) -> str:
    """Plain retraining that compares orders, from the original weights if there is such a row."""
    rows = study.ordering_retraining

    def turn(name: str) -> tuple[bool, bool, bool]:
        row = rows.configuration(name)
        plain, several = row.hardening[0].key == PLAIN, len(study.orders(name)) > 1
        return (not plain, not several, row.start != "original")

    return min(rows.configurations, key=turn)


def by_bisection(grid: tuple[Budget, ...], there: tuple[Budget, ...] = ()) -> Budget | None:
    """The budget of a grid to measure next: a quarter of the pool, then the middle of the widest gap.

    Args:
        grid: increasing; on a halving grid the first one is 1/4.
        there: budgets of the grid that are measured already.

    Returns:
        None when all are.

    >>> grid = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
    >>> by_bisection(grid), by_bisection(grid, (1 / 4,)), by_bisection(grid, (1 / 16, 1 / 4))
    (0.25, 0.0625, 0.5)
    """
    if not grid or set(grid) <= set(there):
        return None
    if not there:
        return _quarter(grid)
    ends = [-1, *(place for place, budget in enumerate(grid) if budget in there), len(grid)]
    gaps = [(above - below, above, below) for below, above in pairwise(ends) if above - below > 1]
    _, above, below = max(gaps)
    return grid[(above + below) // 2]


def _quarter(grid: tuple[Budget, ...]) -> Budget:
    """The budget nearest to a quarter of the pool, or of the largest number of inputs."""
    whole = 1.0 if isinstance(grid[0], float) else grid[-1]
    return min(grid, key=lambda budget: abs(budget - whole / 4))


def parameters_of(design: Design, full: FullDesign) -> dict[str, Any]:
    """The parameters of a run of a design, to be laid over those of the data set.

    Args:
        design: a part of the full design.
        full: the full design.
    """
    rows: dict[str, Any] = {}
    for name, grid in full.grids.items():
        if name not in design.budgets:
            rows[name] = None
            continue
        smaller = design.budgets[name]
        as_shares = not smaller or isinstance(grid[0], float)
        rows[name] = {
            "budgets": {"fractions": [*smaller, 1]} if as_shares else list(smaller),
            "decided": dict(design.decided.get(name, {})),
        }
    return {
        "replicates": list(full.replicates[: design.n_replicates]),
        "ordering_retraining": {"configurations": rows},
    }
