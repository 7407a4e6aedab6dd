"""The report's figures, a row each: where it stands on the page, its caption, and what it says."""

from __future__ import annotations

from dataclasses import dataclass

from guided_retraining.report.alternatives import OF_THE_ANSWER
from guided_retraining.report.context import PageContext
from guided_retraining.report.ranking_alternatives import OF_ATTACKS_RANKINGS_AND_COSTS

__all__ = ["FIGURES", "ReportFigure"]

ALTERNATIVES = OF_THE_ANSWER | OF_ATTACKS_RANKINGS_AND_COSTS


@dataclass(frozen=True)
class ReportFigure:
    """A figure of the report, in the catalog as ``<name>_figure``.

    Attributes:
        name: of the figure.
        section: of the page.
        caption: how it is read.
        raster: shown as PNG, since it consists of images; others as SVG.
    """

    name: str
    section: str
    caption: str
    raster: bool = False

    def alternative(self, context: PageContext) -> str:
        """What it shows, from the content of the page, for readers who cannot see it."""
        return ALTERNATIVES[self.name](context)


_ROWS = (
    ReportFigure(
        "price",
        "price",
        "Accuracy on test data against the price: all gradient passes, for attacks, scoring and training. A line for "
        "each configuration, from its smallest budget to its largest; bars are intervals. The grey steps are the most "
        "that a price buys, by the means: what lies below them is beaten by something that costs no more.",
    ),
    ReportFigure(
        "differences",
        "budgets",
        "Accuracy minus that of the whole pool at each smaller budget, on test data: the marker is the mean, its line "
        "reaches down to the loss that remains possible. A filled marker's line ends inside the shaded margin. A "
        "budget is enough where robust and clean accuracy both end there, and at all larger budgets too. A strategy "
        "that makes its inputs itself is held against itself at the full price. The choice itself was made in the same "
        "way on validation data. The scale is finer near the margin.",
    ),
    ReportFigure(
        "contrasts",
        "ranking",
        "Each metric against random over all smaller budgets, each halving of the budget weighing the same. The "
        "intervals hold for all metrics and configurations together. Hollow: not resolved. The bar at the bottom is "
        "the smallest difference that a study of this size would find in four of five cases.",
    ),
    ReportFigure(
        "curves",
        "curves",
        "Mean accuracy at each budget. Robust: right under every attack that made retraining inputs, made anew against "
        "each retrained model. Unseen: the same under attacks that made none; what is missing there was learned for "
        "the known attacks only.",
    ),
    ReportFigure(
        "tradeoff",
        "curves",
        "Robust against clean accuracy (replayed, where nothing was attacked anew): each path goes from few retraining "
        "inputs (small marks) to the whole pool. Up is harder to fool, left is forgetting.",
    ),
    ReportFigure(
        "forgetting",
        "forgetting",
        "Clean test images of each class whose answer changed from the original to the recommended model, means over "
        "replicates.",
    ),
    ReportFigure(
        "sheet",
        "attacks",
        "What the attacks do: clean image, perturbation (grey is no change; the factor it is magnified by is at its "
        "left) and adversarial image with the prediction before and after. Half are successes and half are failures, "
        "as far as there are so many of each, however often the attack succeeds; within each half the inputs are "
        "spread evenly, not picked.",
        raster=True,
    ),
    ReportFigure(
        "scores",
        "rankings",
        "Scores of clean and adversarial inputs of the pool, in the first replicate. A title says how often an "
        "adversarial input outranks a clean one (50 % of unrelated ones). The outermost bars hold what lies beyond the "
        "axis.",
    ),
    ReportFigure(
        "ranking",
        "rankings",
        "Before any retraining: how early each order finds the inputs that the original model gets wrong, means over "
        "replicates. APFD is the area under the curve.",
    ),
    ReportFigure(
        "agreement",
        "rankings",
        "Left: rank correlation between the metrics over the whole pool. Right: what a small budget would have in "
        "common; two unrelated orders share 10 % of their first 10 %. Means over replicates.",
    ),
    ReportFigure(
        "stability",
        "rankings",
        "The same clean inputs ranked in each replicate, by another original model: a dot for each pair of replicates, "
        "a bar at the mean. Far to the right, a ranking belongs to the inputs; near the dashed line, to the accidents "
        "of one training. With a model of your own all replicates share it, and only what a metric draws differs.",
    ),
    ReportFigure(
        "costs",
        "costs",
        "Where time and gradient passes went, over all replicates.",
    ),
)
FIGURES: dict[str, ReportFigure] = {row.name: row for row in _ROWS}
