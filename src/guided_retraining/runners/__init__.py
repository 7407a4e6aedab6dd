"""Run the pipelines on many processes or machines: ``kedro run --runner guided_retraining.runners.DaskRunner``."""

from __future__ import annotations

from typing import Any

from guided_retraining.errors import ParameterError

__all__ = ["DaskRunner"]


def __getattr__(name: str) -> Any:
    # Dask is an optional extra, and Kedro asks for the class by this package's name: it is imported when asked for.
    if name != "DaskRunner":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from guided_retraining.runners.dask_runner import DaskRunner
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("dask", "distributed", "cloudpickle"):
            raise
        raise ParameterError(
            f"the DaskRunner needs dask and distributed, and '{error.name}' is not installed: "
            "pip install 'guided-retraining[dask]', or leave out --runner"
        ) from error
    return DaskRunner
