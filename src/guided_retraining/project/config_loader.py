"""Layered parameters: ``defaults``, then the data set's block, in base, then in the environment, then ``--params``.

A configuration loader does this rather than a hook, because Kedro-Viz and notebooks run without hooks, and because the
pipelines themselves are built from the same parameters.
"""

from __future__ import annotations

import contextlib
import copy
import os
from pathlib import Path
from typing import Any, ClassVar

from kedro.config import MissingConfigException, OmegaConfigLoader

from guided_retraining.errors import ParameterError
from guided_retraining.parameters.layers import deep_merge
from guided_retraining.parameters.names import suggest
from guided_retraining.parameters.study import Study, parse_study

DEFAULTS = "defaults"  # the one root key that is no data set


class LayeredConfigLoader(OmegaConfigLoader):
    """Kedro's loader, whose ``["parameters"]`` are the finished blocks of the data sets."""

    latest: ClassVar[LayeredConfigLoader | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._finished: dict[str, Any] | None = None
        LayeredConfigLoader.latest = self

    def __getitem__(self, key: str) -> dict[str, Any]:
        if key in self.data:
            return super().__getitem__(key)
        if key == "globals":
            return self._merged_globals()
        if key != "parameters":
            self._register_globals_resolver()  # Kedro's belongs to the loader made last, such as one of `_layer`
            return super().__getitem__(key)
        if self._finished is None:  # Kedro asks several times, and reading YAML is slow
            layers = [self._layer(self.base_env), self._layer(self.env or self.default_run_env)]
            self._finished = merge_layers([*layers, dict(self.runtime_params or {})])
        return copy.deepcopy(self._finished)

    def defaults(self) -> dict[str, Any]:
        """What every data set's block is laid over, without any data set."""
        merged: dict[str, Any] = {}
        for environment in (self.base_env, self.env or self.default_run_env):
            merged = deep_merge(merged, self._layer(environment).get(DEFAULTS) or {})
        return merged

    def _merged_globals(self) -> dict[str, Any]:
        """Base, ``conf/local``, the environment: where the data lie belongs to the machine, so local always holds.

        ``study``, where the results of one environment lie, is ``data`` itself or a folder in it of the environment's
        name, so that studies of different environments lie side by side.
        """
        merged: dict[str, Any] = {}
        current = self.env or self.default_run_env
        for environment in dict.fromkeys((self.base_env, self.default_run_env, current)):
            with contextlib.suppress(MissingConfigException):
                merged = deep_merge(merged, dict(self._plain(environment)["globals"]))
        plain = current in (self.base_env, self.default_run_env)
        return {"study": merged["data"] if plain else f"{merged['data']}/{current}", **merged}

    def _plain(self, environment: str) -> OmegaConfigLoader:
        return OmegaConfigLoader(self.conf_source, env=environment, base_env=environment)

    def _layer(self, environment: str) -> dict[str, Any]:
        """What one environment says by itself."""
        plain = self._plain(environment)
        plain["globals"] = self._globals
        try:
            return dict(plain["parameters"])
        except MissingConfigException:
            if not (Path(self.conf_source) / environment).is_dir():
                raise ParameterError(
                    f"there is no environment '{environment}' in {self.conf_source}."
                    + suggest(environment, [folder.name for folder in Path(self.conf_source).iterdir()])
                ) from None
            return {}


def merge_layers(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """The finished blocks: for each data set each layer's defaults and block in turn.

    Args:
        layers: parameters of base, of the environment, of the command line.

    Raises:
        ParameterError: a root key that is neither a data set with a ``source`` nor ``defaults``.
    """
    roots = [root for layer in layers for root in layer]
    known = {
        root
        for layer in layers
        for root, block in layer.items()
        if isinstance(block, dict) and "source" in block
    }
    for root in roots:
        if root not in known and root != DEFAULTS:
            raise ParameterError(
                f"parameter '{root}': no such data set (a data set's block has a `source`), and not '{DEFAULTS}'."
                + suggest(root, [*known, DEFAULTS])
            )
    merged: dict[str, Any] = {}
    for dataset in sorted(known):
        block: dict[str, Any] = {}
        for layer in layers:
            block = deep_merge(deep_merge(block, layer.get(DEFAULTS) or {}), layer.get(dataset) or {})
        merged[dataset] = block
    return merged


def current_loader() -> LayeredConfigLoader:
    """The loader of the running session; without one (``kedro registry list``) one on the project's ``conf``."""
    latest = LayeredConfigLoader.latest
    return project_loader() if latest is None else latest  # a loader without anything set is falsy


def project_loader(env: str | None = None) -> LayeredConfigLoader:
    """A loader on the ``conf`` of the project that the current folder lies in.

    Args:
        env: the environment; by default the one that ``KEDRO_ENV`` names, or ``local``.
    """
    from kedro.framework.project import settings

    return LayeredConfigLoader(
        str(project_folder() / settings.CONF_SOURCE),
        env=env or os.environ.get("KEDRO_ENV"),
        **settings.CONFIG_LOADER_ARGS,
    )


def project_folder() -> Path:
    """The folder of the project that the current folder lies in."""
    from kedro.utils import find_kedro_project

    return find_kedro_project(Path.cwd()) or Path.cwd()


def run_command(*arguments: str) -> str:
    """``kedro run`` in the environment of the running session, as a user types it.

    Args:
        arguments: that follow.
    """
    loader = current_loader()
    plain = loader.env in (None, loader.base_env, loader.default_run_env)
    return " ".join(["kedro", "run", *([] if plain else ["--env", str(loader.env)]), *arguments])


def studies(loader: LayeredConfigLoader | None = None) -> dict[str, Study]:
    """The typed parameters of every configured data set.

    Raises:
        ParameterError: something in ``conf/`` or ``--params`` cannot be used.
    """
    parameters = (current_loader() if loader is None else loader)["parameters"]
    return {name: parse_study(name, block) for name, block in parameters.items()}
