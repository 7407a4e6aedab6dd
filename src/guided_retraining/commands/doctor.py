"""``kedro guided doctor``: the machine as a study finds it, with the speed of a data set's model on it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping

from kedro.io import CatalogProtocol

from guided_retraining.errors import DataFileError
from guided_retraining.machine.doctor import Facts, bfloat16, gather, lines, why_no_gpu
from guided_retraining.machine.limits import one_thread_an_operation
from guided_retraining.parameters.blocks import FitParameters
from guided_retraining.parameters.study import Study

__all__ = ["Checkup", "examine"]

# The model that is measured where no data set is named.
USUAL = ("fashion_mnist", (28, 28, 1), 10)


@dataclasses.dataclass(frozen=True)
class Checkup:
    """Facts and speed.

    Attributes:
        facts: of the machine.
        model: whose speed was measured.
        training: its images a second in training, or None where the backend cannot be used.
        prediction: likewise in prediction.
        at_once: models fitted side by side meanwhile, as in a run.
    """

    facts: Facts
    model: str
    training: float | None
    prediction: float | None
    at_once: int | None

    @property
    def healthy(self) -> bool:
        """Whether the backend works, and no GPU lies idle that could be used."""
        return not self.facts.fault and not why_no_gpu(self.facts)

    def text(self) -> str:
        """What a person reads."""
        speed = (
            f"speed    {self.training:,.0f} images/s in training, {self.prediction:,.0f} in prediction "
            f"({self.model}, {self.at_once} at a time)"
            if self.training is not None
            else "speed    not measured"
        )
        return "\n".join([*lines(self.facts), speed])

    def for_programs(self) -> str:
        """The same as JSON, with what was concluded."""
        told = dataclasses.asdict(self)
        told["facts"]["cpu_flags"] = sorted(self.facts.cpu_flags)
        concluded = {
            "healthy": self.healthy,
            "bfloat16": bfloat16(self.facts),
            "why_no_gpu": why_no_gpu(self.facts),
        }
        return json.dumps({**told, **concluded}, indent=1)


def examine(dataset: str | None, configured: Mapping[str, Study], catalog: CatalogProtocol) -> Checkup:
    """Look at the machine and time a few seconds of training on made-up images.

    Args:
        dataset: whose model is timed; None for that of fashion_mnist.
        configured: the studies.
        catalog: of the project.

    Raises:
        DataFileError: the data set is not preprocessed, so that its images' size is not known.
    """
    if dataset is not None and not catalog.exists(f"{dataset}.dataset_summary"):
        raise DataFileError(
            f"{dataset}: not preprocessed yet, so its images' size is not known; kedro run --pipelines preprocessing "
            f"--namespaces {dataset}, or leave the name out"
        )
    one_thread_an_operation()
    facts = gather()
    if facts.fault:
        return Checkup(facts, dataset or USUAL[0], None, None, None)
    from guided_retraining.commands.forecast import at_once, calibrate, model_of
    from guided_retraining.machine.backend import side_by_side
    from guided_retraining.models.architectures import build_model

    if dataset is None:
        model, fit, fits = build_model(*USUAL, seed=0), FitParameters(), side_by_side()
    else:
        study = configured[dataset]
        model, fit = model_of(study, catalog.load(f"{dataset}.dataset_summary")), study.training
        fits = at_once(study)
    speed = calibrate(model, fit, fits)
    return Checkup(facts, dataset or USUAL[0], speed.training, speed.prediction, fits)
