"""What happens at a worker: one node at a time is loaded, computed and saved."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from kedro.framework.hooks.manager import _create_hook_manager, _register_hooks, _register_hooks_entry_points
from kedro.framework.project import configure_project, settings
from kedro.io import DataCatalog
from kedro.pipeline.node import Node
from kedro.runner.task import Task

from guided_retraining.project.messages import user_message
from guided_retraining.runners.prepare import quiet_console

_one_node = Lock()  # Keras and its seeds belong to the process; two nodes in it would disturb each other


@dataclass(frozen=True)
class NodeTask:
    """A node with all it needs: its catalog entries (paths and small parameters, no data).

    Attributes:
        node: the node.
        catalog: of its inputs and outputs.
        package_name: whose settings name the hooks.
        folder: relative paths in parameters start here, where it exists.
        is_async: whether inputs are loaded and outputs saved by threads.
        run_id: of the session.
    """

    node: Node
    catalog: DataCatalog
    package_name: str | None
    folder: Path
    is_async: bool
    run_id: str | None

    def __call__(self) -> dict[str, str]:
        """Load, compute, save.

        Returns:
            Empty after success. After an error ``message`` for the user and ``trace`` for who mends it; errors
            themselves do not travel, since not all of them can be pickled.
        """
        with _one_node, _inside(self.folder):
            try:
                Task(
                    node=self.node,
                    catalog=self.catalog,
                    hook_manager=_hook_manager(self.package_name),
                    is_async=self.is_async,
                    run_id=self.run_id,
                ).execute()
            except Exception as error:
                return _told(error)
        return {}


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    if folder.is_dir():
        with contextlib.chdir(folder):
            yield
    else:
        yield


def _told(error: Exception) -> dict[str, str]:
    message = user_message(error)
    if message is not None:
        return {"message": message, "trace": ""}
    trace = "".join(traceback.format_exception(error))
    return {"message": f"{type(error).__name__}: {error}", "trace": trace}


@lru_cache(maxsize=1)
def _hook_manager(package_name: str | None) -> Any:
    """The project's hooks, as its own process registers them."""
    if package_name:
        configure_project(package_name)
        quiet_console()
    manager = _create_hook_manager()
    _register_hooks(manager, settings.HOOKS)
    _register_hooks_entry_points(manager, settings.DISABLE_HOOKS_FOR_PLUGINS)
    return manager
