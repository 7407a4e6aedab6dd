"""The parameters of digits, with changes laid over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guided_retraining.parameters.layers import deep_merge
from guided_retraining.parameters.study import Study, parse_study
from guided_retraining.project.config_loader import LayeredConfigLoader
from project_copies import ROOT


@pytest.fixture
def digits_study() -> Callable[[dict[str, Any]], Study]:
    block = LayeredConfigLoader(str(ROOT / "conf"), base_env="base", default_run_env="local")["parameters"][
        "digits"
    ]
    return lambda above: parse_study("digits", deep_merge(block, above))
