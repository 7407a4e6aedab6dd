"""One parameter of a metric, wrapper, attack or reader: its default, and the values it takes, in words and in code.

The rows of the registries are made of these, and everything that ``conf/``, a notebook or a class is given is checked
against them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from numbers import Integral, Real
from typing import Any

import numpy as np

from guided_retraining.errors import ParameterError
from guided_retraining.parameters.names import suggest

__all__ = ["Parameter", "check_values", "flag", "number", "one_of", "optional", "whole"]


@dataclass(frozen=True)
class Parameter:
    """A parameter's default, and what values it takes.

    Attributes:
        default: its value where none is given.
        expected: which values it takes, in words.
        accepts: whether a value is one of them.
    """

    default: Any
    expected: str
    accepts: Callable[[Any], bool] = field(repr=False)

    def check(self, owner: str, name: str, value: Any) -> None:
        """Refuse a value of another type or out of range.

        Args:
            owner: what has the parameter, for the error; may be empty.
            name: of the parameter.
            value: what was given.

        Raises:
            ParameterError: the value is not allowed.

        >>> number(0.2, low=0, high=1).check("neuron_coverage", "threshold", 2)
        Traceback (most recent call last):
        ...
        guided_retraining.errors.ParameterError: neuron_coverage: found threshold=2, expected a number from 0 to 1
        """
        if not self.accepts(value):
            start = f"{owner}: " if owner else ""
            raise ParameterError(f"{start}found {name}={value!r}, expected {self.expected}")


def number(default: Any, *, above: float = -inf, low: float = -inf, high: float = inf) -> Parameter:
    """A real number.

    Args:
        default: its value where none is given.
        above: it must be greater than this.
        low: the least value allowed.
        high: the greatest value allowed.

    >>> number(0.8, above=0, high=1).expected, number(0.1, above=0).expected
    ('a number above 0, at most 1', 'a number above 0')
    """
    if above > low:
        words = f" above {above:g}" + (f", at most {high:g}" if high < inf else "")
    elif high < inf:
        words = f" from {low:g} to {high:g}"
    else:
        words = f" of {low:g} or more" if low > -inf else ""
    return Parameter(
        default,
        f"a number{words}",
        lambda value: _is_a(Real, value) and above < value and low <= value <= high,
    )


def whole(default: int, *, low: int = 0, high: float = inf) -> Parameter:
    """A whole number.

    Args:
        default: its value where none is given.
        low: the least value allowed.
        high: the greatest value allowed.
    """
    return Parameter(
        default,
        f"a whole number from {low} to {high}" if high < inf else f"a whole number of {low} or more",
        lambda value: _is_a(Integral, value) and low <= value <= high,
    )


def flag(default: bool) -> Parameter:
    """True or false.

    Args:
        default: its value where none is given.
    """
    return Parameter(default, "true or false", lambda value: isinstance(value, (bool, np.bool_)))


def one_of(default: str | None, *choices: str) -> Parameter:
    """One of a few words.

    Args:
        default: its value where none is given.
        choices: the words.
    """
    return Parameter(
        default,
        " or ".join(choices),
        lambda value: isinstance(value, str) and value in choices,
    )


def optional(parameter: Parameter) -> Parameter:
    """The same parameter, or null.

    Args:
        parameter: what else it may be.
    """
    return replace(
        parameter,
        expected=f"{parameter.expected}, or null",
        accepts=lambda value: value is None or parameter.accepts(value),
    )


def check_values(owner: str, declared: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """All of an owner's parameters, once those given are known to be possible.

    Args:
        owner: what has the parameters, for errors.
        declared: its parameters by name.
        given: values by name.

    Returns:
        A value for each declared parameter: as given, or its default.

    Raises:
        ParameterError: there is no such parameter, or a value is not allowed.

    >>> check_values("kmnc", {"n_sections": whole(1000, low=1)}, {})
    {'n_sections': 1000}
    """
    for name, value in given.items():
        if name not in declared:
            raise ParameterError(f"{owner}: no such parameter '{name}'.{suggest(str(name), declared)}")
        declared[name].check(owner, name, value)
    return {name: parameter.default for name, parameter in declared.items()} | dict(given)


def _is_a(kind: type, value: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
