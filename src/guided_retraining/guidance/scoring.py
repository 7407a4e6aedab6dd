"""Score a trace by a metric's name, or by the import path of a user's own function."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import InputError, ParameterError
from guided_retraining.guidance.registry import METRICS, Metric, Parameter
from guided_retraining.guidance.trace import Trace
from guided_retraining.guidance.wrappers import class_balanced, k_multisection
from guided_retraining.parameters.blocks import named_function

WRAPPERS: dict[str, dict[str, Parameter]] = {
    "class_balanced": {"by": Parameter("predictions", choices=("predictions", "labels"))},
    "k_multisection": {"n_sections": Parameter(4, 1)},
}


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
    chosen = dict(parameters or {})
    _check_wrapper(key, chosen.pop("wrapper", None))
    if key in METRICS:
        metric = METRICS[key]
        _check_parameters(f"metric {key!r}", chosen, metric.parameters)
        return metric
    if ":" not in key and "." not in key:
        close = get_close_matches(key, METRICS, n=3)
        hint = f" (did you mean {' or '.join(close)}?)" if close else ""
        raise ParameterError(
            f"there is no metric {key!r}{hint}; expected one of {', '.join(METRICS)}, or the import path of "
            "your own function, as package.module:function"
        )
    return _own_metric(key, chosen)


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
    function, chosen = named_function(name, dict(parameters or {}), "function")
    if name in METRICS and function != name:
        raise ParameterError(
            f"metric {name!r} is one of ours, but its row says function: {function}; give the row a name of its own"
        )
    return check_metric(function, chosen)


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
    metric = check_metric(key, parameters)
    wrapper = parameters.pop("wrapper", None)
    chosen = {name: parameter.default for name, parameter in metric.parameters.items()} | parameters
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
    return scores if wrapper is None else _wrap(scores, trace, wrapper, seed)


def _wrap(scores: NDArray[np.float64], trace: Trace, wrapper: Any, seed: int) -> NDArray[np.float64]:
    name, given = _split_wrapper(wrapper)
    chosen = {key: parameter.default for key, parameter in WRAPPERS[name].items()} | given
    if name == "class_balanced":
        return class_balanced(scores, getattr(trace, chosen["by"]), seed=seed)
    return k_multisection(scores, **chosen, seed=seed)


def _split_wrapper(wrapper: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(wrapper, Mapping) and len(wrapper) == 1:
        ((name, given),) = wrapper.items()
        return name, dict(given or {})
    return wrapper, {}


def _check_wrapper(key: str, wrapper: Any) -> None:
    if wrapper is None:
        return
    name, given = _split_wrapper(wrapper)
    if not isinstance(name, str) or name not in WRAPPERS:
        raise ParameterError(
            f"metric {key!r}: wrapper is {wrapper!r}; expected {' or '.join(WRAPPERS)}, or one of them "
            "with its parameters, as {k_multisection: {n_sections: 20}}"
        )
    _check_parameters(f"wrapper {name!r} of metric {key!r}", given, WRAPPERS[name])


def _check_parameters(owner: str, given: Mapping[str, Any], known: Mapping[str, Parameter]) -> None:
    for name, value in given.items():
        if name not in known:
            accepted = f"it takes {', '.join(known)}" if known else "it takes none"
            raise ParameterError(f"{owner} has no parameter {name!r}; {accepted}")
        known[name].check(f"{name} of {owner}", value)


def _own_metric(path: str, parameters: Mapping[str, Any]) -> Metric:
    module_name, _, name = path.partition(":") if ":" in path else path.rpartition(".")
    try:
        function = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ParameterError(
            f"metric {path!r} cannot be imported ({error}); expected package.module:function, with the "
            "package installed or on PYTHONPATH"
        ) from error
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
    return Metric(path, name, function, needs, "linear", path)  # type: ignore[arg-type]
