"""All that the page is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from guided_retraining.evaluation.findings import Question, Recommendation, Step
from guided_retraining.report.sheet import SheetInput

__all__ = ["PageContext"]


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """What the page is made from; parts that are missing are left out of the page.

    Attributes:
        recommendation: from ``recommend``.
        results: the results table of one data set.
        steps: of each configuration, on test data, from ``steps_down``.
        questions: what is settled and what is open, from ``questions_of``.
        figures: by name, as in ``guided_retraining.report.figures.FIGURES``; each a Matplotlib figure or the bytes of a
            PNG or SVG file.
        sheet_inputs: where each input lies in the figure ``sheet``, from ``adversarial_sheet``.
        train_table: adversarial table of the retraining inputs.
        test_table: adversarial table of the test inputs.
        costs: ``stage, item, seed, seconds, count, gradient_passes``.
        rankings: from ``quality_rows``.
        agreement: from ``pair_rows``.
        stability: from ``stability_rows``.
        class_names: a name for each class.
        original: facts about data and original model by name.
        parameters: of the run, nested as in the configuration.
        versions: of Python, libraries and this project, and the machine.
        created: when, as text.
    """

    recommendation: Recommendation
    results: pd.DataFrame
    steps: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    questions: Sequence[Question] = ()
    figures: Mapping[str, Figure | bytes] = field(default_factory=dict)
    sheet_inputs: Sequence[SheetInput] = ()
    train_table: pd.DataFrame | None = None
    test_table: pd.DataFrame | None = None
    costs: pd.DataFrame | None = None
    rankings: pd.DataFrame | None = None
    agreement: pd.DataFrame | None = None
    stability: pd.DataFrame | None = None
    class_names: Sequence[str] = ()
    original: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
