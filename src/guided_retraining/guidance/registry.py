"""The table of guidance metrics: adding one is one function and one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from guided_retraining.guidance import boundaries, coverage, diversity, uncertainty
from guided_retraining.guidance.trace import Trace
from guided_retraining.parameters.parameter import Parameter, flag, number, one_of, whole

Need = Literal["probabilities", "activations", "labels", "reference"]


@dataclass(frozen=True)
class Metric:
    """A row of the table: all that there is to know of a metric.

    Args:
        key: its name in ``conf/`` and in results.
        label: its name in sentences, figures and tables.
        function: called as ``function(trace, **parameters)``; also gets ``seed`` if it takes one. Gives
            ``(n,)``.
        needs: what it reads of a trace.
        source: where it was published.
        glossary: what a high score says, a sentence for the report; empty for none.
        colour: as ``#RRGGBB``; empty for a spare one.
        marker: Matplotlib's name of it.
        line: Matplotlib's line style.
        parameters: names, defaults and allowed values.
        higher_is_earlier: False for a metric whose lowest scores come first; ``score`` turns its sign.
        per_seed: its scores are drawn anew for each seed.
    """

    key: str
    label: str
    function: Callable[..., NDArray[Any]]
    needs: tuple[Need, ...]
    source: str
    glossary: str = ""
    colour: str = ""
    marker: str = "o"
    line: str = "-"
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    higher_is_earlier: bool = True
    per_seed: bool = False


def _surprise(estimator: str) -> Callable[..., NDArray[np.float64]]:
    """A surprise metric by its class, imported when first used: scikit-learn is slow to import."""

    def scores(trace: Trace, **parameters: Any) -> NDArray[np.float64]:
        made = getattr(import_module("guided_retraining.guidance"), estimator)(**parameters)
        made.fit(trace.reference, trace.predictions[: trace.n_reference])
        found: NDArray[np.float64] = made.score_samples(
            trace.activations, trace.predictions, reference_index=trace.reference_index
        )
        return found

    return scores


def _kmnc(trace: Trace, *, n_sections: int, seed: int) -> NDArray[np.float64]:
    return boundaries.multisection_coverage(
        trace.activations, trace.reference, n_sections=n_sections, seed=seed
    )


def _random(trace: Trace, *, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).permutation(len(trace)).astype(np.float64)


_SURPRISE: tuple[Need, ...] = ("activations", "probabilities", "reference")
_RANGES: tuple[Need, ...] = ("activations", "reference")

# Colours: Okabe and Ito (2008), without their yellow (too faint on white), for the six of the published study; the
# others from Tol (2021), "Colour schemes", muted. Like colours differ in marker and line as well.
_ROWS = (
    Metric(
        "neuron_coverage", "neuron coverage",
        lambda trace, threshold: coverage.neuron_coverage(trace.activations, threshold),
        ("activations",), "Pei et al., DeepXplore, SOSP 2017",
        "Share of the last hidden layer's neurons that an input activates.",
        "#E69F00", "s", parameters={"threshold": number(0.2, low=0, high=1)},
    ),
    Metric(
        "lsa", "LSA", _surprise("LikelihoodSurprise"), _SURPRISE, "Kim, Feldt and Yoo, ICSE 2019",
        "Likelihood-based surprise adequacy: how improbable an input's activations are, seen from the training "
        "inputs of the predicted class.",
        "#56B4E9", "^",
        parameters={
            "min_variance": number(1e-5, low=0),
            "exclude_self": flag(False),
            "drop_columns": one_of("per_class", "per_class", "any_class"),
        },
    ),
    Metric(
        "dsa", "DSA", _surprise("DistanceSurprise"), _SURPRISE, "Kim, Feldt and Yoo, ICSE 2019",
        "Distance-based surprise adequacy: how far an input's activations are from the training inputs of the "
        "predicted class, relative to how near another class is.",
        "#0072B2", "o", parameters={"exclude_self": flag(True)},
    ),
    Metric(
        "deep_gini", "DeepGini", lambda trace: uncertainty.deep_gini(trace.probabilities),
        ("probabilities",), "Feng et al., DeepGini, ISSTA 2020",
        "How undecided the model's output probabilities are: 1 minus the sum of their squares.",
        "#D55E00", "D",
    ),
    Metric(
        "softmax_entropy", "softmax entropy", lambda trace: uncertainty.softmax_entropy(trace.probabilities),
        ("probabilities",), "Shannon, 1948; Weiss and Tonella, ISSTA 2022",
        "How undecided the model's output probabilities are: their entropy.",
        "#009E73", "v",
    ),
    Metric(
        "random", "random", _random, (), "the baseline",
        "A random order: the baseline that a guidance metric has to beat to be worth its computation.",
        "#000000", "x", "--", per_seed=True,
    ),
    Metric(
        "margin", "margin", lambda trace: uncertainty.margin(trace.probabilities),
        ("probabilities",), "Scheffer, Decomain and Wrobel, IDA 2001",
        "How near the second greatest output probability comes to the greatest.",
        "#CC79A7", "P",
    ),
    Metric(
        "max_softmax", "max softmax", lambda trace: uncertainty.max_softmax(trace.probabilities),
        ("probabilities",), "Hendrycks and Gimpel, ICLR 2017",
        "How small the greatest output probability is.",
        "#882255", "h", "-.",
    ),
    Metric(
        "mdsa", "MDSA", _surprise("MahalanobisSurprise"), _SURPRISE,
        "Kim, Ju, Feldt and Yoo, ESEC/FSE 2020",
        "Mahalanobis distance of an input's activations from the mean of the training inputs of the predicted "
        "class.",
        "#332288", "<",
    ),
    Metric(
        "loss", "loss (true label)",
        lambda trace: uncertainty.cross_entropy_loss(trace.probabilities, trace.labels),
        ("probabilities", "labels"), "cross-entropy, an upper baseline with the true labels",
        "Cross-entropy of the true label: what could be reached if the labels of the pool were known.",
        "#999933", "*", "-.",
    ),
    Metric(
        "nbc", "NBC",
        lambda trace, n_std: boundaries.neuron_boundary(trace.activations, trace.reference, n_std=n_std),
        _RANGES, "Ma et al., DeepGauge, ASE 2018",
        "Neuron boundary coverage: share of neurons outside the range they have on the training inputs.",
        "#AA4499", ">", ":", {"n_std": number(0.0, low=0)},
    ),
    Metric(
        "snac", "SNAC",
        lambda trace, n_std: boundaries.strong_activation(trace.activations, trace.reference, n_std=n_std),
        _RANGES, "Ma et al., DeepGauge, ASE 2018",
        "Strong neuron activation coverage: share of neurons above the range they have on the training inputs.",
        "#117733", "p", ":", {"n_std": number(0.0, low=0)},
    ),
    Metric(
        "kmnc", "KMNC", _kmnc, _RANGES, "Ma et al., DeepGauge, ASE 2018",
        "k-multisection neuron coverage: each next input covers the most new sections of the neurons' ranges.",
        "#CC6677", "d", ":", {"n_sections": whole(1000, low=1)},
    ),
    Metric(
        "k_center", "k-centre",
        lambda trace, n_picks: diversity.k_center(trace.activations, n_picks=n_picks),
        ("activations",), "Gonzalez, 1985; Sener and Savarese, ICLR 2018",
        "Each next input is the farthest from all before it, by activations.",
        "#44AA99", "X", "-.", {"n_picks": whole(1000, low=1)},
    ),
)  # fmt: skip
METRICS: dict[str, Metric] = {row.key: row for row in _ROWS}
