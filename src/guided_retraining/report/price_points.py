"""What accuracy against the price is drawn from: points joined by lines, the front, the ends of the axis."""

from __future__ import annotations

from guided_retraining.evaluation.findings import PricePoint, Recommendation

__all__ = ["is_recommended", "mean_of", "price_ends", "price_front", "price_lines"]

ROOM = 1.25  # beside the cheapest and the dearest point


def mean_of(point: PricePoint, kind: str) -> float | None:
    """The mean accuracy of a point.

    Args:
        point: of the prices.
        kind: of accuracy.

    Returns:
        A share; None where it was not measured.
    """
    return point["accuracy"][kind]["mean"] if kind in point["accuracy"] else None


def price_front(recommendation: Recommendation) -> list[tuple[float, float]]:
    """Steps to the right end: what a price buys does not get less until the next point.

    Args:
        recommendation: from ``recommend``.

    Returns:
        Price and accuracy of each step's beginning, the end of the axis last; empty where nothing is on the front.
    """
    points, outcome = recommendation["prices"]["points"], recommendation["prices"]["outcome"]
    best = sorted((p["price"] or 0, mean_of(p, outcome) or 0.0) for p in points if p["on_front"])
    if not best:
        return []
    first, last = price_ends(recommendation)
    return [*((price or first, gained) for price, gained in best), (last, best[-1][1])]


def price_ends(recommendation: Recommendation) -> tuple[float, float]:
    """The ends of the axis of prices.

    Args:
        recommendation: from ``recommend``, with a price of one point at least.

    Returns:
        Gradient passes.
    """
    prices = [point["price"] for point in recommendation["prices"]["points"] if point["price"]]
    return min(prices) / ROOM, max(prices) * ROOM


def price_lines(recommendation: Recommendation, configuration: str, kind: str) -> dict[str, list[PricePoint]]:
    """The points of a configuration that a line joins.

    Args:
        recommendation: from ``recommend``.
        configuration: its key.
        kind: of accuracy.

    Returns:
        By line style, in the order of price: ``-``, and ``--`` in the order of a recommended metric.
    """
    r = recommendation
    points = [p for p in r["prices"]["points"] if p["configuration"] == configuration and p["price"]]
    own = sorted((p for p in points if mean_of(p, kind) is not None), key=lambda p: p["price"] or 0)
    ranked = {p["metric"] for p in own} - {None, r["choice"]["baseline"]}
    named = r["choice"]["metric"] if configuration == r["choice"]["configuration"] else None
    lines = {"-": [p for p in own if p["metric"] != named or named is None]}
    if named in ranked:
        lines["--"] = [p for p in own if p["metric"] in (named, None)]
    return lines


def is_recommended(point: PricePoint, recommendation: Recommendation) -> bool:
    """Whether a point is the recommended model.

    Args:
        point: of the prices.
        recommendation: from ``recommend``.

    Returns:
        False for all where the original model is to be kept.
    """
    choice = recommendation["choice"]
    if (point["configuration"], point["n_inputs"]) != (choice["configuration"], choice["n_inputs"]):
        return False
    return point["highest"] or point["metric"] == (choice["metric"] or choice["baseline"])
