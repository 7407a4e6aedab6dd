"""The simulations of ``benchmarks/simulate_choice.py``, which the documented error rates come from."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks/simulate_choice.py"


@pytest.fixture(scope="session")
def simulate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("simulate_choice", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simulate_choice"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)
