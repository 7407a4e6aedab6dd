"""What a result was made with: Python, the libraries that decide numbers, the machine."""

from __future__ import annotations

import platform
from importlib.metadata import version

PACKAGES = (
    "guided-retraining",
    "keras",
    "tensorflow",
    "adversarial-robustness-toolbox",
    "numpy",
    "scikit-learn",
)


def versions() -> dict[str, str]:
    """Version of each, by name, and a few words on the machine."""
    machine = f"{platform.system()} {platform.machine()}, {platform.processor() or 'processor not named'}"
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "machine": machine,
    }
