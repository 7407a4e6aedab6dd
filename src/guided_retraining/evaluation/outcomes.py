"""The kinds of accuracy of a retrained model, a row each: what results, figures, sentences and the page read."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OUTCOMES", "Outcome", "attack_of", "columns_in_order"]


@dataclass(frozen=True)
class Outcome:
    """One kind of accuracy, in the column ``accuracy_<key>`` of the results, and on validation data in
    ``validation_accuracy_<key>`` where the choice needs it.

    Attributes:
        key: the end of its column.
        name: in a sentence or the head of a table.
        caption: what it was measured on, for the caption of a table or figure.
        glossary: what it says, a sentence or two.
        per_attack: whether there is a column ``accuracy_<key>_<attack>`` for each attack too.
    """

    key: str
    name: str
    caption: str
    glossary: str
    per_attack: bool = False

    @property
    def column(self) -> str:
        """Its column of the results."""
        return f"accuracy_{self.key}"

    @property
    def validation_column(self) -> str:
        """The same, measured on validation data."""
        return f"validation_accuracy_{self.key}"


_ROWS = (
    Outcome("clean", "clean", "Clean test inputs", "Accuracy on the clean test set."),
    Outcome(
        "replayed",
        "replayed",
        "Adversarial test inputs made against the original model",
        "Accuracy on test inputs attacked once, against the original model. It shows whether retraining learned those "
        "inputs, not how hard the new model is to fool.",
        per_attack=True,
    ),
    Outcome(
        "combined",
        "clean and replayed together",
        "Clean and replayed test inputs together",
        "Accuracy on the clean test inputs and the replayed ones as one set.",
    ),
    Outcome(
        "robust",
        "robust",
        "Test images that stay right under every attack made anew against each retrained model",
        "Share of the same test images that stay right under every attack that made retraining inputs, made anew "
        "against the model that is measured.",
        per_attack=True,
    ),
    Outcome(
        "unseen",
        "unseen attack",
        "Test images that stay right under attacks that made no retraining inputs",
        "The same as robust, under attacks that made no retraining inputs.",
        per_attack=True,
    ),
)
OUTCOMES: dict[str, Outcome] = {row.key: row for row in _ROWS}


def attack_of(column: str) -> tuple[Outcome | None, str | None]:
    """Which kind of accuracy a column holds, and under which attack alone.

    Args:
        column: of the results.

    Returns:
        The kind, None where it is none of the table's; and the attack, None where it is under all of them.

    >>> outcome, attack = attack_of("accuracy_robust_fgsm")
    >>> outcome.key, attack, attack_of("fit_seconds")
    ('robust', 'fgsm', (None, None))
    """
    for outcome in OUTCOMES.values():
        if column == outcome.column:
            return outcome, None
        if outcome.per_attack and column.startswith(f"{outcome.column}_"):
            return outcome, column.removeprefix(f"{outcome.column}_")
    return None, None


def columns_in_order(columns: list[str]) -> list[str]:
    """Those that hold accuracies on test data: as in the table of kinds, each before those of its attacks; a kind that
    is not in the table comes last.

    Args:
        columns: of the results.

    Returns:
        The names that begin with ``accuracy_``, sorted.

    >>> columns_in_order(["accuracy_own", "accuracy_robust_bim", "seed", "accuracy_robust", "accuracy_clean"])
    ['accuracy_clean', 'accuracy_robust', 'accuracy_robust_bim', 'accuracy_own']
    """
    kinds = list(OUTCOMES.values())

    def place(column: str) -> tuple[int, str]:
        outcome, attack = attack_of(column)
        return (kinds.index(outcome) if outcome else len(kinds), attack or "")

    return sorted((name for name in columns if name.startswith("accuracy_")), key=place)
