"""What is said around a run: less by the libraries, and at the end where the report lies and what it answers."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from kedro.framework.hooks import hook_impl

logger = logging.getLogger(__name__)


class QuietHook:
    """Silences notes of libraries that no user of this project can act on."""

    @hook_impl
    def after_context_created(self, context: Any) -> None:  # noqa: ARG002
        """Quiet Kedro-Viz's run-status hook, which warns on each partial run."""
        logging.getLogger("kedro_viz").setLevel(logging.ERROR)
        warnings.filterwarnings("ignore", message=".*Pickling.*", module="kedro.*")


class AnswerHook:
    """Tells where each finished report is and what it answers."""

    @hook_impl
    def after_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Log the answer of every report that the run made."""
        for name in sorted(pipeline.all_outputs()):
            if not name.endswith(".report"):
                continue
            answer = catalog.load(name.removesuffix("report") + "answer")
            for line in answer["lines"]:
                logger.info(line)
            logger.info("report: %s", catalog.get(name)._filepath)
