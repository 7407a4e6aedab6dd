"""What several of the report's tests share."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def adversarial_table():
    """A table of one attack that fooled the model on every input, by attack and number of rows."""

    def made(attack="fgsm", n=12, **changed):
        labels = np.arange(n) % 10
        rows = {
            "attack": attack, "source_index": np.arange(n)[::-1], "true_label": labels,
            "predicted_before": labels, "predicted_after": (labels + 1) % 10, "correct_before": True,
            "success": True, "l0": 4.0, "l2": 0.2, "linf": 0.1, "seconds": 0.001, "gradient_passes": 10, "seed": 0,
        }  # fmt: skip
        return pd.DataFrame(rows | changed)

    return made


@pytest.fixture
def texts():
    """All texts of a figure, its legends included."""
    from matplotlib.text import Text

    return lambda figure: " ".join(text.get_text() for text in figure.findobj(Text))
