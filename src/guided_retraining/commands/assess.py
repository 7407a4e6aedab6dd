"""How hard is this model to fool now? One page and three lines, without a study."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from guided_retraining.attacks import check_attack
from guided_retraining.commands.given import Given, from_files
from guided_retraining.machine.limits import one_thread_an_operation
from guided_retraining.storage.files import atomic_path, check_writable

SHOWN = 6  # images of each attack on the page
DRAWN = ("fgsm", "pgd", "apgd_ce")  # attacks whose images are shown


def assess_files(
    *,
    model: Path,
    images: Path,
    eps: float,
    n_images: int,
    steps: int,
    seed: int,
    class_names: str | None,
    input_range: str | None,
    page: Path | None,
) -> Iterator[str]:
    """Attack the model of a file.

    Args:
        model: ``.keras`` or ``.h5``.
        images: a folder, zip or tar of class folders, or an ``.npz`` file.
        eps: radius of the Linf ball, in units of [0, 1] pixel values.
        n_images: that are drawn, at most.
        steps: of the strongest attacks, as in ``assessment_attacks``.
        seed: of drawn images and attacks.
        class_names: in the model's order, with commas; None for the class folders sorted by name.
        input_range: what the model expects of a pixel; None tries the usual ranges.
        page: the HTML file to write; None for one named after the model, in the current folder.

    Yields:
        Lines to show.
    """
    page = page or Path(f"assessment_{model.stem}.html")
    check_attack("fgsm", {"eps": eps})  # before anything is loaded
    check_writable(page)
    one_thread_an_operation()
    names = class_names.split(",") if class_names else None
    given = from_files(
        model, images, n_images=n_images, seed=seed, class_names=names, input_range=input_range
    )
    yield from assess(given, eps=eps, steps=steps, seed=seed, page=page)


def assess(given: Given, *, eps: float, steps: int, seed: int, page: Path) -> Iterator[str]:
    """Attack a model, write the page, say it in three lines.

    Args:
        given: the model and its images.
        eps: radius of the Linf ball, in units of [0, 1] pixel values.
        steps: of the strongest attacks, as in ``assessment_attacks``.
        seed: of the attacks.
        page: the HTML file to write.

    Yields:
        Lines to show.
    """
    from guided_retraining.attacks.assessment import CURVE, assessment_attacks, standing_by_eps, worst_case
    from guided_retraining.attacks.estimator import KerasLogitsEstimator
    from guided_retraining.evaluation.intervals import replicate_interval
    from guided_retraining.machine.progress import Ticker
    from guided_retraining.machine.versions import versions
    from guided_retraining.report.assessment import AssessmentContext, assessment_lines, render_assessment

    begun = time.perf_counter()
    estimator = KerasLogitsEstimator(given.model)
    sizes = [share * eps for share in CURVE if share * eps <= 1]
    attacks = assessment_attacks(eps, steps, estimator.nb_classes)
    todo = [steps / 2] * len(sizes) + [float(one.get("max_iter", 1)) for one in attacks.values()]
    with Ticker("attacks", len(todo), unit="attacks", work=sum(todo)) as ticker:
        finished = 0

        def done(what: Any, standing: NDArray[np.bool_]) -> None:
            nonlocal finished
            finished += 1
            note = f"{standing.mean():.3f} right after {what}"
            ticker.tick(finished, note, work=todo[finished - 1])

        arrays = given.images, given.labels
        curve = standing_by_eps(estimator, *arrays, sizes, seed=seed, steps=steps, done=done)
        found = worst_case(
            estimator, *arrays, eps, seed=seed, steps=steps, known={"pgd": curve[eps]}, done=done
        )

    def interval(standing: NDArray[np.bool_]) -> Any:
        return replicate_interval([standing.mean()], n_images=len(standing))

    shown = np.flatnonzero(found["clean"])
    context = AssessmentContext(
        name=given.name,
        n_images=len(given.labels),
        class_names=given.class_names,
        eps=eps,
        steps=steps,
        seed=seed,
        accuracy={attack: interval(standing) for attack, standing in found.items()},
        curve={size: interval(standing) for size, standing in curve.items()},
        attacks=attacks,
        sheet=_sheet(estimator, given, shown, attacks, seed),
        notes=given.notes,
        versions=versions(),
        created=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
        seconds=time.perf_counter() - begun,
        gradient_passes=estimator.gradient_passes,
    )
    with atomic_path(page) as temporary:
        temporary.write_text(render_assessment(context), encoding="utf-8")
    yield from given.notes
    yield from assessment_lines(context)
    yield f"page: {page}"


def _sheet(
    estimator: Any, given: Given, right: NDArray[np.int64], attacks: dict[str, dict[str, Any]], seed: int
) -> Any:
    """Some of the images that the model gets right, before and after a few of the attacks."""
    from guided_retraining.attacks.running import run_attack
    from guided_retraining.report.sheet import adversarial_sheet

    picked = right[np.linspace(0, max(len(right) - 1, 0), min(SHOWN, len(right))).astype(int)]
    made, tables = [np.empty((0, *given.images.shape[1:]), np.float32)], [pd.DataFrame({"attack": []})]
    for attack in DRAWN if len(picked) else ():
        result = run_attack(
            None,
            given.images[picked],
            given.labels[picked],
            attack=attack,
            parameters=attacks[attack],
            seed=seed,
            estimator=estimator,
            source_indices=picked,
        )
        made.append(result.images)
        tables.append(result.table)
    table = pd.concat(tables[1:] or tables, ignore_index=True)
    figure, _ = adversarial_sheet(
        given.images, np.concatenate(made), table, class_names=given.class_names, n_columns=SHOWN
    )
    return figure
