"""Which versions the extras for JAX and GPUs would install on Linux, for each Python; nothing is installed.

    make resolve

Ends with an error where one cannot be resolved, or would bring CUDA libraries of two releases.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from guided_retraining.machine.gpus import cuda_sets

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("jax", "gpu-jax", "gpu-tensorflow", "gpu-jax gpu-tensorflow")
TOLD = ("keras", "tensorflow", "jax", "jax-cuda12-plugin", "nvidia-cudnn-cu12", "numpy")


def resolved(extras: str, python: str) -> dict[str, str]:
    """Version of each package that some extras would install, by name."""
    chosen = [argument for extra in extras.split() for argument in ("--extra", extra)]
    finished = subprocess.run(
        ["uv", "pip", "compile", "--python-version", python, "--python-platform", "x86_64-manylinux_2_28",
         *chosen, "--quiet", "--no-header", "--no-annotate", "pyproject.toml"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if finished.returncode != 0:
        sys.exit(f"{extras}, Python {python}: {finished.stderr}")
    return dict(line.split("==") for line in finished.stdout.splitlines() if "==" in line)


def main() -> None:
    """Print a Markdown table."""
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    pythons = [row.rpartition(" ")[2] for row in classifiers if "Python :: 3." in row]
    rows = [["extra", "Python", *TOLD], ["---"] * (2 + len(TOLD))]
    for extras in EXTRAS:
        for python in pythons:
            versions = resolved(extras, python)
            sets = cuda_sets(versions.items())
            if sets != ({12} if "gpu" in extras else set()):
                sys.exit(
                    f"{extras}, Python {python}: CUDA libraries of releases {sorted(sets)}, expected 12 alone"
                )
            rows.append([extras, python, *(versions.get(name, "") for name in TOLD)])
    sys.stdout.write("".join(f"| {' | '.join(row)} |\n" for row in rows))


if __name__ == "__main__":
    main()
