"""The tables of the overview over data sets: a column for each data set, and the mean rank."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pandas as pd

from guided_retraining.evaluation.answer import interval_text
from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.overview import Overview
from guided_retraining.evaluation.overview_lines import common_words
from guided_retraining.evaluation.ranks import Ranks
from guided_retraining.evaluation.wording import configuration_label, metric_name, number, seconds
from guided_retraining.report.palette import metric_order
from guided_retraining.report.paper import PaperTable

__all__ = ["overview_tables"]

UNKNOWN = "n/a"
FULL = "at the whole pool or full price"


def overview_tables(overview: Overview) -> dict[str, PaperTable]:
    """Every table of the overview; one without rows where there is nothing to tell.

    Args:
        overview: of the finished studies.

    Returns:
        By name, in the order of the page. The names are always the same, so that no file of an earlier run is left.
    """
    o = overview
    primary = [key for key in OUTCOMES if key == o["outcome"]]
    kinds = [*primary, *(key for key in OUTCOMES if key != o["outcome"])]
    return {
        "datasets": _datasets(o),
        **{f"strategies_{kind}": _strategies(o, kind) for kind in kinds},
        "strategies_price": _prices(o),
        "metrics": _metrics(o),
        "metrics_price": _scoring(o),
        "tests": _tests(o),
    }


def _datasets(o: Overview) -> PaperTable:
    numbers = pd.DataFrame(
        [
            {
                "dataset": study["dataset"],
                **{f"{split}_images": n for split, n in study["images"].items()},
                "classes": study["n_classes"],
                "replicates": study["n_replicates"],
                "answer": study["answer"],
            }
            for study in o["studies"]
        ]
    )
    counts = [str(name) for name in numbers if name not in ("dataset", "answer")]
    shown = pd.DataFrame(
        {"data set": numbers["dataset"]} | {n.replace("_", " "): numbers[n].map(number) for n in counts}
    )
    return PaperTable(
        "datasets", "What each study had: clean images of each split, classes, replicates", shown, numbers
    )


def _strategies(o: Overview, kind: str) -> PaperTable:
    ranks = o["strategy_ranks"].get(kind)
    rows = [
        {
            "dataset": row["dataset"],
            "configuration": row["configuration"],
            "words": o["words"].get(row["configuration"], {}).get(row["dataset"], ""),
            **row["accuracy"][kind],
            "rank": _rank(ranks, row["dataset"], row["configuration"]),
        }
        for row in o["strategies"]
        if kind in row["accuracy"] and row["accuracy"][kind]["mean"] is not None
    ]
    words = common_words(o)
    shown = _side_by_side(o, "strategy", rows, "configuration", interval_text, _order(o), ranks)
    name = OUTCOMES[kind].name
    caption = f"Strategies {FULL}: {name} accuracy on test data with intervals"
    return PaperTable(
        "strategies",
        caption,
        _named(shown, "strategy", lambda key: configuration_label(key, words)),
        pd.DataFrame(rows),
        fold="" if kind == o["outcome"] else f"Strategies: {name} accuracy",
    )


def _prices(o: Overview) -> PaperTable:
    rows = [
        {name: row[name] for name in ("dataset", "configuration", "gradient_passes", "seconds")}  # type: ignore[literal-required]
        for row in o["strategies"]
    ]
    words = common_words(o)
    shown = _side_by_side(o, "strategy", rows, "configuration", _price, _order(o))
    return PaperTable(
        "prices",
        f"One model {FULL}: gradient passes in all (attacks, scoring and training), and time to train on the machine "
        "of that study; means over replicates",
        _named(shown, "strategy", lambda key: configuration_label(key, words)),
        pd.DataFrame(rows),
    )


def _metrics(o: Overview) -> PaperTable:
    ranks = o["metric_ranks"]
    rows = [
        {
            "dataset": row["dataset"],
            "metric": row["metric"],
            "configurations": " ".join(row["configurations"]),
            "outcome": o["outcome"],
            **row["accuracy"],
            "rank": _rank(ranks, row["dataset"], row["metric"]),
        }
        for row in o["metrics"]
    ]
    order = _by_rank(ranks, metric_order(row["metric"] for row in o["metrics"]))
    shown = _side_by_side(o, "metric", rows, "metric", interval_text, order, ranks)
    return PaperTable(
        "metrics",
        f"Metrics: {OUTCOMES[o['outcome']].name} accuracy on test data, mean over the logarithm of all smaller budgets "
        "and over the configurations that compare all metrics, with intervals over replicates",
        _named(shown, "metric", metric_name),
        pd.DataFrame(rows),
    )


def _scoring(o: Overview) -> PaperTable:
    rows = [{name: row[name] for name in ("dataset", "metric", "seconds")} for row in o["metrics"]]  # type: ignore[literal-required]
    order = _by_rank(o["metric_ranks"], metric_order(row["metric"] for row in o["metrics"]))
    shown = _side_by_side(
        o,
        "metric",
        rows,
        "metric",
        lambda row: "none" if row["seconds"] == 0 else seconds(row["seconds"]),
        order,
    )
    caption = "Time to score the pool by one metric, the forward pass included, on the machine of that study"
    return PaperTable("prices", caption, _named(shown, "metric", metric_name), pd.DataFrame(rows))


def _tests(o: Overview) -> PaperTable:
    """Mean ranks in all kinds of accuracy, and the two tests; on the page these are sentences and figures."""
    found = [("strategies", kind, ranks) for kind, ranks in o["strategy_ranks"].items()]
    if o["metric_ranks"] is not None:
        found.append(("metrics", o["outcome"], o["metric_ranks"]))
    rows = []
    for what, kind, ranks in found:
        tested = kind == o["outcome"]  # one test for each question
        for key, mean in ranks["mean_ranks"].items():
            rows.append(
                {
                    "ranked": what,
                    "outcome": kind,
                    "entry": key,
                    "mean_rank": mean,
                    "n_datasets": len(ranks["datasets"]),
                    "p_value": ranks["p_value"] if tested else None,
                    "critical_difference": ranks["critical_difference"] if tested else None,
                    "ranks_above": " ".join(worse for better, worse, _ in ranks["different"] if better == key)
                    if tested
                    else "",
                }
            )
    numbers = pd.DataFrame(rows)
    shown = numbers[["ranked", "outcome", "entry"]].assign(
        **{"mean rank": [f"{mean:.2f}" for mean in numbers["mean_rank"]]}
    )
    return PaperTable(
        "ranks", "Mean ranks over data sets, 1 is best", shown, numbers, 3, fold="All mean ranks"
    )


def _side_by_side(
    o: Overview,
    head: str,
    rows: Sequence[dict[str, Any]],
    key: str,
    text: Callable[[Any], str],
    order: Iterable[str],
    ranks: Ranks | None = None,
) -> pd.DataFrame:
    """A row for each entry in the given order: its mean rank, where there is one, and a column for each data set."""
    cells = {(row[key], row["dataset"]): text(row) for row in rows}
    table = []
    for entry in (one for one in order if any(one == known for known, _ in cells)):
        row = {head: entry}
        if ranks is not None:
            mean = ranks["mean_ranks"].get(entry)
            row["mean rank"] = UNKNOWN if mean is None else f"{mean:.2f}"
        table.append(row | {s["dataset"]: cells.get((entry, s["dataset"]), UNKNOWN) for s in o["studies"]})
    return pd.DataFrame(table)


def _named(table: pd.DataFrame, head: str, name: Callable[[str], str]) -> pd.DataFrame:
    return table.assign(**{head: table[head].map(name)}) if len(table) else table


def _order(o: Overview) -> list[str]:
    """Configurations, the best mean rank in the outcome first."""
    return _by_rank(
        o["strategy_ranks"][o["outcome"]], sorted({row["configuration"] for row in o["strategies"]})
    )


def _by_rank(ranks: Ranks | None, keys: Sequence[str]) -> list[str]:
    ranked = list(ranks["mean_ranks"]) if ranks is not None else []
    return [*ranked, *(key for key in keys if key not in ranked)]


def _rank(ranks: Ranks | None, dataset: str, key: str) -> float | None:
    return None if ranks is None else ranks["ranks"].get(dataset, {}).get(key)


def _price(row: dict[str, Any]) -> str:
    passes = row["gradient_passes"]
    return f"{number(passes)}; {seconds(row['seconds'])}"
