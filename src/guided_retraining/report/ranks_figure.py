"""Mean ranks on a line; bars join those that are not shown to differ: the critical-difference diagram."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import fill

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from guided_retraining.evaluation.ranks import Ranks
from guided_retraining.report.canvas import LOOK, empty_figure, grid
from guided_retraining.report.palette import INK

__all__ = ["ranks_figure"]

ROW = 0.7  # inches of one label, which may take two lines, and of the room between the axis and the bar above it
WIDTH = 42  # letters in one line of a label


def ranks_figure(ranks: Ranks | None, name: Callable[[str], str]) -> Figure:
    """The critical-difference diagram of strategies or metrics.

    Args:
        ranks: with their test; None where there is nothing to rank.
        name: what each is called.

    Returns:
        The figure; where nothing was tested one that says why.

    Source:
        Demsar 2006, "Statistical comparisons of classifiers over multiple data sets".
    """
    if ranks is None or ranks["critical_difference"] is None:
        return empty_figure(f"No test: {ranks['why_not'] if ranks else 'nothing was compared'}.")
    from scikit_posthocs import critical_difference_diagram  # slow to load

    labels = {key: fill(name(key), WIDTH) for key in ranks["mean_ranks"]}
    means = pd.Series({labels[key]: mean for key, mean in ranks["mean_ranks"].items()})
    figure, axes = grid(1, 1, width=11.0, height=1.0 + ROW * (len(means) / 2 + 2))
    panel = axes[0][0]
    with matplotlib.rc_context(LOOK):
        critical_difference_diagram(
            means,
            _not_alike(ranks).rename(index=labels, columns=labels),
            cd=ranks["critical_difference"],
            alpha=ranks["alpha"],
            ax=panel,
            label_fmt_left="{label}  {rank:.2f}",
            label_fmt_right="{rank:.2f}  {label}",
            label_props={"fontsize": 10},
            elbow_props={"linewidth": 1.0},
            marker_props={"s": 30},
            color_palette=dict.fromkeys(means.index, INK),
            text_h_margin=0.1,
        )
    panel.set_title(
        "Mean rank (1 is best)", fontsize=11, pad=26
    )  # above the length of the critical difference
    return figure


def _not_alike(ranks: Ranks) -> pd.DataFrame:
    """P-values of all pairs; 1 for those that are not shown to differ, since Friedman's test has the first say."""
    keys = list(ranks["mean_ranks"])
    values = pd.DataFrame(1.0, index=keys, columns=keys)
    for better, worse, p_value in ranks["different"]:
        values.loc[better, worse] = values.loc[worse, better] = p_value
    return values
