"""Where each figure stands on the page, its caption, and its text for readers who cannot see it."""

__all__ = ["FIGURES", "RASTER"]

# name -> (section of the page, caption, what a reader who cannot see it is told)
FIGURES = {
    "gain": (
        "sure",
        "Gain over random selection; configurations keep scales of their own where their ranges differ much. "
        "Left: the mean over seeds at each budget. Right: over all budgets, "
        "with intervals from pairs of the same seed; where an interval crosses the dashed line, chance "
        "alone may explain the gain; of many intervals some miss it by chance too (see Holm below).",
        "Gain of each guidance metric over random selection, at each budget and over all budgets; the "
        "numbers are in the table of this section.",
    ),
    "curves": (
        "curves",
        "Accuracy on clean and adversarial test inputs together against the number of retraining inputs. "
        "Mind the scales: panels share one only where their ranges are alike.",
        "Accuracy against the number of retraining inputs, one panel per configuration, one line per "
        "guidance metric; the numbers are in the tables of this section.",
    ),
    "split": (
        "curves",
        "Clean and adversarial accuracy apart: what hardening costs on clean inputs is seen in the first "
        "row.",
        "Clean and adversarial accuracy against the number of retraining inputs, apart.",
    ),
    "sheet": (
        "attacks",
        "What the attacks do: clean image, perturbation (grey is no change; the factor it is magnified by "
        "is at its left) and adversarial image with the prediction before and after. Inputs are spread "
        "evenly, not picked.",
        "Rows of clean images, magnified perturbations and adversarial images for each attack.",
    ),
    "scores": (
        "metrics",
        "Scores of clean and adversarial inputs of the pool. A title says how often an adversarial input "
        "outranks a clean one (50 % is chance). The outermost bars hold what lies beyond the axis.",
        "Histograms of the scores of clean and adversarial inputs, one panel per guidance metric.",
    ),
    "ranking": (
        "metrics",
        "Before any retraining: how early each order finds the inputs that the original model gets wrong. "
        "APFD is the area under the curve.",
        "Share of faults found against the share of the pool inspected, one line per guidance metric.",
    ),
    "agreement": (
        "metrics",
        "Rank correlation between the metrics over the whole pool: near 1, two metrics rank the inputs nearly "
        "alike.",
        "Rank correlations between guidance metrics; the numbers are in the table of this section.",
    ),
    "overlap": (
        "metrics",
        "Share of inputs that two metrics have in common among their first 10 % of the pool: what a small "
        "budget would have in common. Two unrelated orders share 10 %.",
        "Overlap of the first 10 % between guidance metrics; the numbers are in the table of this section.",
    ),
    "stability": (
        "metrics",
        "The same inputs ranked with the original model trained again from other seeds: a dot for each pair of "
        "original models, a bar at the mean. Far to the right, a ranking belongs to the inputs; near chance, to "
        "the accidents of one training. The adversarial inputs stay those made against the first model.",
        "Rank correlation and overlap of the first inputs between original models trained from different "
        "seeds, for each guidance metric; the numbers are in the table of this section.",
    ),
    "costs": (
        "costs",
        "Where the time went.",
        "Seconds per stage, per attack and per metric; the numbers are in the table of this section.",
    ),
}
RASTER = {"sheet"}  # images: as PNG; all else as SVG
