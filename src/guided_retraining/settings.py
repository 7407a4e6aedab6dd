"""Kedro settings of the project."""

from guided_retraining.project.config_loader import LayeredConfigLoader
from guided_retraining.project.hooks import (
    AnswerHook,
    BackendHook,
    NothingStaleHook,
    QuietHook,
    ThreadsHook,
    UnfinishedHook,
    WarningHook,
)
from guided_retraining.project.tracking import TrackingHook

HOOKS = (
    QuietHook(),
    ThreadsHook(),
    BackendHook(),
    NothingStaleHook(),
    UnfinishedHook(),
    WarningHook(),
    TrackingHook(),
    AnswerHook(),  # after a run, the last one is called first
)
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry", "kedro_mlflow")  # for the latter, TrackingHook

CONFIG_LOADER_CLASS = LayeredConfigLoader
CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}
