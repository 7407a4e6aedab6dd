"""A gate for a user's own CI: is this model still accurate and still hard to fool?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from guided_retraining.attacks import check_attack
from guided_retraining.attacks.robustness import largest_linf
from guided_retraining.commands.frame import chosen, open_project
from guided_retraining.commands.given import Given, from_files, of_study
from guided_retraining.errors import ParameterError
from guided_retraining.evaluation.gate import Verdict, verdict, verdict_sentence
from guided_retraining.machine.limits import one_thread_an_operation
from guided_retraining.project.messages import user_message
from guided_retraining.storage.files import atomic_path, check_writable

__all__ = ["FAILED", "NOT_JUDGED", "PASSED", "GateResult", "gate", "judge", "write_junit"]

EPS = 0.03  # where nothing else is said: about 8 of 255 grey levels, the usual size for colour images
PASSED, FAILED, NOT_JUDGED = 0, 1, 2  # exit codes; 2 is also the shell's for a command that was typed wrongly


@dataclass(frozen=True)
class GateResult:
    """What a gate found.

    Attributes:
        code: the exit code.
        line: what was found, in one line.
        facts: for programs.
    """

    code: int
    line: str
    facts: dict[str, Any]

    def write(self, json_file: Path | None, junit_file: Path | None) -> None:
        """Write what CI systems read.

        Args:
            json_file: facts, the verdict and the line; None for none.
            junit_file: a test case for each bar; None for none.
        """
        if json_file is not None:
            text = json.dumps({"exit_code": self.code, "line": self.line, **self.facts}, indent=1)
            with atomic_path(json_file) as temporary:
                temporary.write_text(text + "\n", encoding="utf-8")
        if junit_file is not None:
            with atomic_path(junit_file) as temporary:
                write_junit(self, temporary)


def gate(
    *,
    dataset: str | None,
    model: Path | None,
    images: Path | None,
    min_robust: float | None,
    min_clean: float | None,
    eps: float | None,
    n_images: int,
    steps: int,
    seed: int,
    confidence: float,
    class_names: str | None,
    input_range: str | None,
    env: str | None,
    files: Sequence[Path | None] = (),
) -> GateResult:
    """Judge a study's hardened model, or one of a file.

    Args:
        dataset: whose hardened model; None with ``model``.
        model: ``.keras`` or ``.h5``; None with ``dataset``.
        images: a folder, zip or tar of class folders, or an ``.npz`` file; None for the study's test images.
        min_robust: bar, in (0, 1); None for none.
        min_clean: bar, in (0, 1); None for none.
        eps: radius of the Linf ball; None for the study's largest, or ``EPS``.
        n_images: that are drawn, at most.
        steps: of the strongest attacks, as in ``assessment_attacks``.
        seed: of drawn images and attacks.
        confidence: of the intervals, in (0, 1).
        class_names: in the model's order, with commas; None for the class folders sorted by name.
        input_range: what the model expects of a pixel; None tries the usual ranges.
        env: the project's environment.
        files: where the result is to be written, None for none.

    Returns:
        The result; that nothing could be judged, where a person can mend the cause.
    """
    try:
        _check_arguments(
            dataset, model, images, {"--min-robust": min_robust, "--min-clean": min_clean}, confidence
        )
        check_attack("fgsm", {"eps": EPS if eps is None else eps})  # before anything is loaded
        for file in files:
            if file is not None:
                check_writable(file)
        one_thread_an_operation()
        drawn = {"n_images": n_images, "seed": seed}
        if model is not None and images is not None:
            names = class_names.split(",") if class_names else None
            given = from_files(model, images, class_names=names, input_range=input_range, **drawn)
        else:
            others = (
                None if images is None else images.resolve()
            )  # relative paths of a project start at its folder
            with open_project(env) as (catalog, configured):
                (name,) = chosen((str(dataset),), configured)
                given = of_study(name, configured[name], catalog, others, **drawn)
                eps = largest_linf(configured[name].attack.attacks) if eps is None else eps
        return judge(
            given, min_clean=min_clean, min_robust=min_robust, eps=EPS if eps is None else eps, steps=steps,
            seed=seed, confidence=confidence,
        )  # fmt: skip
    except Exception as error:
        message = user_message(error)
        if message is None:
            raise
        return GateResult(NOT_JUDGED, f"not judged: {message}", {"verdicts": []})


def _check_arguments(
    dataset: str | None,
    model: Path | None,
    images: Path | None,
    bars: dict[str, float | None],
    confidence: float,
) -> None:
    if (dataset is None) == (model is None):
        raise ParameterError("give either the name of a study or --model FILE")
    if model is not None and images is None:
        raise ParameterError("--model needs --images: labelled images to judge it on")
    if all(bar is None for bar in bars.values()):
        raise ParameterError("give a bar: --min-robust, --min-clean or both")
    for name, value in {**bars, "--confidence": confidence}.items():
        if value is not None and not 0 < value < 1:
            raise ParameterError(f"{name} {value}: expected a share between 0 and 1, such as 0.9")


def judge(
    given: Given,
    *,
    min_clean: float | None,
    min_robust: float | None,
    eps: float,
    steps: int,
    seed: int,
    confidence: float,
) -> GateResult:
    """Hold a model's accuracies against their bars.

    Args:
        given: the model and its images.
        min_clean: bar of accuracy on the images as they are, in (0, 1); None for none.
        min_robust: bar of accuracy under the worst of all attacks; None makes no attack.
        eps: radius of the Linf ball, in units of [0, 1] pixel values.
        steps: of the strongest attacks, as in ``assessment_attacks``.
        seed: of the attacks.
        confidence: of the intervals, in (0, 1).

    Returns:
        Passed only if the lower bound of every interval is above its bar.

    Raises:
        InputError: too few images.
    """
    bars = {"clean": min_clean, "robust": min_robust}
    right = _right(given, eps, steps, seed, attacked=min_robust is not None)
    n = len(given.labels)
    verdicts = [
        verdict(what, int(right[what].sum()), n, bar, confidence)
        for what, bar in bars.items()
        if bar is not None
    ]
    code = PASSED if all(one["place"] == "above" for one in verdicts) else FAILED
    said = "; ".join(verdict_sentence(one) for one in verdicts)
    word = "passed" if code == PASSED else "failed"
    facts = {"model": given.name, "eps": eps, "steps": steps, "seed": seed, "confidence": confidence}
    return GateResult(code, f"{word}: {given.name}: {said}", {**facts, "verdicts": verdicts})


def _right(
    given: Given, eps: float, steps: int, seed: int, *, attacked: bool
) -> dict[str, NDArray[np.bool_]]:
    from guided_retraining.attacks.assessment import assessment_attacks, worst_case
    from guided_retraining.attacks.estimator import KerasLogitsEstimator
    from guided_retraining.machine.progress import Ticker

    estimator = KerasLogitsEstimator(given.model)
    if not attacked:
        return {"clean": estimator.predict(given.images).argmax(axis=1) == given.labels}
    with Ticker(
        "attacks", len(assessment_attacks(eps, steps, estimator.nb_classes)), unit="attacks"
    ) as ticker:
        made: list[str] = []

        def done(attack: str, standing: NDArray[np.bool_]) -> None:
            made.append(attack)
            ticker.tick(len(made), f"{standing.mean():.3f} right after {attack}")

        found = worst_case(estimator, given.images, given.labels, eps, seed=seed, steps=steps, done=done)
    return {"clean": found["clean"], "robust": list(found.values())[-1]}


def write_junit(result: GateResult, path: Path) -> None:
    """Write a JUnit report: a test case for each bar; one that was not passed is a failure, none at all an error.

    Args:
        result: of the gate.
        path: the file.
    """
    verdicts: Sequence[Verdict] = result.facts["verdicts"]
    failures = [one for one in verdicts if one["place"] != "above"]
    errors = 0 if verdicts else 1
    counts = {"tests": str(len(verdicts) or 1), "failures": str(len(failures)), "errors": str(errors)}
    suite = ElementTree.Element("testsuite", {"name": "guided-retraining check", **counts})
    for one in verdicts:
        case = ElementTree.SubElement(suite, "testcase", {"classname": "check", "name": one["what"]})
        if one in failures:
            ElementTree.SubElement(case, "failure", {"message": verdict_sentence(one)})
    if errors:
        case = ElementTree.SubElement(suite, "testcase", {"classname": "check", "name": "check"})
        ElementTree.SubElement(case, "error", {"message": result.line})
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
