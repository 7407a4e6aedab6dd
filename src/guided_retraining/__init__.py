"""Harden an image classifier against adversarial inputs with as few retraining inputs as possible."""

import os

__version__ = "0.1.0"

# No telemetry: kedro-telemetry comes with kedro and would post and write an id into pyproject.toml.
os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "1")
