"""Compare the results of one study run in two ways, such as on two backends: differences beside replicates' spread.

python benchmarks/compare_results.py ONE/results.parquet OTHER/results.parquet
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

POINT = ["configuration", "metric", "n_inputs"]
ACCURACIES = ("accuracy_clean", "accuracy_robust", "accuracy_replayed", "accuracy_unseen")


def main() -> None:
    """Print a Markdown table, in points of accuracy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    asked = parser.parse_args()
    tables = [pd.read_parquet(file).groupby(POINT) for file in (asked.one, asked.other)]
    lines = [
        "| accuracy | first minus second, mean of all points | standard deviation between replicates, mean |"
    ]
    lines.append("|---|---|---|")
    for accuracy in ACCURACIES:
        difference = (tables[0][accuracy].mean() - tables[1][accuracy].mean()).dropna()
        spread = pd.concat([table[accuracy].std() for table in tables]).mean()
        lines.append(
            f"| {accuracy} | {100 * difference.mean():+.1f} ({len(difference)} points) | {100 * spread:.1f} |"
        )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
