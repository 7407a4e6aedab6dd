"""The overview over data sets in words: what is finished, what the ranks show, and what to keep in mind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from guided_retraining.evaluation.outcomes import OUTCOMES
from guided_retraining.evaluation.overview import Overview
from guided_retraining.evaluation.ranks import Ranks
from guided_retraining.evaluation.steps import FEWEST_REPLICATES
from guided_retraining.evaluation.wording import (
    attack_name,
    configuration_label,
    metric_name,
    number,
    p_text,
    percent,
)

__all__ = ["common_words", "finished_line", "overview_lines", "overview_notes", "ranks_sentence"]


def overview_lines(overview: Overview, unfinished: Mapping[str, str]) -> list[str]:
    """What is compared, and what the ranks of strategies and of metrics show.

    Args:
        overview: of the finished studies.
        unfinished: for each data set that is not finished, the command that finishes it.

    Returns:
        Three lines without markup.
    """
    o = overview
    words, kind = common_words(o), OUTCOMES[o["outcome"]].name
    strategies, metrics = o["strategy_ranks"][o["outcome"]], o["metric_ranks"]
    lines = [
        finished_line(o, unfinished),
        f"Strategies by {kind} accuracy at the whole pool or full price: "
        f"{ranks_sentence(strategies, lambda key: configuration_label(key, words))}",
    ]
    if metrics is None:
        return [*lines, "Metrics: no finished study compares two or more."]
    return [
        *lines,
        f"Metrics by {kind} accuracy over all smaller budgets: {ranks_sentence(metrics, metric_name)}",
    ]


def finished_line(overview: Overview, unfinished: Mapping[str, str]) -> str:
    """Which data sets are compared, with their sizes, and which are not finished.

    Args:
        overview: of the finished studies.
        unfinished: for each data set that is not finished, the command that finishes it.

    Returns:
        One or two sentences.
    """
    done = [f"{s['dataset']} ({number(s['images']['train'])} training images)" for s in overview["studies"]]
    text = f"Finished: {len(done)} of {len(done) + len(unfinished)} data sets: {_listed(done)}."
    missing = [f"{name} ({command})" for name, command in unfinished.items()]
    return f"{text} Not finished: {', '.join(missing)}." if missing else text


def ranks_sentence(ranks: Ranks, name: Callable[[str], str]) -> str:
    """Mean ranks, and whether they are shown to differ.

    Args:
        ranks: of strategies or metrics.
        name: what each is called.

    Returns:
        Sentences without markup.
    """
    r = ranks
    if len(r["mean_ranks"]) < 2:
        return "nothing to rank, as the finished data sets have fewer than two in common."
    listed = ", ".join(f"{name(key)} {mean:.2f}" for key, mean in r["mean_ranks"].items())
    n = len(r["datasets"])
    ranked = (
        "ranks (1 is best) in the one data set" if n == 1 else f"mean ranks (1 is best) over {n} data sets"
    )
    text = f"{ranked}: {listed}."
    if r["p_value"] is None or r["critical_difference"] is None:
        return f"{text} No test: {r['why_not']}."
    tested = f"Friedman's test: {p_text(r['p_value'])}"
    if r["different"]:
        pairs = [f"{name(better)} ranks above {name(worse)}" for better, worse, _ in r["different"]]
        return f"{text} {tested}. Shown at {percent(r['alpha'], 0)} (Nemenyi): {'; '.join(pairs)}."
    if r["p_value"] < r["alpha"]:
        return f"{text} {tested}: they are not all alike, but no pair is shown to differ."
    return (
        f"{text} {tested}: no difference is shown. Mean ranks that are {r['critical_difference']:.2f} apart or more "
        "would have been told apart."
    )


def overview_notes(overview: Overview) -> list[str]:
    """What whoever reads the ranks should know: what differs between the studies, and what is not ranked.

    Args:
        overview: of the finished studies.

    Returns:
        Sentences without markup.
    """
    o, notes = overview, []
    for key, said in o["words"].items():
        if len(set(said.values())) > 1:
            each = "; ".join(
                f"{words} in {_listed(_having(said, words))}" for words in dict.fromkeys(said.values())
            )
            notes.append(f"{key} is not the same in all data sets: {each}.")
    attacks = {name: _listed([attack_name(one) for one in made]) for name, made in o["attacks"].items()}
    if len(set(attacks.values())) > 1:
        each = "; ".join(
            f"{made or 'none'} in {_listed(_having(attacks, made))}"
            for made in dict.fromkeys(attacks.values())
        )
        notes.append(
            f"{OUTCOMES[o['outcome']].name} accuracy is not under the same attacks everywhere: {each}."
        )
    few = [s["dataset"] for s in o["studies"] if s["n_replicates"] < FEWEST_REPLICATES]
    if few:
        notes.append(
            f"Fewer than {FEWEST_REPLICATES} replicates in {_listed(few)}: ranks there may be those of single runs."
        )
    left_out = o["strategy_ranks"][o["outcome"]]["left_out"]
    if left_out:
        notes.append(f"Not ranked, since not every data set has them: {_listed(left_out)}.")
    metrics = o["metric_ranks"]
    if metrics is not None:
        if metrics["left_out"]:
            names = _listed([metric_name(key) for key in metrics["left_out"]])
            notes.append(f"Metrics not ranked, since not every data set has them: {names}.")
        without = [s["dataset"] for s in o["studies"] if s["dataset"] not in metrics["datasets"]]
        if without:
            notes.append(f"Metrics were not compared in {_listed(without)}.")
    return notes


def common_words(overview: Overview) -> dict[str, str]:
    """What each configuration means, where it means the same in all data sets.

    Args:
        overview: of the finished studies.

    Returns:
        Words by key.
    """
    return {
        key: next(iter(said.values()))
        for key, said in overview["words"].items()
        if len(set(said.values())) == 1
    }


def _having(said: Mapping[str, str], words: str) -> list[str]:
    return [name for name, text in said.items() if text == words]


def _listed(names: Iterable[str]) -> str:
    *first, last = [*names] or [""]
    return f"{', '.join(first)} and {last}" if first else last
