"""What the statistics find, as plain records: the choice, the comparison of metrics, and all that the answer says.

Numbers, texts, lists and None only, so that JSON keeps them as they are. Accuracies and differences of accuracies are
shares in [-1, 1]. None is what was not measured or cannot be known. A *replicate* draws everything anew, the original
model included (the column ``seed`` of the results); an *ordering* is a metric or random. ``docs/statistics.md`` has
the rules.
"""

from __future__ import annotations

from typing import Literal, TypedDict

__all__ = [
    "Action",
    "Choice",
    "ClassForgetting",
    "Contrast",
    "Contrasts",
    "Cost",
    "Difference",
    "Forgetting",
    "Interval",
    "ModelNumbers",
    "PricePoint",
    "Prices",
    "Question",
    "Recommendation",
    "Step",
    "Verdict",
]

Action = Literal["original", "whole pool", "random inputs", "ranked inputs"]
Verdict = Literal["better", "worse", "equal", "unresolved"]


class Interval(TypedDict):
    """A mean with its two-sided confidence interval.

    ``n_images`` counts distinct test images, None where the interval leaves images out; ``over`` says what the
    interval is over, in words (``replicates and images``, ``images``, ``replicates``, or empty: no interval).
    """

    mean: float | None
    low: float | None
    high: float | None
    n_replicates: int
    n_images: int | None
    over: str


class Difference(TypedDict):
    """An accuracy minus that of the whole pool: mean over replicates and one-sided lower bound.

    ``spread`` says whose spread the bound rests on: ``pooled`` over the orderings, or the cell's ``own``.
    """

    mean: float | None
    low: float | None
    spread: Literal["pooled", "own"]


class Step(TypedDict):
    """One budget of one ordering held against the whole pool, within the chosen configuration.

    ``differences`` by kind of accuracy (``robust``, ``clean``, ``combined``); ``level`` is the one-sided error rate of
    each bound; ``loses_at_most`` the largest loss that the bounds leave possible, 0 or more; ``passes`` whether every
    bound is above minus the margin; ``reached`` whether the larger budgets of the ordering all passed, so that this one
    was asked at all.
    """

    metric: str
    n_inputs: int
    share_of_pool: float
    level: float
    differences: dict[str, Difference]
    loses_at_most: float | None
    passes: bool | None
    reached: bool


class Choice(TypedDict):
    """What to do, chosen on validation data, and how it came about.

    Attributes:
        action: keep the original model, or retrain on the whole pool, on any n inputs, or on n ranked ones.
        configuration: its key; None for the original model.
        metric: what ranks the inputs; None unless ``action`` is ``ranked inputs``.
        n_inputs: to retrain on; 0 for the original model.
        pool_size: of the chosen configuration.
        n_replicates: that were complete and used.
        descriptive: fewer than three replicates, so nothing is shown and means decide.
        asked: the parameter ``choose_by``.
        outcomes: kinds of accuracy that had to pass, the primary one first.
        margin: the largest loss against the whole pool that counts as none.
        alpha: error rate of the whole choice.
        baseline: the ordering that needs no ranking.
        strategy: the configuration that is best at the whole pool, and the only one whose budgets are compared.
        strategies: mean of the primary outcome at the whole pool, by configuration.
        gain: of the whole pool over the original model in the primary outcome, lower bound included; None without
            rows of the original model.
        accepted: the fewest inputs accepted, by ordering; None where no smaller budget was accepted.
        steps: every smaller budget of every ordering, on validation data.
        test_steps: the same on test data; nothing is chosen on them.
        not_named: why each metric whose accepted budget is smaller than random's is not named, by metric.
        notes: sentences about what was missing or done differently.
    """

    action: Action
    configuration: str | None
    metric: str | None
    n_inputs: int
    pool_size: int
    n_replicates: int
    descriptive: bool
    asked: str
    outcomes: list[str]
    margin: float
    alpha: float
    baseline: str
    strategy: str
    strategies: dict[str, float]
    gain: Difference | None
    accepted: dict[str, int | None]
    steps: list[Step]
    test_steps: list[Step]
    not_named: dict[str, str]
    notes: list[str]


class Question(TypedDict):
    """A question that the answer rests on, and whether it is settled.

    Attributes:
        about: whether retraining helps (``retraining``), another ``strategy`` against the chosen one, an ``ordering``
            against random, a smaller ``budget`` against the whole pool.
        configuration: its key.
        metric: the ordering; None where the question is not about one.
        n_inputs: the budget; None likewise.
        difference: mean difference of accuracy on validation data.
        low: of its interval; None with fewer than three replicates.
        high: of its interval.
        verdict: what is shown.
        open: whether more replicates could still change the answer.
    """

    about: Literal["retraining", "strategy", "ordering", "budget"]
    configuration: str
    metric: str | None
    n_inputs: int | None
    difference: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    open: bool


