"""Kedro settings of the project."""

from guided_retraining.project.config_loader import LayeredConfigLoader
from guided_retraining.project.hooks import (
    AnswerHook,
    BackendHook,
    NothingStaleHook,
    QuietHook,
    ThreadsHook,
    WarningHook,
)

HOOKS = (QuietHook(), ThreadsHook(), BackendHook(), NothingStaleHook(), WarningHook(), AnswerHook())
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)

CONFIG_LOADER_CLASS = LayeredConfigLoader
CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}
