"""Things that are costly to make, lent for the length of a ``with`` block and kept for the next who needs the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["Lender"]

Thing = TypeVar("Thing")


class Lender(Generic[Thing]):
    """Lends things by kind; who holds one holds it alone, so threads and Dask workers may share a lender.

    Args:
        most_kinds: kinds of which idle things are kept; those of the kind unused for longest are let go.

    >>> lender = Lender(most_kinds=1)
    >>> with lender.lent("list", list) as first:
    ...     first.append(1)
    >>> with lender.lent("list", list) as again:
    ...     again
    [1]
    """

    def __init__(self, *, most_kinds: int) -> None:
        self.most_kinds = most_kinds
        self._idle: dict[str, list[Thing]] = {}
        self._lock = Lock()

    @contextmanager
    def lent(self, kind: str, make: Callable[[], Thing]) -> Iterator[Thing]:
        """An idle thing of that kind, or a new one.

        Args:
            kind: things of one kind can stand in for each other.
            make: makes one.
        """
        with self._lock:
            idle = self._idle.get(kind)
            thing = idle.pop() if idle else None
        if thing is None:
            thing = make()
        try:
            yield thing
        finally:
            with self._lock:
                kept = self._idle.pop(kind, [])
                self._idle[kind] = [*kept, thing]
                for oldest in list(self._idle)[: max(0, len(self._idle) - self.most_kinds)]:
                    del self._idle[oldest]
