"""Gather what finished studies left, rank, draw and show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from guided_retraining.errors import DataFileError

if TYPE_CHECKING:
    from matplotlib.figure import Figure
else:
    Figure = Any  # Matplotlib is loaded by what draws


def compare(
    studies: Mapping[str, Callable[[], dict[str, Any]]], *, datasets: Sequence[str], command: str
) -> dict[str, Any]:
    """Put the finished studies side by side.

    Args:
        studies: what reads the pieces of each finished study, by data set.
        datasets: that are configured; others are left out.
        command: which, with a data set's name behind it, finishes that study.

    Returns:
        ``overview``; ``lines`` of plain text, three; ``notes``; and ``unfinished``, a command for each other data set.

    Raises:
        DataFileError: no study is finished.
    """
    from guided_retraining.evaluation.overview import FinishedStudy, compare_studies
    from guided_retraining.evaluation.overview_lines import overview_lines, overview_notes

    finished = {name: FinishedStudy(**studies[name]()) for name in datasets if name in studies}
    # A run that was stopped between its results and its answer has an answer to earlier results.
    finished = {name: study for name, study in finished.items() if study.is_answered()}
    unfinished = {name: f"{command} {name}" for name in datasets if name not in finished}
    if not finished:
        raise DataFileError(
            "no study is finished here, so there is nothing to compare: a study is finished when it has results and an "
            f"answer to them. Finish one with {' or '.join(unfinished.values())}. Studies of other environments lie "
            "apart: name theirs with --env"
        )
    overview = compare_studies(finished)
    return {
        "lines": overview_lines(overview, unfinished),
        "notes": overview_notes(overview),
        "unfinished": unfinished,
        "overview": overview,
    }


def draw_ranks(answer: dict[str, Any]) -> tuple[Figure, Figure]:
    """The critical-difference diagrams of strategies and of metrics; each says so where nothing was tested."""
    from guided_retraining import report
    from guided_retraining.evaluation.overview_lines import common_words
    from guided_retraining.evaluation.wording import configuration_label, metric_name

    overview = answer["overview"]
    words = common_words(overview)
    return (
        report.ranks_figure(
            overview["strategy_ranks"][overview["outcome"]], lambda key: configuration_label(key, words)
        ),
        report.ranks_figure(overview["metric_ranks"], metric_name),
    )


def show(
    answer: dict[str, Any], strategies_figure: bytes, metrics_figure: bytes
) -> tuple[str, dict[str, str]]:
    """The page over all data sets, and its tables for papers.

    Args:
        answer: from ``compare``.
        strategies_figure: PNG or SVG.
        metrics_figure: the same.

    Returns:
        Self-contained HTML, and the content of each table's files by name.
    """
    from guided_retraining import report

    overview = answer["overview"]
    page = report.render_overview(
        overview,
        lines=answer["lines"],
        notes=answer["notes"],
        figures={"strategies": strategies_figure, "metrics": metrics_figure},
        created=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
    )
    return page, report.paper_files(report.overview_tables(overview))
