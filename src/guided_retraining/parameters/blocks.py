"""The blocks of parameters that ``conf/`` may give for a data set, typed, with bounds, and what each word means.

Everything wrong is refused here, before any work. ``guided_retraining.parameters.study`` puts the blocks together.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from guided_retraining.parameters.configurations import (
    BudgetFractions,
    Budgets,
    ConfigurationParameters,
    Parameters,
    increasing_budgets,
)
from guided_retraining.parameters.names import named_function


class SourceParameters(Parameters):
    """Where the raw images come from."""

    reader: str
    path: str | None = None
    mirror: str | None = None  # where the download pipeline fetches from instead of the published addresses
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known_reader(self) -> SourceParameters:
        from guided_retraining.readers import check_reader

        check_reader(self.reader, self.options)
        return self


class PreprocessingParameters(Parameters):
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


class ModelParameters(Parameters):
    """The classifier to harden: one of ours by name, or the user's own file."""

    architecture: str | None = None
    path: str | None = None
    feature_layer: str | None = None
    input_range: Literal["0..1", "0..255", "-1..1"] | None = (
        None  # of a pixel; None tries them on training images
    )

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


class FitParameters(Parameters):
    """How one model is fitted."""

    optimizer: Literal["rmsprop", "adam", "sgd"] = "rmsprop"
    learning_rate: float = Field(1e-3, gt=0)
    epochs: int = Field(10, ge=1)
    batch_size: int = Field(64, ge=1)
    precision: Literal["float32", "mixed_bfloat16"] = "float32"


class AttackParameters(Parameters):
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
        chosen = _checked_attacks(value)
        if not chosen:
            raise ValueError("at least one attack is needed, for example `fgsm: {eps: 0.1}`")
        return chosen


class ReattackParameters(Parameters):
    """Attacks made anew against each retrained model, all of them on the same images."""

    n_validation: int = Field(
        1000, ge=0
    )  # images at most; 0 makes none, and nothing can be chosen by robust accuracy
    n_test: int = Field(1000, ge=0)  # images at most; 0 makes none
    # attacks that no retraining input was made with
    unseen: dict[str, dict[str, Any] | None] = Field(default_factory=dict)

    @field_validator("unseen")
    @classmethod
    def _known_attacks(cls, value: dict[str, dict[str, Any] | None]) -> dict[str, dict[str, Any]]:
        return _checked_attacks(value)


def _checked_attacks(rows: dict[str, dict[str, Any] | None]) -> dict[str, dict[str, Any]]:
    """The rows that are not switched off, each of a known attack with possible parameters."""
    from guided_retraining.attacks import ATTACKS, check_attack

    chosen = {name: dict(parameters) for name, parameters in rows.items() if parameters is not None}
    for name, parameters in chosen.items():
        check_attack(*named_function(name, parameters, "attack", ATTACKS))
    return chosen


class RetrainingParameters(Parameters):
    """The cells of the study: configurations and budgets."""

    budgets: Budgets = BudgetFractions(fractions=(1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0))
    fits_at_once: int | None = Field(None, ge=1)  # models fitted side by side; None: one a core, one on a GPU
    configurations: dict[str, ConfigurationParameters | None]
    training: dict[str, Any] = Field(
        default_factory=dict
    )  # laid over the original model's training parameters
    reattack: ReattackParameters = ReattackParameters()

    def configuration(self, name: str) -> ConfigurationParameters:
        """A configuration that is not switched off."""
        row = self.configurations[name]
        assert row is not None  # switched-off rows are gone after validation
        return row

    def fit(self, original: FitParameters, name: str) -> FitParameters:
        """How a configuration's models are fitted: as the original, with the study's and then its own changes."""
        return FitParameters(
            **{**original.model_dump(), **self.training, **self.configuration(name).training}
        )

    def budgets_of(self, name: str) -> Budgets:
        """A configuration's budgets: its own, or the study's."""
        own = self.configuration(name).budgets
        return self.budgets if own is None else own

    @model_validator(mode="before")
    @classmethod
    def _seeds_are_replicates_now(cls, value: Any) -> Any:
        if isinstance(value, dict) and "seeds" in value:
            raise ValueError(
                "seeds: no longer here; `replicates` of the data set (or of defaults) says how often everything is "
                f"drawn anew, for example replicates: {value['seeds']}"
            )
        return value

    @field_validator("budgets")
    @classmethod
    def _increasing_budgets(cls, value: Budgets) -> Budgets:
        return increasing_budgets(value)

    @field_validator("configurations")
    @classmethod
    def _drop_switched_off(cls, value: dict[str, Any]) -> dict[str, Any]:
        chosen = {key: row for key, row in value.items() if row is not None}
        if not chosen:
            raise ValueError("at least one configuration is needed")
        return chosen


class AnswerParameters(Parameters):
    """What the answer is chosen by, and what counts as a loss; set before looking at results."""

    choose_by: Literal["robust", "combined"] = "robust"  # robust: right under every attack made anew
    margin: float = Field(
        0.02, gt=0, lt=1
    )  # the largest loss of accuracy against the whole pool that counts as none
    alpha: float = Field(
        0.05, gt=0, lt=0.5
    )  # share of studies in which the answer may be wrong; intervals have 1 - alpha
    notes: tuple[str, ...] = ()  # sentences for the report

    @property
    def rule(self) -> dict[str, Any]:
        """What the choice is made by."""
        return self.model_dump(exclude={"notes"})
