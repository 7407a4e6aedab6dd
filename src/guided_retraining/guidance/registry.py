"""The table of guidance metrics: adding one is one function and one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from guided_retraining.errors import ParameterError
from guided_retraining.guidance import boundaries, coverage, diversity, uncertainty
from guided_retraining.guidance.trace import Trace

Need = Literal["probabilities", "activations", "labels", "reference"]


@dataclass(frozen=True)
class Parameter:
    """A metric's parameter: its default, whose type is the type expected, and what values it may take.

    Args:
        default: a bool, int, float or str.
        low: the least number allowed.
        high: the greatest number allowed.
        choices: the strings allowed.
    """

    default: Any
    low: float = 0.0
    high: float = np.inf
    choices: tuple[str, ...] = ()

    def check(self, name: str, value: Any) -> None:
        """Refuse a value of another type or out of range.

        Args:
            name: what to call it in the error.
            value: what was given.

        Raises:
            ParameterError: the value is not allowed.
        """
        if isinstance(self.default, bool):
            fits, expected = isinstance(value, bool), "true or false"
        elif isinstance(self.default, str):
            fits, expected = value in self.choices, " or ".join(map(repr, self.choices))
        else:
            kinds = (int,) if isinstance(self.default, int) else (int, float)
            fits = isinstance(value, kinds) and not isinstance(value, bool) and self.low <= value <= self.high
            whole = "a whole number" if isinstance(self.default, int) else "a number"
            expected = f"{whole} from {self.low:g} to {self.high:g}"
        if not fits:
            raise ParameterError(f"{name} is {value!r}; expected {expected}")


@dataclass(frozen=True)
class Metric:
    """A row of the table.

    Args:
        key: its name in ``conf/`` and in results.
        label: its name in figures and tables.
        function: called as ``function(trace, **parameters)``; also gets ``seed`` if it takes one. Gives
            ``(n,)``.
        needs: what it reads of a trace.
        cost: how its time grows: ``linear`` with the inputs, ``pairwise`` with inputs times reference
            elements, ``greedy`` with inputs times picks.
        source: where it was published.
        parameters: names, defaults and allowed values.
        higher_is_earlier: False for a metric whose lowest scores come first; ``score`` turns its sign.
        per_seed: its scores are drawn anew for each seed.
    """

    key: str
    label: str
    function: Callable[..., NDArray[Any]]
    needs: tuple[Need, ...]
    cost: Literal["linear", "pairwise", "greedy"]
    source: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    higher_is_earlier: bool = True
    per_seed: bool = False


def _surprise(estimator: Any, trace: Trace) -> NDArray[np.float64]:
    m = trace.n_reference
    estimator.fit(trace.activations[:m], trace.predictions[:m])
    return estimator.score_samples(
        trace.activations, trace.predictions, reference_index=trace.reference_index
    )


# The surprise classes are imported when first used: scikit-learn is slow to import, checking a
# configuration is not.
def _dsa(trace: Trace, *, exclude_self: bool) -> NDArray[np.float64]:
    from guided_retraining.guidance.distance_surprise import DistanceSurprise

    return _surprise(DistanceSurprise(exclude_self=exclude_self), trace)


def _lsa(trace: Trace, *, min_variance: float, drop_columns: str, exclude_self: bool) -> NDArray[np.float64]:
    from guided_retraining.guidance.likelihood_surprise import LikelihoodSurprise

    chosen = {"min_variance": min_variance, "drop_columns": drop_columns, "exclude_self": exclude_self}
    return _surprise(LikelihoodSurprise(**chosen), trace)  # type: ignore[arg-type]


def _mdsa(trace: Trace) -> NDArray[np.float64]:
    from guided_retraining.guidance.mahalanobis_surprise import MahalanobisSurprise

    return _surprise(MahalanobisSurprise(), trace)


def _of_probabilities(function: Callable[..., NDArray[Any]]) -> Callable[..., NDArray[Any]]:
    return lambda trace: function(trace.probabilities)


def _of_activations(function: Callable[..., NDArray[Any]]) -> Callable[..., NDArray[Any]]:
    return lambda trace, **parameters: function(trace.activations, **parameters)


def _against_reference(function: Callable[..., NDArray[Any]]) -> Callable[..., NDArray[Any]]:
    return lambda trace, **parameters: function(
        trace.activations, trace.activations[: trace.n_reference], **parameters
    )


def _kmnc(trace: Trace, *, n_sections: int, seed: int) -> NDArray[np.float64]:
    reference = trace.activations[: trace.n_reference]
    return boundaries.multisection_coverage(trace.activations, reference, n_sections=n_sections, seed=seed)


def _random(trace: Trace, *, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).permutation(len(trace)).astype(np.float64)


_SURPRISE: tuple[Need, ...] = ("activations", "probabilities", "reference")
_RANGES: tuple[Need, ...] = ("activations", "reference")
_N_STD = {"n_std": Parameter(0.0)}
_ROWS = (
    Metric("neuron_coverage", "NC", _of_activations(coverage.neuron_coverage), ("activations",), "linear",
           "Pei et al., DeepXplore, SOSP 2017", {"threshold": Parameter(0.2, 0, 1)}),
    Metric("lsa", "LSA", _lsa, _SURPRISE, "pairwise", "Kim, Feldt and Yoo, ICSE 2019",
           {"min_variance": Parameter(1e-5), "exclude_self": Parameter(False),
            "drop_columns": Parameter("per_class", choices=("per_class", "any_class"))}),
    Metric("dsa", "DSA", _dsa, _SURPRISE, "pairwise", "Kim, Feldt and Yoo, ICSE 2019",
           {"exclude_self": Parameter(True)}),
    Metric("deep_gini", "DeepGini", _of_probabilities(uncertainty.deep_gini), ("probabilities",), "linear",
           "Feng et al., DeepGini, ISSTA 2020"),
    Metric("softmax_entropy", "Entropy", _of_probabilities(uncertainty.softmax_entropy), ("probabilities",),
           "linear", "Shannon, 1948; Weiss and Tonella, ISSTA 2022"),
    Metric("random", "Random", _random, (), "linear", "the baseline", per_seed=True),
    Metric("margin", "Margin", _of_probabilities(uncertainty.margin), ("probabilities",), "linear",
           "Scheffer, Decomain and Wrobel, IDA 2001"),
    Metric("max_softmax", "Max softmax", _of_probabilities(uncertainty.max_softmax), ("probabilities",),
           "linear", "Hendrycks and Gimpel, ICLR 2017"),
    Metric("mdsa", "MDSA", _mdsa, _SURPRISE, "linear", "Kim, Ju, Feldt and Yoo, ESEC/FSE 2020"),
    Metric("loss", "Loss (true label)",
           lambda trace: uncertainty.cross_entropy_loss(trace.probabilities, trace.labels),
           ("probabilities", "labels"), "linear", "cross-entropy, an upper baseline with the true labels"),
    Metric("nbc", "NBC", _against_reference(boundaries.neuron_boundary), _RANGES, "linear",
           "Ma et al., DeepGauge, ASE 2018", _N_STD),
    Metric("snac", "SNAC", _against_reference(boundaries.strong_activation), _RANGES, "linear",
           "Ma et al., DeepGauge, ASE 2018", _N_STD),
    Metric("kmnc", "KMNC", _kmnc, _RANGES, "greedy", "Ma et al., DeepGauge, ASE 2018",
           {"n_sections": Parameter(1000, 1)}),
    Metric("k_center", "k-centre", _of_activations(diversity.k_center), ("activations",), "greedy",
           "Gonzalez, 1985; Sener and Savarese, ICLR 2018", {"n_picks": Parameter(1000, 1)}),
)  # fmt: skip
METRICS: dict[str, Metric] = {row.key: row for row in _ROWS}
