"""Names and numbers as people read them: one wording for figures, tables, sentences and the log."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from guided_retraining.attacks.registry import ATTACKS
from guided_retraining.guidance.registry import METRICS
from guided_retraining.parameters.names import own_name
from guided_retraining.parameters.strategies import PLAIN, asked_strategy

if TYPE_CHECKING:
    from guided_retraining.parameters.configurations import ConfigurationParameters

__all__ = [
    "attack_name",
    "configuration_label",
    "configuration_words",
    "configurations_in_words",
    "metric_name",
    "number",
    "p_text",
    "percent",
    "points",
    "seconds",
    "signed_points",
]

UNKNOWN = "n/a"


def metric_name(key: str | None) -> str:
    """A metric's name as shown; a user's own metric by its key's last part.

    Args:
        key: registry key or import path; None where nothing was ranked.

    Returns:
        The name.

    >>> metric_name("deep_gini"), metric_name("my_package.scores:edge_count")
    ('DeepGini', 'edge count')
    """
    if key is None:
        return "no ranking"
    return METRICS[key].label if key in METRICS else own_name(key)


def configuration_words(configuration: ConfigurationParameters | Mapping[str, Any]) -> str:
    """What a retraining configuration does, from its parameters and never from its key.

    Args:
        configuration: its parameters, typed or as in ``conf/``.

    Returns:
        Start weights, what is ranked, and what differs in the training; no two configurations that do
        different things have the same words.

    >>> configuration_words({"start": "fresh", "pool": "all"})
    'fresh weights, clean + adversarial pool'
    >>> configuration_words({"start": "original", "pool": "adversarial", "training": {"epochs": 3}})
    'original weights, adversarial pool only, epochs 3'
    >>> configuration_words({"start": "fresh", "strategy": {"adversarial_training": {"eps": 0.1}}})
    'adversarial training (FGSM with a random start, eps 0.1) from fresh weights'
    """
    row = configuration if isinstance(configuration, Mapping) else configuration.model_dump()
    pools = {"all": "clean + adversarial pool", "adversarial": "adversarial pool only"}
    pool = (
        "adversarial pool, all clean inputs kept" if row.get("keep_clean") else pools[row.get("pool", "all")]
    )
    strategy, values = asked_strategy(row.get("strategy", PLAIN))
    changes = [f"{name.replace('_', ' ')} {value}" for name, value in (row.get("training") or {}).items()]
    does = strategy.in_words(values)
    if not strategy.from_pool:
        return ", ".join([f"{does} from {row['start']} weights", *changes])
    return ", ".join([f"{row['start']} weights", *filter(None, [does]), pool, *changes])


def configurations_in_words(
    configurations: Mapping[str, ConfigurationParameters | Mapping[str, Any] | None],
    eps: float | None = None,
) -> dict[str, str]:
    """What each configuration of a study does, by key.

    Args:
        configurations: their parameters; those switched off are None.
        eps: of the study's attacks, which a typed configuration is told with that attacks and has none of its own.

    Returns:
        ``configuration_words`` of each that is not switched off.

    >>> configurations_in_words({"mine": {"start": "fresh", "pool": "all"}, "config_1": None})
    {'mine': 'fresh weights, clean + adversarial pool'}
    """
    return {
        key: configuration_words(row if isinstance(row, Mapping) else row.with_eps(eps))
        for key, row in configurations.items()
        if row is not None
    }


def configuration_label(key: str, words: Mapping[str, str]) -> str:
    """A configuration's key with its meaning, for sentences, tables and figures.

    Args:
        key: of the configuration.
        words: what each configuration does, by key, from ``configuration_words``.

    Returns:
        The key, with the words in brackets where they are known.

    >>> configuration_label("config_1", {"config_1": "fresh weights, clean + adversarial pool"})
    'config_1 (fresh weights, clean + adversarial pool)'
    """
    return f"{key} ({words[key]})" if key in words else key


def attack_name(key: str) -> str:
    """An attack's name as shown; a user's own attack by its key's last part.

    Args:
        key: registry key or import path.

    Returns:
        The name.

    >>> attack_name("bim"), attack_name("mine.attacks:blur")
    ('BIM', 'blur')
    """
    return ATTACKS[key].label if key in ATTACKS else own_name(key)


def percent(value: float | None, digits: int = 1) -> str:
    """A share in percent.

    Args:
        value: in [0, 1]; None or NaN if it is not known.
        digits: after the point.

    Returns:
        Text with its sign.

    >>> percent(0.9123), percent(None)
    ('91.2 %', 'n/a')
    """
    return UNKNOWN if value is None or not isfinite(value) else f"{100 * value:.{digits}f} %"


def points(value: float | None) -> str:
    """An unsigned difference of accuracies in percentage points.

    Args:
        value: in [-1, 1]; None or NaN if it is not known.

    Returns:
        Text with its unit.

    >>> points(0.0123)
    '1.2 points'
    """
    return UNKNOWN if value is None or not isfinite(value) else f"{100 * abs(value):.1f} points"


def signed_points(value: float | None, *, unit: bool = True) -> str:
    """A signed difference of accuracies in percentage points, with a true minus sign.

    Args:
        value: in [-1, 1]; None or NaN if it is not known.
        unit: whether the unit follows.

    Returns:
        Text.

    >>> signed_points(-0.0123), signed_points(0.5, unit=False)
    ('\N{MINUS SIGN}1.2 points', '+50.0')
    """
    if value is None or not isfinite(value):
        return UNKNOWN
    text = f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}")
    if text[1:] == "0.0":
        text = "0.0"
    return f"{text} points" if unit else text


def p_text(value: float | None) -> str:
    """A p-value as statisticians print it.

    Args:
        value: in [0, 1]; None or NaN if it is undefined.

    Returns:
        Text.

    >>> p_text(0.0321), p_text(1e-6), p_text(None)
    ('p = 0.032', 'p < 0.001', 'p undefined')
    """
    if value is None or not isfinite(value):
        return "p undefined"
    if value < 0.001:
        return "p < 0.001"
    return f"p = {value:.2g}"


def seconds(value: float | None) -> str:
    """A duration in the unit that suits its size.

    Args:
        value: seconds; None or NaN if it is not known.

    Returns:
        Text with its unit.

    >>> [seconds(s) for s in (0.00031, 0.25, 12.34, 754, 9000)]
    ['0.31 ms', '250 ms', '12.3 s', '12.6 min', '2.5 h']
    """
    if value is None or not isfinite(value):
        return UNKNOWN
    for limit, factor, name in ((1.0, 1e3, "ms"), (120.0, 1.0, "s"), (7200.0, 1 / 60, "min")):
        if value < limit:
            return f"{value * factor:.3g} {name}"
    return f"{value / 3600:.3g} h"


def number(value: float | None) -> str:
    """A count with thousands separators.

    Args:
        value: the count; None or NaN if it is not known.

    Returns:
        Text.

    >>> number(55998)
    '55,998'
    """
    return UNKNOWN if value is None or not isfinite(value) else f"{value:,.0f}"
