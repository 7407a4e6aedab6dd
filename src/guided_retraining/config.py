"""The parameters of a study, typed: what ``conf/`` may say, with bounds, and what each word means.

One :class:`Study` holds a data set's parameters after all merging. Everything wrong is refused here, before any work,
in a message that names the parameter.
"""

from __future__ import annotations

import difflib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from guided_retraining.errors import ParameterError


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class SourceParameters(_Parameters):
    """Where the raw images come from."""

    reader: str
    path: str | None = None
    mirror: str | None = None  # where the download pipeline fetches from instead of the published addresses
    options: dict[str, Any] = {}

    @model_validator(mode="after")
    def _known_reader(self) -> SourceParameters:
        from guided_retraining.readers import check_reader

        check_reader(self.reader, self.options)
        return self


class PreprocessingParameters(_Parameters):
    """Image size, channels and the splits."""

    size: tuple[int, int] | None = None
    grey: bool = False
    validation_share: float = Field(0.15, gt=0, lt=1)
    test_share: float = Field(0.15, gt=0, lt=1)
    use_test: bool = True  # false leaves the official test set out and cuts one from the training images
    split_by_group: bool = True  # images of one group (a physical traffic sign) stay on one side
    pool_splits: bool = False  # true repeats the published study: official splits joined, then cut again
    near_duplicate_distance: float | None = Field(0.02, gt=0, le=1)
    minimum_per_class: int = Field(10, ge=1)


class ModelParameters(_Parameters):
    """The classifier to harden: one of ours by name, or the user's own file."""

    architecture: str | None = None
    path: str | None = None
    feature_layer: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> ModelParameters:
        if (self.architecture is None) == (self.path is None):
            raise ValueError(
                "give either `architecture` (one of ours) or `path` (your own model file), not both"
            )
        if self.architecture is not None:
            from guided_retraining.models.architectures import check_architecture

            check_architecture(self.architecture)
        return self


class FitParameters(_Parameters):
    """How one model is fitted."""

    optimizer: Literal["rmsprop", "adam", "sgd"] = "rmsprop"
    learning_rate: float = Field(1e-3, gt=0)
    epochs: int = Field(10, ge=1)
    batch_size: int = Field(64, ge=1)
    precision: Literal["float32", "mixed_bfloat16"] = "float32"


class AttackParameters(_Parameters):
    """How many images of each split are attacked, as a number or a share of the split, and by which attacks."""

    n_train: int | float = 0.1
    n_validation: int | float = 1.0
    n_test: int | float = 1.0
    batch_size: int = Field(256, ge=1)
    attacks: dict[str, dict[str, Any] | None]

    @field_validator("n_train", "n_validation", "n_test")
    @classmethod
    def _share_or_number(cls, value: int | float) -> int | float:
        if value <= 0 or (isinstance(value, float) and value > 1):
            raise ValueError("a whole number of images above 0, or a share of the split in (0, 1]")
        return value

    @field_validator("attacks")
    @classmethod
    def _known_attacks(cls, value: dict[str, dict[str, Any] | None]) -> dict[str, dict[str, Any]]:
        from guided_retraining.attacks import check_attack

        chosen = {key: dict(parameters) for key, parameters in value.items() if parameters is not None}
        if not chosen:
            raise ValueError("at least one attack is needed, for example `fgsm: {eps: 0.1}`")
        for name, parameters in chosen.items():
            check_attack(*named_function(name, parameters, "attack"))
        return chosen


class ConfigurationParameters(_Parameters):
    """One retraining configuration: where the weights start and what is ranked and cut."""

    start: Literal["fresh", "original"]
    pool: Literal["all", "adversarial"]
    keep_clean: bool = False
    training: dict[str, Any] = {}


