"""An object in a process of its own: benchmarks that compare ways of using TensorFlow's threads need one for each."""

from __future__ import annotations

import atexit
import multiprocessing
import os
from typing import Any

CONTEXT = multiprocessing.get_context("spawn")


class Elsewhere:
    """An object in a process of its own, whose methods are called here.

    Args:
        kind: its class; ``environment`` is set in the process before TensorFlow is loaded.
        arguments: of the class.
    """

    def __init__(self, kind: type, *arguments: Any) -> None:
        self._connection, theirs = CONTEXT.Pipe()
        before = dict(os.environ)
        os.environ.update(kind.environment)  # type: ignore[attr-defined]
        self._process = CONTEXT.Process(target=_serve, args=(theirs, kind, arguments), daemon=True)
        self._process.start()
        os.environ.clear()
        os.environ.update(before)
        assert self._connection.recv() == "ready"
        atexit.register(self.close)

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(10)

    def __call__(self, method: str, *arguments: Any) -> Any:
        """The result of a method, or the value of an attribute."""
        self._connection.send((method, arguments))
        return self._connection.recv()


def _serve(connection: Any, kind: type, arguments: tuple[Any, ...]) -> None:
    served = kind(*arguments)
    connection.send("ready")
    while True:
        try:
            method, given = connection.recv()
        except EOFError:
            return
        found = getattr(served, method)
        connection.send(found(*given) if callable(found) else found)