class Contrast(TypedDict):
    """One metric against random over all smaller budgets: the mean accuracy over log-budget, on test data.

    ``low`` and ``high`` are simultaneous over metrics and configurations, ``p_value`` is corrected for both
    (Dunnett, Bonferroni); ``p_paired`` is the uncorrected paired t test. ``possible`` is the largest difference, either
    way, that the interval leaves possible; ``detectable`` the true difference that would have been shown with a
    probability of 80 %.
    """

    configuration: str
    metric: str
    difference: float
    low: float | None
    high: float | None
    p_value: float | None
    p_paired: float | None
    possible: float | None
    detectable: float | None
    verdict: Verdict


class Contrasts(TypedDict):
    """All metrics against random. ``detectable``: by configuration, the smallest one of its contrasts; ``sentences``
    say it all in words, one for each configuration."""

    outcome: str
    baseline: str
    margin: float
    n_replicates: int
    rows: list[Contrast]
    detectable: dict[str, float | None]
    sentences: list[str]


class Cost(TypedDict):
    """What following an advice costs, means over replicates; attacks of the pool are left out of all but the price.

    ``scoring_seconds`` include the forward pass; ``total_seconds`` is training and scoring; ``gradient_passes`` those
    of training; ``price_gradient_passes`` all there are, with those of the pool's attacks and of scoring;
    ``samples_seen`` the images trained on, each as often as it was.
    """

    fit_seconds: float | None
    scoring_seconds: float | None
    total_seconds: float | None
    gradient_passes: float | None
    price_gradient_passes: float | None
    samples_seen: float | None
    energy_wh: float | None


class ModelNumbers(TypedDict):
    """One model of the table of four: test accuracies by the end of their column, such as ``clean``, ``robust`` or
    ``robust_fgsm``, and what it costs."""

    configuration: str | None
    metric: str | None
    n_inputs: int
    accuracy: dict[str, Interval]
    calibration_error: Interval
    cost: Cost


class PricePoint(TypedDict):
    """One model of the comparison at equal price, means over replicates.

    Attributes:
        configuration: its key; None for the original model.
        metric: what ordered the inputs; None for the original model and at the highest price.
        n_inputs: its budget.
        highest: whether it is the highest price of its configuration.
        price: gradient passes in all; None where they were not counted.
        fit_seconds: to train.
        accuracy: on test data: the outcome that counts, ``clean`` and ``unseen``, as far as they were measured.
        difference: the outcome minus that of the best plain retraining, paired; of highest prices alone.
        on_front: whether no other point has at most its price and at least its accuracy, one of them better.
    """

    configuration: str | None
    metric: str | None
    n_inputs: int
    highest: bool
    price: float | None
    fit_seconds: float | None
    accuracy: dict[str, Interval]
    difference: Interval | None
    on_front: bool


class Prices(TypedDict):
    """What each way of hardening gives for its price.

    ``outcome`` is the kind of accuracy that counts; ``against`` the configuration that is best on validation data of
    those that retrain on stored inputs, None where there is none.
    """

    outcome: str
    against: str | None
    points: list[PricePoint]


class ClassForgetting(TypedDict):
    """The clean test images of one class; ``label`` is its index in the class names."""

    label: int
    n_images: int
    accuracy_before: float
    accuracy_after: float
    churn: float
    gained: float


class Forgetting(TypedDict):
    """Clean test images before and after hardening: ``churn`` is the share that was right with the original model
    and is wrong now, ``gained`` the reverse; means over replicates."""

    churn: float
    gained: float
    per_class: list[ClassForgetting]


class Recommendation(TypedDict):
    """All that the answer says.

    Attributes:
        dataset: its name.
        words: what each configuration means, by key.
        hardening: the strategy of each configuration, by key: a row of ``parameters/strategies.py``; without one it is
            plain retraining.
        claim: what a claim is about, such as ``for this data set, architecture and attacks``.
        confidence: of the two-sided intervals, in (0, 1).
        choice: what to do.
        models: ``original``, ``recommended``, ``whole_pool``, ``random`` (as many inputs as recommended, drawn at
            random) and ``fewer`` (the next smaller budget, drawn at random, where the whole pool is recommended), each
            where it exists; ``recommended`` always does.
        differences: recommended minus each other model, paired: ``{"original": {"clean": interval, ...}, ...}``.
        contrasts: metrics against random over all budgets.
        prices: what each way of hardening gives for its price.
        forgetting: of the recommended model against the original one; None without the images' results.
        attacks: those in ``accuracy_robust``, in ``accuracy_replayed`` and in ``accuracy_unseen``, by kind.
        notes: sentences that whoever acts on the answer should know.
    """

    dataset: str
    words: dict[str, str]
    hardening: dict[str, str]
    claim: str
    confidence: float
    choice: Choice
    models: dict[str, ModelNumbers]
    differences: dict[str, dict[str, Interval]]
    contrasts: Contrasts
    prices: Prices
    forgetting: Forgetting | None
    attacks: dict[str, list[str]]
    notes: list[str]
