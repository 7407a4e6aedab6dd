"""Score a trace by a metric's name, or by the import path of a user's own function."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.guidance.registry import METRICS, Metric
from guided_retraining.guidance.trace import Trace
from guided_retraining.guidance.wrappers import WRAPPERS
from guided_retraining.parameters.names import imported, look_up, named_function, own_name
from guided_retraining.parameters.parameter import check_values

OWN = "Or give the import path of your own function, as package.module:function."


def check_metric(key: str, parameters: Mapping[str, Any] | None = None) -> Metric:
    """Look a metric up and check its parameters, without computing anything.

    Args:
        key: a name in ``METRICS``, or the import path of a function, ``package.module:function`` or
            ``package.module.function``, called as ``function(trace, **parameters)`` to give ``(n,)``
            scores, higher = earlier; it gets ``seed`` too if it takes one.
        parameters: the metric's own, and ``wrapper``: a name in ``WRAPPERS``, or that name with its
            parameters, as in ``{"k_multisection": {"n_sections": 20}}``.

    Returns:
        The metric's row; for an import path one made for it.

    Raises:
        ParameterError: an unknown metric, parameter or wrapper, an impossible value, or nothing at the
            import path.

    >>> check_metric("dsa", {"exclude_self": False}).label
    'DSA'
    """
    return _resolve(key, parameters or {})[0]


def row_metric(name: str, parameters: Mapping[str, Any] | None) -> Metric:
    """The metric that a row of YAML stands for: what it does is said by its ``function``, not by its name.

    Args:
        name: of the row.
        parameters: of the row; ``function`` names a metric other than ``name``.

    Returns:
        The metric's row; for an import path one made for it.

    Raises:
        ParameterError: the row is named like a metric of ours and stands for another; else see
            ``check_metric``.

    >>> row_metric("chance", {"function": "random"}).per_seed
    True
    """
    return check_metric(*named_function(name, parameters, "function", METRICS))


def drawn_row(rows: Mapping[str, Mapping[str, Any] | None]) -> str | None:
    """The row of YAML that draws its order: the baseline that needs no ranking.

    Args:
        rows: of the metrics, by name.

    Returns:
        The first such name, None where there is none.

    >>> drawn_row({"lsa": {}, "chance": {"function": "random"}})
    'chance'
    """
    drawn = (name for name, row in rows.items() if row is not None and row_metric(name, row).per_seed)
    return next(drawn, None)


def score(key: str, trace: Trace, *, seed: int = 0, **parameters: Any) -> NDArray[np.float64]:
    """Score all inputs of a trace.

    Args:
        key: a name in ``METRICS`` or an import path, see ``check_metric``.
        trace: the pool, n inputs.
        seed: of a metric's or a wrapper's draws; the surprise and softmax metrics draw nothing.
        **parameters: the metric's own and ``wrapper``, see ``check_metric``.

    Returns:
        ``(n,)`` float64, higher = earlier, for each metric; infinity where its formula is not finite.

    Raises:
        ParameterError: see ``check_metric``.
        InputError: the trace cannot be scored, or a user's function does not give ``(n,)`` numbers.

    >>> trace = Trace(np.eye(2), np.array([[1, 0], [0.5, 0.5]]), np.array([0, 1]), n_reference=1)
    >>> score("deep_gini", trace)
    array([0. , 0.5])
    """
    metric, chosen, wrapper = _resolve(key, parameters)
    if "seed" in inspect.signature(metric.function).parameters:
        chosen["seed"] = seed
    scores = np.asarray(metric.function(trace, **chosen))
    if scores.shape != (len(trace),) or scores.dtype.kind not in "fiub":
        raise InputError(
            f"metric {key!r} gave shape {scores.shape} and dtype {scores.dtype}; expected "
            f"({len(trace)},) real numbers"
        )
    if np.isnan(scores).any():
        raise InputError(f"metric {key!r} gave NaN, first for input {int(np.argmax(np.isnan(scores)))}")
    scores = scores.astype(np.float64) if metric.higher_is_earlier else -scores.astype(np.float64)
    if wrapper is None:
        return scores
    name, given = wrapper
    return WRAPPERS[name].function(scores, trace, seed=seed, **given)


def _resolve(
    key: str, parameters: Mapping[str, Any]
) -> tuple[Metric, dict[str, Any], tuple[str, dict[str, Any]] | None]:
    """A metric's row, all its parameters, and its wrapper with all of its own."""
    given = dict(parameters)
    wrapper = _wrapper(key, given.pop("wrapper", None))
    if ":" in key or "." in key:
        return _own_metric(key, given), given, wrapper
    metric = look_up("metric", key, METRICS, OWN)
    return metric, check_values(f"metric {key}", metric.parameters, given), wrapper


def _wrapper(key: str, asked: Any) -> tuple[str, dict[str, Any]] | None:
    if asked is None:
        return None
    name: Any = asked
    given: Mapping[str, Any] | None = None
    if isinstance(asked, Mapping) and len(asked) == 1:
        ((name, given),) = asked.items()
    if not isinstance(name, str) or name not in WRAPPERS:
        raise ParameterError(
            f"metric {key}: found wrapper={asked!r}, expected {' or '.join(WRAPPERS)}, or one of them with its "
            "parameters, as {k_multisection: {n_sections: 20}}"
        )
    return name, check_values(f"wrapper {name} of metric {key}", WRAPPERS[name].parameters, given or {})


def _own_metric(path: str, parameters: Mapping[str, Any]) -> Metric:
    function = imported("metric", path)
    if not callable(function):
        raise ParameterError(f"metric {path!r} is a {type(function).__name__}; expected a function")
    signature = inspect.signature(function)
    try:
        signature.bind(None, **({"seed": 0} if "seed" in signature.parameters else {}), **parameters)
    except TypeError as error:
        raise ParameterError(
            f"metric {path!r} does not take (trace, {', '.join(parameters)}): {error}; its "
            f"signature is {signature}"
        ) from error
    needs = ("probabilities", "activations", "labels", "reference")
    return Metric(path, own_name(path), function, needs, path)  # type: ignore[arg-type]
