"""What each way of hardening gives for its price: gradient passes in all, and the front that nothing else beats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guided_retraining.evaluation.curves import measured
from guided_retraining.evaluation.findings import Choice, PricePoint, Prices
from guided_retraining.evaluation.models import Cell, StudyTables
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.terms import strategy_of
from guided_retraining.parameters.strategies import PLAIN

__all__ = ["front", "prices"]

BESIDE = ("clean", "unseen")  # kinds of accuracy that are told with the one that counts


def prices(tables: StudyTables, choice: Choice, outcome: str) -> Prices:
    """Price and accuracy of each configuration at each budget, on test data.

    Args:
        tables: of the study.
        choice: what was chosen on validation data.
        outcome: the kind of accuracy that counts.

    Returns:
        The original model; each configuration at each budget, its inputs in the drawn order (in another where there is
        no drawn one); and the recommended configuration once more in the order of the metric that is recommended.
    """
    plain = [key for key in choice["strategies"] if strategy_of(tables.hardening, key).key == PLAIN]
    against = max(plain, key=lambda key: choice["strategies"][key], default=None)
    rows = tables.results
    best = Cell(against, None, _largest(tables, against)) if against is not None else None
    kinds = [key for key in (outcome, *BESIDE) if measured(rows, OUTCOMES[key].column)]
    points = [
        _point(tables, cell, list(dict.fromkeys(kinds)), outcome, best) for cell in _cells(tables, choice)
    ]
    means = [None if outcome not in one["accuracy"] else one["accuracy"][outcome]["mean"] for one in points]
    for point, there in zip(points, front([one["price"] for one in points], means), strict=True):
        point["on_front"] = there
    return Prices(outcome=outcome, against=against, points=points)


def front(spent: Sequence[float | None], gained: Sequence[float | None]) -> list[bool]:
    """The Pareto front of least price and most accuracy.

    Args:
        spent: the price of each point, 0 or more; None if it is not known.
        gained: the accuracy of each.

    Returns:
        Whether no other point has at most its price and at least its accuracy, and one of them better. Equal points
        are there together; one that is not known in full never is.

    >>> front([0, 10, 10, 20, None], [0.1, 0.5, 0.4, 0.5, 0.9])
    [True, True, False, False, False]
    """
    known = [(s, g) for s, g in zip(spent, gained, strict=True) if s is not None and g is not None]
    return [
        s is not None
        and g is not None
        and not any(one <= s and other >= g and (one, other) != (s, g) for one, other in known)
        for s, g in zip(spent, gained, strict=True)
    ]


def _cells(tables: StudyTables, choice: Choice) -> Iterator[Cell]:
    original = Cell(None, None, 0)
    if len(tables.rows(original)):
        yield original
    for key in sorted(choice["strategies"]):
        rows = tables.results[tables.results["configuration"] == key]
        orders = sorted(rows["metric"].unique(), key=lambda name: name != tables.baseline)
        chosen = [choice["metric"]] if key == choice["configuration"] and choice["metric"] is not None else []
        full = _largest(tables, key)
        for order in dict.fromkeys([orders[0], *chosen]):
            budgets = sorted(int(n) for n in rows.loc[rows["metric"] == order, "n_inputs"].unique())
            yield from (Cell(key, order, n) for n in budgets if 0 < n < full)
        yield Cell(key, None, full)


def _largest(tables: StudyTables, configuration: str) -> int:
    rows = tables.results["configuration"] == configuration
    return int(tables.results.loc[rows, "pool_size"].iloc[0])


def _point(
    tables: StudyTables, cell: Cell, kinds: Sequence[str], outcome: str, best: Cell | None
) -> PricePoint:
    """Off the front, until all points are known."""
    cost, paired = tables.cost(cell), None
    highest = cell.configuration is not None and cell.metric is None
    if highest and best is not None and cell != best and outcome in kinds:
        paired = tables.difference(outcome, cell, best)
    return PricePoint(
        configuration=cell.configuration,
        metric=cell.metric,
        n_inputs=cell.n_inputs,
        highest=highest,
        price=cost["price_gradient_passes"],
        fit_seconds=cost["fit_seconds"],
        accuracy={kind: tables.accuracy(kind, cell) for kind in kinds},
        difference=paired,
        on_front=False,
    )
