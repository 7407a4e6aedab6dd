"""Which node may run next: the order of a graph whose nodes finish, fail and block others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Schedule(Generic[Item]):
    """Bookkeeping of one run: what is ready, running, done, failed and blocked.

    Ready nodes come in the order of the longest chain of nodes that waits for them, so that no long chain is started
    late; equals come in the order of ``dependencies``.

    Args:
        dependencies: for each node the nodes whose outputs it needs, in topological order.

    Attributes:
        done: finished nodes, in the order in which they finished.
        failed: what went wrong, for each failed node.

    >>> schedule = Schedule({"fit": [], "draw": ["fit"], "report": ["draw"], "other": []})
    >>> schedule.take(), schedule.take(), schedule.take()
    ('fit', 'other', None)
    >>> schedule.fail("fit", "no images"), schedule.finish("other")
    (None, None)
    >>> schedule.over, sorted(schedule.blocked)
    (True, ['draw', 'report'])
    """

    def __init__(self, dependencies: Mapping[Item, Collection[Item]]) -> None:
        self._waiting_for = {item: set(needed) for item, needed in dependencies.items()}
        self._dependents: dict[Item, list[Item]] = {item: [] for item in dependencies}
        for item, needed in dependencies.items():
            for other in needed:
                self._dependents[other].append(item)
        position = {item: index for index, item in enumerate(dependencies)}
        chain: dict[Item, int] = {}
        for item in reversed(list(dependencies)):
            chain[item] = 1 + max((chain[other] for other in self._dependents[item]), default=0)
        self._rank = {item: (-chain[item], position[item]) for item in dependencies}
        self._ready = {item for item, needed in self._waiting_for.items() if not needed}
        self.total = len(self._waiting_for)
        self.running: list[Item] = []
        self.done: list[Item] = []
        self.failed: dict[Item, str] = {}

    @property
    def over(self) -> bool:
        """Whether nothing runs and nothing more can."""
        return not self._ready and not self.running

    @property
    def blocked(self) -> set[Item]:
        """Nodes that need, directly or not, what a failed node should have made."""
        blocked: set[Item] = set()
        todo = list(self.failed)
        while todo:
            for item in self._dependents[todo.pop()]:
                if item not in blocked:
                    blocked.add(item)
                    todo.append(item)
        return blocked

    def ready(self, suits: Callable[[Item], bool] = lambda _: True) -> list[Item]:
        """Nodes that may start and suit, the one to start first at the front."""
        return sorted(filter(suits, self._ready), key=self._rank.__getitem__)

    def take(self, suits: Callable[[Item], bool] = lambda _: True) -> Item | None:
        """The node to start now, from here on counted as running; None when none is ready that suits."""
        item = next(iter(self.ready(suits)), None)
        if item is None:
            return None
        self._ready.remove(item)
        self.running.append(item)
        return item

    def finish(self, item: Item) -> None:
        """Count a running node as done; what waited only for it becomes ready."""
        self.running.remove(item)
        self.done.append(item)
        for other in self._dependents[item]:
            self._waiting_for[other].discard(item)
            if not self._waiting_for[other]:
                self._ready.add(other)

    def put_back(self, item: Item) -> None:
        """Make a running node ready again."""
        self.running.remove(item)
        self._ready.add(item)

    def fail(self, item: Item, reason: str) -> None:
        """Count a running node as failed; what needs it never becomes ready."""
        self.running.remove(item)
        self.failed[item] = reason
