"""The node that makes the page: what it takes from a run that has several data sets."""

from __future__ import annotations

import pandas as pd

from guided_retraining.pipelines.reporting.nodes import report
from made_up_page import context_of


def test_the_page_lists_the_parameters_of_its_own_data_set() -> None:
    c = context_of()
    empty = pd.DataFrame(columns=["attack", "correct_before", "success"])
    page, tables = report(
        answer={"recommendation": c.recommendation, "steps": c.steps, "questions": []},
        results=c.results,
        costs=c.costs,
        train_table=empty,
        test_table=empty,
        rankings=c.rankings,
        agreement=c.agreement,
        stability=c.stability,
        dataset_summary={"class_names": ["a"], "image_shape": [8, 8, 1], "images": {}, "notes": []},
        original_accuracy={key: {"validation": 0.9, "test": 0.9} for key in range(3)},
        sheet_inputs=[],
        parameters={"digits": {"training": {"epochs": 25}}, "mnist": {"source": {"reader": "elsewhere"}}},
    )
    assert "<dt>training.epochs</dt><dd>25</dd>" in page
    assert "elsewhere" not in page
    assert "main.csv" in tables
