"""Compiled copies of a model that serve all models of its architecture, one after the other.

A study has an original model in each replicate. Compiling a forward pass or an attack takes longer than running it on a
small model; with other weights set, what was compiled for one replicate serves the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from guided_retraining.machine.lending import Lender
from guided_retraining.models.cloning import architecture, clone

__all__ = ["WorkingCopy", "working_copy"]


class WorkingCopy:
    """A clone of a model, and what was made and compiled for it.

    Args:
        model: a built Keras classifier; it is left as it is.
    """

    def __init__(self, model: Any) -> None:
        self.model = clone(model)
        self._made: dict[str, Any] = {}

    def tool(self, name: str, make: Callable[[Any], Any]) -> Any:
        """What ``make`` gives for the clone, made once; it has to read the weights when it is used.

        Args:
            name: other tools have others.
            make: of the clone.
        """
        if name not in self._made:
            self._made[name] = make(self.model)
        return self._made[name]


_COPIES: Lender[WorkingCopy] = Lender(most_kinds=1)  # a study is of one architecture


@contextmanager
def working_copy(model: Any) -> Iterator[WorkingCopy]:
    """A copy with the model's weights, the caller's own for a ``with`` block.

    Args:
        model: a built Keras classifier.
    """
    with _COPIES.lent(architecture(model), lambda: WorkingCopy(model)) as copy:
        copy.model.set_weights(model.get_weights())
        yield copy