class RetrainingParameters(_Parameters):
    """The cells of the study: configurations, budgets and seeds."""

    seeds: tuple[int, ...] = (0, 1, 2)
    budgets: int | tuple[int, ...] = 20
    fits_at_once: int | None = Field(None, ge=1)  # models fitted side by side; None: one a core, one on a GPU
    configurations: dict[str, ConfigurationParameters | None]
    training: dict[str, Any] = {}  # laid over the original model's training parameters

    @field_validator("seeds")
    @classmethod
    def _distinct_seeds(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or len(set(value)) < len(value) or min(value) < 0:
            raise ValueError("a list of different whole numbers, 0 or more, for example [0, 1, 2]")
        return value

    @field_validator("budgets")
    @classmethod
    def _increasing_budgets(cls, value: int | tuple[int, ...]) -> int | tuple[int, ...]:
        steps = (value,) if isinstance(value, int) else value
        if not steps or min(steps) < 1 or sorted(set(steps)) != list(steps):
            raise ValueError(
                "a number of equal steps (20), or an increasing list of input counts ([100, 200])"
            )
        return value

    @field_validator("configurations")
    @classmethod
    def _drop_switched_off(cls, value: dict[str, Any]) -> dict[str, Any]:
        chosen = {key: row for key, row in value.items() if row is not None}
        if not chosen:
            raise ValueError("at least one configuration is needed")
        return chosen


class Study(_Parameters):
    """All parameters of one data set."""

    seed: int = Field(0, ge=0)
    source: SourceParameters
    preprocessing: PreprocessingParameters = PreprocessingParameters()
    model: ModelParameters
    training: FitParameters = FitParameters()
    attack: AttackParameters
    metrics: dict[str, dict[str, Any] | None]
    ordering_retraining: RetrainingParameters
    stability_seeds: tuple[int, ...] = ()  # further original models, only to see how much the rankings change

    @field_validator("metrics")
    @classmethod
    def _known_metrics(cls, value: dict[str, dict[str, Any] | None]) -> dict[str, dict[str, Any]]:
        from guided_retraining.guidance import check_metric

        chosen = {key: dict(parameters) for key, parameters in value.items() if parameters is not None}
        if not chosen:
            raise ValueError("at least one metric is needed, for example `deep_gini: {}`")
        for name, parameters in chosen.items():
            check_metric(*named_function(name, parameters, "function"))
        return chosen

    @model_validator(mode="after")
    def _stability_seeds_make_other_models(self) -> Study:
        seeds = self.stability_seeds
        if len(set(seeds)) < len(seeds) or min(seeds, default=0) < 0 or self.seed in seeds:
            raise ValueError(
                f"stability_seeds: different whole numbers, 0 or more, and not {self.seed}, which is the "
                f"original model's own `seed`; found {list(seeds)}"
            )
        if seeds and self.model.path is not None:
            raise ValueError(
                "stability_seeds: a model of your own (model.path) cannot be trained again with another seed; "
                "remove stability_seeds, or give model.architecture"
            )
        return self

    @model_validator(mode="after")
    def _retraining_parameters_fit(self) -> Study:
        for configuration in self.ordering_retraining.configurations:
            self.retraining_fit(configuration)
        return self

    def retraining_fit(self, configuration: str) -> FitParameters:
        """How a configuration's models are fitted."""
        row = self.ordering_retraining.configurations[configuration]
        assert row is not None  # switched-off rows are gone after validation
        return retraining_fit(self.training, self.ordering_retraining, row)


def named_function(name: str, parameters: dict[str, Any] | None, key: str) -> tuple[str, dict[str, Any]]:
    """What a row of YAML names: its own name, or the import path that its ``function`` or ``attack`` gives.

    Args:
        name: the row's name, used for files, namespaces and figures.
        parameters: the row's parameters.
        key: the parameter that may hold an import path.

    Returns:
        A name of the registry or an import path, and the other parameters.

    Raises:
        ParameterError: an import path where a plain name is expected.

    >>> named_function("mine", {"function": "my_module:score", "power": 2}, "function")
    ('my_module:score', {'power': 2})
    """
    if not name.isidentifier():
        raise ParameterError(
            f"'{name}' cannot name files; give it a plain name and the import path below it: "
            f"my_name: {{{key}: '{name}'}}"
        )
    rest = dict(parameters or {})
    return str(rest.pop(key, name)), rest


def retraining_fit(
    original: FitParameters, study: RetrainingParameters, configuration: ConfigurationParameters
) -> FitParameters:
    """The original model's way of fitting, with the study's and then the configuration's own changes."""
    return FitParameters(**{**original.model_dump(), **study.training, **configuration.training})


def parse_study(dataset: str, parameters: dict[str, Any]) -> Study:
    """A data set's typed parameters.

    Args:
        dataset: its name, for messages.
        parameters: its block after all merging.

    Raises:
        ParameterError: anything unknown, missing or out of bounds; all faults in one message.
    """
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


def suggest(word: str, known: list[str]) -> str:
    """' Did you mean ...? Known: ...' for an unknown word."""
    close = difflib.get_close_matches(word, known, n=1)
    return (f" Did you mean '{close[0]}'?" if close else "") + f" Known: {', '.join(sorted(known))}."
