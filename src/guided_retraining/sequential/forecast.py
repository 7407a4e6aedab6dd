"""How long a block of a growing study will take, from its blocks so far, before the first from a calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guided_retraining.attacks.counts import planned_passes
from guided_retraining.parameters.study import Study
from guided_retraining.retraining.plan import plan_study
from guided_retraining.sequential.blocks import Block

__all__ = ["Pace", "first_pace", "pace_of", "plan_of", "work_of"]

ATTACK_SHARE = (
    0.7  # of a training step's time that an attack step takes, as no gradient by the weights is needed
)
START_SECONDS = 15.0  # of a run that computes nothing: libraries, pipelines, checks, a report


@dataclass(frozen=True)
class Pace:
    """Seconds that a unit takes.

    Attributes:
        replicate: model, attacks and scores of a new replicate.
        work: a gradient pass of the cells.
        report: the answer, the figures and the page.
    """

    replicate: float
    work: float
    report: float

    def seconds(self, new_replicates: int, new_work: float, *, answered: bool) -> float:
        """Of a block.

        Args:
            new_replicates: that it adds.
            new_work: gradient passes that it adds.
            answered: whether the answer is made anew.
        """
        return new_replicates * self.replicate + new_work * self.work + (self.report if answered else 0.0)


def plan_of(study: Study, n_images: Mapping[str, int]) -> dict[str, Any]:
    """The size of a study: ``plan_study`` of all its parameters.

    Args:
        study: its parameters.
        n_images: clean images of each split.
    """
    rows, replicates = study.ordering_retraining, len(study.replicates)
    return plan_study(dict(n_images), study.attack, rows, study.training, study.metrics, replicates)


def work_of(study: Study, planned: Mapping[str, Any]) -> float:
    """Gradient passes of all cells of a design, attacks on the retrained models included.

    Args:
        study: with the design's parameters laid over.
        planned: from :func:`plan_of`.
    """
    reattack, clean = study.ordering_retraining.reattack, planned["clean"]
    again = min(reattack.n_validation, clean["validation"]) + min(reattack.n_test, clean["test"])
    attacks = {**study.attack.attacks, **reattack.unseen}
    of_each = again * planned_passes(attacks) * len(attacks) * ATTACK_SHARE if again else 0.0
    return float(planned["samples"] + planned["cells"] * of_each)


def first_pace(study: Study, planned: Mapping[str, Any], training_speed: float) -> Pace:
    """Before anything was measured.

    Args:
        study: its parameters.
        planned: from :func:`plan_of`.
        training_speed: images a second with as many models at once as a run trains.
    """
    attacked = sum(planned["adversarial"].values())
    original = 0 if study.model.path else planned["clean"]["train"] * study.training.epochs
    passes = original + ATTACK_SHARE * attacked * planned_passes(study.attack.attacks)
    return Pace(
        replicate=START_SECONDS + passes / training_speed, work=1 / training_speed, report=START_SECONDS
    )


def pace_of(blocks: Sequence[Block], first: Pace) -> Pace:
    """What the blocks so far took; what none of them did is as the calibration said.

    Args:
        blocks: in order.
        first: from :func:`first_pace`.
    """
    replicates = max((block["design"]["n_replicates"] for block in blocks), default=0)
    prepared = sum(block["seconds"].get("prepare", 0.0) for block in blocks)
    worked = [block for block in blocks if block["work"] > 0]
    work = sum(block["work"] for block in worked)
    reports = [block["seconds"]["report"] for block in blocks if "report" in block["seconds"]]
    return Pace(
        replicate=prepared / replicates if prepared else first.replicate,
        work=sum(block["seconds"]["retrain"] for block in worked) / work if work else first.work,
        report=reports[-1] if reports else first.report,
    )
