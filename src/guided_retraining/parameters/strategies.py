"""The ways of hardening a model, a row each: names, words and parameters. No deep-learning library is imported here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from guided_retraining.errors import ParameterError
from guided_retraining.parameters.names import look_up
from guided_retraining.parameters.parameter import (
    Parameter,
    check_values,
    flag,
    number,
    one_of,
    optional,
    whole,
)

__all__ = ["PLAIN", "STRATEGIES", "Strategy", "asked_strategy"]

Values = Mapping[str, Any]
PLAIN = "retraining"  # on stored inputs: what a configuration does that names no strategy
ROOM = "guided_retraining.retraining"


@dataclass(frozen=True)
class Strategy:
    """One way of hardening a model: all that there is to know of it.

    Attributes:
        key: its name in parameters.
        words: what it does, or a function that says it from its parameters; empty for the plain way.
        target: import path of the function ``(cell, trainer) -> FitCost`` that trains a model in this way.
        source: where it was published.
        parameters: names, defaults and allowed values.
        ordered: whether, with given parameters, it matters which inputs come first.
        from_pool: whether its budgets count chosen inputs of the pool, not inputs made during training.
        attacks: whether it makes attacks of its own, and so needs an ``eps``.
    """

    key: str
    words: Callable[[Values], str] | str
    target: str
    source: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    ordered: Callable[[Values], bool] | bool = True
    from_pool: bool = False
    attacks: bool = False

    def in_words(self, values: Values) -> str:
        """What it does with these parameters."""
        return self.words if isinstance(self.words, str) else self.words(values)

    def uses_order(self, values: Values) -> bool:
        """Whether it matters, with these parameters, which inputs come first."""
        return self.ordered if isinstance(self.ordered, bool) else self.ordered(values)


def asked_strategy(asked: str | Mapping[str, Any]) -> tuple[Strategy, dict[str, Any]]:
    """The strategy that a configuration names, and all its parameters.

    Args:
        asked: a name, or a name with parameters, ``{name: {...}}``.

    Raises:
        ParameterError: an unknown strategy or parameter, or a value out of range.

    >>> row, values = asked_strategy({"adversarial_training": {"steps": 7}})
    >>> row.key, values["steps"], values["share"]
    ('adversarial_training', 7, 1.0)
    """
    name, given = asked, None
    if isinstance(asked, Mapping):
        if len(asked) != 1:
            raise ParameterError(
                f"strategy: found {dict(asked)!r}, expected one name, as in {{rounds: {{rounds: 3}}}}"
            )
        ((name, given),) = asked.items()
    row = look_up("strategy", str(name), STRATEGIES, "")
    return row, check_values(f"strategy {name}", row.parameters, given or {})


def _attack_words(values: Values) -> str:
    size = "" if values["eps"] is None else f", eps {values['eps']:g}"
    name = "FGSM with a random start" if values["steps"] == 1 else f"PGD-{values['steps']}"
    length = "" if values["step_size"] is None else f", steps of {values['step_size']:g} eps"
    return f"{name}{size}{length}"


def _adversarial_words(values: Values) -> str:
    words = f"adversarial training ({_attack_words(values)})"
    if values["share"] == 1:
        return words
    first = "lowest" if values["lowest_first"] else "highest"
    rest = {"clean": "left clean", "fgsm": "attacked by FGSM"}[values["rest"]]
    return f"{words} of the {100 * values['share']:g} % that score {first} in each epoch, the rest {rest}"


def _rounds_words(values: Values) -> str:
    return (
        f"{values['rounds']} rounds of attacking the current model ({_attack_words(values)}) and retraining"
    )


_BALL = {
    "eps": optional(number(None, above=0, high=1)),
    "step_size": optional(number(None, above=0)),
}
_ROWS = (
    Strategy(
        PLAIN,
        "",
        f"{ROOM}.cells:fit_chosen",
        "the published study",
        from_pool=True,
    ),
    Strategy(
        "adversarial_training",
        _adversarial_words,
        f"{ROOM}.adversarial_training:fit",
        "Madry et al. 2018, arXiv 1706.06083; Wong, Rice and Kolter 2020, arXiv 2001.03994",
        {
            **_BALL,
            "steps": whole(1, low=1, high=100),
            "share": number(1.0, above=0, high=1),
            "rest": one_of("clean", "clean", "fgsm"),
            "lowest_first": flag(False),
        },
        ordered=lambda values: values["share"] < 1,
        attacks=True,
    ),
    Strategy(
        "rounds",
        _rounds_words,
        f"{ROOM}.rounds:fit",
        "Zheng et al. 2020, arXiv 1912.11969, for going on from earlier perturbations",
        {**_BALL, "rounds": whole(3, low=1, high=100), "steps": whole(10, low=1, high=100)},
        from_pool=True,
        attacks=True,
    ),
    Strategy(
        "clean_continuation",
        "training on clean inputs only (the control)",
        f"{ROOM}.adversarial_training:fit_clean",
        "the control for longer training",
        ordered=False,
    ),
)
STRATEGIES: dict[str, Strategy] = {row.key: row for row in _ROWS}
