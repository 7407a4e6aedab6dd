"""The answer, the page and the tables for papers, from what the other stages left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
from numpy.typing import ArrayLike

from guided_retraining.evaluation import answer_lines, recommend, steps_down
from guided_retraining.evaluation.findings import Recommendation, Step
from guided_retraining.evaluation.questions import questions_of
from guided_retraining.evaluation.wording import configurations_in_words
from guided_retraining.guidance.scoring import drawn_row
from guided_retraining.machine.versions import versions
from guided_retraining.parameters.blocks import (
    AnswerParameters,
    AttackParameters,
    ModelParameters,
    RetrainingParameters,
)

if TYPE_CHECKING:
    from guided_retraining.report.sheet import SheetInput
else:
    SheetInput = (
        Any  # Matplotlib is loaded by what draws; Kedro looks annotations up when it only lists pipelines
    )

FIGURE = "_figure"  # the end of a figure's name in the catalog


def answer(
    results: pd.DataFrame,
    correctness: pd.DataFrame,
    costs: pd.DataFrame,
    test_labels: ArrayLike,
    study: RetrainingParameters,
    attack: AttackParameters,
    model: ModelParameters,
    metrics: dict[str, Any],
    rule: AnswerParameters,
) -> dict[str, Any]:
    """What to do, chosen on validation data and measured on test data.

    Args:
        results: of all cells.
        correctness: right or wrong of each test image.
        costs: the ledger.
        test_labels: ``(n,)`` of the clean test images.
        study: its configurations, put into words.
        attack: the study's attacks, whose ``eps`` a strategy has that has none of its own.
        model: whether it is the user's own.
        metrics: rows of the parameters; the one that draws its order is the baseline.
        rule: what decides, and what counts as a loss.

    Returns:
        ``recommendation``; ``lines`` of plain text, three; ``steps``, each configuration's smaller budgets against its
        whole pool on test data; and ``questions``, what is settled on validation data and what is open.
    """
    from guided_retraining.attacks.robustness import largest_linf

    configurations = {key: study.configuration(key) for key in study.configurations}
    found = recommend(
        results,
        costs=costs,
        correctness=correctness,
        labels=test_labels,
        words=configurations_in_words(configurations, largest_linf(attack.attacks)),
        hardening={key: row.hardening[0].key for key, row in configurations.items()},
        own_model=model.path is not None,
        baseline=drawn_row(metrics) or "random",
        **rule.rule,
    )
    found["notes"] += rule.notes
    choice = found["choice"]
    steps = {
        str(key): steps_down(
            results,
            str(key),
            choice["outcomes"],
            on="test",
            margin=rule.margin,
            alpha=rule.alpha,
            baseline=choice["baseline"],
        )
        for key in sorted(results["configuration"].unique())
    }
    questions = questions_of(results, choice)
    return {"lines": answer_lines(found), "recommendation": found, "steps": steps, "questions": questions}


def report(
    *,
    answer: dict[str, Any],
    results: pd.DataFrame,
    costs: pd.DataFrame,
    train_table: pd.DataFrame,
    test_table: pd.DataFrame,
    rankings: pd.DataFrame,
    agreement: pd.DataFrame,
    stability: pd.DataFrame,
    dataset_summary: dict[str, Any],
    original_accuracy: Mapping[int, dict[str, float]],
    sheet_inputs: list[SheetInput],
    parameters: dict[str, Any],
    **figures: bytes,
) -> tuple[str, dict[str, str]]:
    """The page a person reads and sends on, and its tables for papers.

    Args:
        answer: recommendation and steps.
        results: of all cells.
        costs: the ledger.
        train_table: adversarial table of the retraining inputs.
        test_table: of the test inputs.
        rankings: quality of each order.
        agreement: of each pair of metrics.
        stability: of each metric over replicates.
        dataset_summary: from preprocessing.
        original_accuracy: of each replicate's original model.
        sheet_inputs: where each input lies in the figure ``sheet``.
        parameters: of the run, by data set; the page lists those of its own.
        figures: ``<name>_figure``, PNG or SVG.

    Returns:
        Self-contained HTML, and the content of each table's files by name.
    """
    from guided_retraining.report import PageContext, paper_files, paper_tables, render_page

    recommendation: Recommendation = answer["recommendation"]
    steps: dict[str, list[Step]] = answer["steps"]
    replicates = sorted(int(seed) for seed in results["seed"].unique())
    context = PageContext(
        recommendation=recommendation,
        results=results,
        steps=steps,
        questions=answer["questions"],
        figures={name.removesuffix(FIGURE): figure for name, figure in figures.items()},
        sheet_inputs=sheet_inputs,
        train_table=train_table,
        test_table=test_table,
        costs=costs,
        rankings=rankings,
        agreement=agreement,
        stability=stability,
        class_names=dataset_summary["class_names"],
        original=_facts(dataset_summary, [original_accuracy[replicate] for replicate in replicates]),
        parameters=parameters[recommendation["dataset"]],
        versions=versions(),
        created=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
    )
    return render_page(context), paper_files(paper_tables(context))


def _facts(dataset_summary: dict[str, Any], original_accuracy: list[dict[str, float]]) -> dict[str, Any]:
    facts = {
        "classes": len(dataset_summary["class_names"]),
        "image shape": " x ".join(str(size) for size in dataset_summary["image_shape"]),
        **{f"clean {split} images": f"{n:,}" for split, n in dataset_summary["images"].items()},
        **{
            f"original accuracy, clean {split}, by replicate": ", ".join(
                f"{100 * one[split]:.1f} %" for one in original_accuracy
            )
            for split in ("validation", "test")
        },
    }
    return facts | {f"note {i}": note for i, note in enumerate(dataset_summary["notes"], start=1)}
