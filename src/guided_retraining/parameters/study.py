"""All parameters of a data set together, and messages that name what is wrong in them."""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from guided_retraining.errors import ParameterError
from guided_retraining.parameters.blocks import (
    AnswerParameters,
    AttackParameters,
    FitParameters,
    ModelParameters,
    PreprocessingParameters,
    RetrainingParameters,
    SourceParameters,
)
from guided_retraining.parameters.configurations import ConfigurationParameters, Parameters
from guided_retraining.parameters.names import check_dataset_name, suggest


class Study(Parameters):
    """All parameters of one data set."""

    seed: int = Field(0, ge=0)
    replicates: tuple[int, ...] = (0, 1, 2)  # in each, everything that draws draws anew
    source: SourceParameters
    preprocessing: PreprocessingParameters = PreprocessingParameters()
    model: ModelParameters
    training: FitParameters = FitParameters()
    attack: AttackParameters
    metrics: dict[str, dict[str, Any] | None]
    ordering_retraining: RetrainingParameters
    answer: AnswerParameters = AnswerParameters()

    @field_validator("metrics")
    @classmethod
    def _known_metrics(cls, value: dict[str, dict[str, Any] | None]) -> dict[str, dict[str, Any]]:
        from guided_retraining.guidance import row_metric

        chosen = {key: dict(parameters) for key, parameters in value.items() if parameters is not None}
        if not chosen:
            raise ValueError("at least one metric is needed, for example `deep_gini: {}`")
        for name, parameters in chosen.items():
            row_metric(name, parameters)
        return chosen

    @field_validator("replicates")
    @classmethod
    def _distinct_replicates(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or len(set(value)) < len(value) or min(value) < 0:
            raise ValueError("a list of different whole numbers, 0 or more, for example [0, 1, 2]")
        return value

    @model_validator(mode="after")
    def _retraining_parameters_fit(self) -> Study:
        from guided_retraining.attacks.robustness import largest_linf
        from guided_retraining.guidance.registry import METRICS

        for name in self.ordering_retraining.configurations:
            self.ordering_retraining.fit(self.training, name)
            row = self.ordering_retraining.configuration(name)
            where = f"ordering_retraining.configurations.{name}"
            for key, named in (("metrics", row.metrics or ()), ("decided", row.decided)):
                for metric in named:
                    if (
                        metric not in self.metrics and metric not in METRICS
                    ):  # one of ours may be switched off
                        raise ValueError(f"{where}.{key}: no such metric.{suggest(metric, self.metrics)}")
            if not self.orders(name):
                raise ValueError(f"{where}.metrics: all of {list(row.metrics or ())} are switched off")
            strategy, values = row.hardening
            if strategy.attacks and values["eps"] is None and largest_linf(self.attack.attacks) is None:
                raise ValueError(
                    f"{where}.strategy: give it an `eps`, as none of the study's attacks has one in Linf"
                )
        return self

    def orders(self, configuration: str) -> list[str]:
        """The rows of metrics whose orders a configuration compares."""
        from guided_retraining.guidance.scoring import drawn_row

        row = self.ordering_retraining.configuration(configuration)
        return row.orders(self.metrics, drawn_row(self.metrics))


def parse_study(dataset: str, parameters: dict[str, Any]) -> Study:
    """A data set's typed parameters.

    Args:
        dataset: its name, for messages.
        parameters: its block after all merging.

    Raises:
        ParameterError: a name that is taken; anything unknown, missing or out of bounds, all faults in one message.
    """
    check_dataset_name(dataset)
    try:
        return Study(**parameters)
    except ValidationError as error:
        faults = "\n".join(f"  - {_describe(dataset, fault)}" for fault in error.errors())
        raise ParameterError(f"the parameters of data set '{dataset}' cannot be used:\n{faults}") from error


def _describe(dataset: str, fault: Any) -> str:
    where = ".".join([dataset, *(str(step) for step in fault["loc"])])
    if fault["type"] == "extra_forbidden":
        return f"{where}: no such parameter.{suggest(str(fault['loc'][-1]), _field_names(fault['loc'][:-1]))}"
    found = fault.get("input")
    shown = f" (found {found!r})" if isinstance(found, str | int | float | bool | list | tuple) else ""
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}{shown}"


def _field_names(path: tuple[Any, ...]) -> list[str]:
    model: Any = Study
    for step in path:
        field = model.model_fields.get(step) if hasattr(model, "model_fields") else None
        model = field.annotation if field is not None else ConfigurationParameters
    return list(getattr(model, "model_fields", {}))
