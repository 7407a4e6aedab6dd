"""What is said around a run: less by the libraries, and at the end where the report lies and what it answers."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from typing import Any

from kedro.framework.hooks import hook_impl

from guided_retraining.errors import DataFileError, GuidedRetrainingWarning, ParameterError
from guided_retraining.machine.checks import check_backend
from guided_retraining.machine.limits import one_thread_an_operation
from guided_retraining.pipelines.wiring import BACKEND
from guided_retraining.project.config_loader import studies

logger = logging.getLogger(__name__)


class QuietHook:
    """Silences notes of libraries that no user of this project can act on."""

    @hook_impl
    def after_context_created(self, context: Any) -> None:  # noqa: ARG002
        """Quiet Kedro-Viz's run-status hook, which warns on each partial run."""
        logging.getLogger("kedro_viz").setLevel(logging.ERROR)


class ThreadsHook:
    """Divides a run's work over the cores by whole fits and batches."""

    @hook_impl
    def before_pipeline_run(self) -> None:
        """Before TensorFlow is loaded: one thread for each of its operations."""
        one_thread_an_operation()


class BackendHook:
    """Refuses a backend that cannot work before anything else is done, not at the first node that needs it."""

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Any) -> None:
        """Without loading it. Workers of a cluster may have another machine: they check when they load theirs."""
        if any(BACKEND in node.tags for node in pipeline.nodes) and "DaskRunner" not in str(
            run_params.get("runner")
        ):
            check_backend()


class NothingStaleHook:
    """Refuses what would pass results of earlier runs off as those asked for."""

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any]) -> None:
        """Before any node."""
        if run_params.get("only_missing_outputs"):
            raise ParameterError(
                "--only-missing-outputs goes by whether a file is there, not by what it was made from, so it would "
                "keep results of earlier parameters. Leave it out: a run finds finished work by its fingerprint and "
                "computes only what is missing or has changed"
            )
        pipelines = run_params.get("pipeline_names") or []
        if "comparison" in pipelines and len(set(pipelines)) > 1:
            others = ",".join(name for name in pipelines if name != "comparison")
            raise ParameterError(
                "--pipelines: comparison takes studies that are finished already, so together with others it would "
                f"compare what they left earlier. Run it by itself afterwards: kedro run --pipelines {others}, then "
                "kedro run --pipelines comparison"
            )


class UnfinishedHook:
    """Refuses to report on a study that is not finished, and says what is missing and about how long it takes."""

    @hook_impl
    def before_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Before any node: reporting and delivery read what all cells of a study left."""
        asked = {
            name.partition(".")[0] for name in pipeline.inputs() if name.endswith((".results", ".answer"))
        }
        for dataset in sorted(asked):
            needed = [
                name for name in pipeline.inputs() if name in {f"{dataset}.results", f"{dataset}.answer"}
            ]
            if not all(catalog.exists(name) for name in needed):
                from guided_retraining.commands.unfinished import what_is_missing

                raise DataFileError(what_is_missing(dataset, studies()[dataset], catalog))


class WarningHook:
    """Tells the user of our own warnings as log lines, each once, instead of with a file and a line of code.

    Installed before each node, since runners with processes of their own make no context in them.
    """

    @hook_impl
    def before_node_run(self) -> None:
        """See that our warnings go to the log."""
        if getattr(warnings.showwarning, "told", None) is None:
            warnings.showwarning = _log_ours(warnings.showwarning)


def _log_ours(before: Callable[..., None]) -> Callable[..., None]:
    """A ``warnings.showwarning`` that logs our own warnings and hands all others to the one before."""
    told: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *args: Any, **kwargs: Any) -> None:
        if not issubclass(category, GuidedRetrainingWarning):
            before(message, category, *args, **kwargs)
        elif str(message) not in told:
            told.add(str(message))
            logger.warning("%s", message)

    show.told = told  # type: ignore[attr-defined]  # marks it as ours
    return show


TOLD = {"report": ("answer", "report"), "hardened_check": ("hardened_check", "hardened_model")}


class AnswerHook:
    """Tells what each finished report answers and how the hardened model was checked, and where the files are."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Log the lines of all that the run made of ``TOLD``: of these data, and the file after them."""
        made = pipeline.all_outputs()
        for dataset in sorted({name.partition(".")[0] for name in made}):
            for what, (lines, file) in TOLD.items():
                if f"{dataset}.{what}" in made:
                    self._tell(catalog, f"{dataset}.{lines}", f"{dataset}.{file}")

    def _tell(self, catalog: Any, lines: str, file: str) -> None:
        for line in catalog.load(lines)["lines"]:
            logger.info(line)
        if catalog.exists(file):
            written = catalog.get(file)
            what = file.rpartition(".")[2].replace("_", " ")
            logger.info("%s: %s", what, getattr(written, "filepath", written._filepath))
