"""A configuration of the study: how models are hardened, from which inputs, at which budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from guided_retraining.errors import ParameterError
from guided_retraining.parameters.strategies import PLAIN, Strategy, asked_strategy


class Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class BudgetFractions(Parameters):
    """Budgets as shares of the inputs that can be chosen."""

    fractions: tuple[float, ...]

    @field_validator("fractions", mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        """Numbers, or text such as 1/32."""
        try:
            return tuple(float(Fraction(str(one))) for one in value)
        except (TypeError, ValueError, ZeroDivisionError):
            raise ValueError("shares such as [1/4, 1/2, 1]") from None

    @field_validator("fractions")
    @classmethod
    def _increasing(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or not 0 < value[0] <= value[-1] <= 1 or sorted(set(value)) != list(value):
            raise ValueError("increasing shares above 0 and at most 1, for example [1/4, 1/2, 1]")
        return value


Budgets = int | tuple[int, ...] | BudgetFractions


def increasing_budgets(value: Budgets) -> Budgets:
    """Budgets, refused where they are no numbers of inputs that grow."""
    if isinstance(value, BudgetFractions):
        return value
    steps = (value,) if isinstance(value, int) else value
    if not steps or min(steps) < 1 or sorted(set(steps)) != list(steps):
        raise ValueError(
            "a number of equal steps (20), an increasing list of input counts ([100, 200]), or shares "
            "({fractions: [1/4, 1/2, 1]})"
        )
    return value


class ConfigurationParameters(Parameters):
    """One configuration: where the weights start, how they are hardened, and what is ranked and cut."""

    start: Literal["fresh", "original"]
    strategy: str | dict[str, Any] = PLAIN  # a name, or a name with parameters: parameters/strategies.py
    pool: Literal["all", "adversarial"] = "all"
    keep_clean: bool = False
    metrics: tuple[str, ...] | None = None  # orders to compare here; None: all of the study
    budgets: Budgets | None = None  # None: the study's
    training: dict[str, Any] = {}
    # metrics that take part in the first so many replicates only, as their question is settled: `guided study`
    decided: dict[str, int] = {}

    @property
    def hardening(self) -> tuple[Strategy, dict[str, Any]]:
        """The row of its strategy, and all its parameters."""
        return asked_strategy(self.strategy)

    def orders(self, metrics: Mapping[str, Any], drawn: str | None) -> list[str]:
        """The rows of metrics whose orders are compared, the drawn one first; it alone where the order does not matter.

        The first one stands for all at the largest budget. A strategy that orders inputs by the model of the moment
        differs from order to order even there.

        Args:
            metrics: of the study.
            drawn: the one that draws its order, None where there is none.
        """
        row, values = self.hardening
        if not row.uses_order(values):
            return [drawn] if drawn is not None else list(metrics)[:1]
        compared = [name for name in metrics if self.metrics is None or name in self.metrics]
        return sorted(compared, key=lambda name: name != drawn)

    def replicates_of(self, metric: str, replicates: Sequence[int]) -> tuple[int, ...]:
        """The replicates that a metric takes part in.

        Args:
            metric: its row.
            replicates: of the study.
        """
        return tuple(replicates[: self.decided.get(metric, len(replicates))])

    def with_eps(self, eps: float | None) -> ConfigurationParameters:
        """The same, with an ``eps`` for a strategy that attacks and has none of its own.

        Args:
            eps: of the study's attacks.
        """
        row, values = self.hardening
        if not row.attacks or values["eps"] is not None:
            return self
        return self.model_copy(update={"strategy": {row.key: {**values, "eps": eps}}})

    @model_validator(mode="after")
    def _possible_strategy(self) -> ConfigurationParameters:
        try:
            row, _ = self.hardening
        except ParameterError as error:
            raise ValueError(str(error)) from None
        if not row.from_pool and (self.pool != "all" or self.keep_clean):
            raise ValueError(
                f"strategy {row.key} trains on the clean images; leave `pool` and `keep_clean` out"
            )
        return self

    @field_validator("decided")
    @classmethod
    def _took_part(cls, value: dict[str, int]) -> dict[str, int]:
        if any(replicates < 1 for replicates in value.values()):
            raise ValueError(
                "for each metric the number of replicates that it took part in, for example {lsa: 3}"
            )
        return value

    @field_validator("budgets")
    @classmethod
    def _increasing_budgets(cls, value: Budgets | None) -> Budgets | None:
        return None if value is None else increasing_budgets(value)
