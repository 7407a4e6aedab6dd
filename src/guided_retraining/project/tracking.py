"""A run of MLflow for each finished study, where an ``mlflow.yml`` in ``conf/`` asks for it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kedro.config import MissingConfigException
from kedro.framework.hooks import hook_impl

from guided_retraining import __version__
from guided_retraining.errors import DataFileError, ParameterError
from guided_retraining.project.config_loader import run_command
from guided_retraining.storage.copies import local_path

logger = logging.getLogger(__name__)

PATTERNS = ["mlflow*", "mlflow*/**", "**/mlflow*"]  # of kedro-mlflow's configuration
# Files of a finished study that are tracked, and in which folder; figures beside them.
FILES = {
    "report": "",
    "answer": "",
    "hardened_model": "model",
    "hardened_card": "model",
    "hardened_check": "model",
}
FINISHED = ("report", "hardened_check")  # a run that made one of them finished a study
INTERVAL = {"mean": "", "low": ".low", "high": ".high"}


class TrackingHook:
    """Tracks finished studies; without an ``mlflow.yml`` no part of MLflow is loaded and no file is written.

    kedro-mlflow reads that file and knows servers, credentials and experiments. Its own hook is off (``settings.py``):
    it begins a run for each command and logs the parameters of each node, of which a study has hundreds.
    """

    def __init__(self) -> None:
        self._context: Any = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Meet a server that cannot be used before the work, not after it."""
        self._context = None
        context.config_loader.config_patterns.setdefault("mlflow", PATTERNS)
        try:
            context.config_loader["mlflow"]
        except MissingConfigException:
            return
        if find_spec("kedro_mlflow") is None:
            raise ParameterError(
                "conf/ has an mlflow.yml, which asks for tracking with MLflow: "
                "pip install 'guided-retraining[mlflow]', or take the file away"
            )
        from kedro_mlflow.framework.hooks.mlflow_hook import MlflowHook
        from mlflow.exceptions import MlflowException

        try:
            MlflowHook().after_context_created(context)
        except (MlflowException, ValueError) as error:
            raise ParameterError(
                f"mlflow.yml asks for tracking that cannot be done: {str(error).rstrip('.')}. Change it, or take "
                "the file away"
            ) from error
        self._context = context

    @hook_impl
    def after_pipeline_run(self, pipeline: Any, catalog: Any) -> None:
        """Track each study that the run finished."""
        if self._context is None:
            return
        from mlflow.exceptions import MlflowException

        made, parameters = pipeline.all_outputs(), self._context.config_loader["parameters"]
        for dataset in sorted({name.partition(".")[0] for name in made}):
            if dataset in parameters and {f"{dataset}.{what}" for what in FINISHED} & made:
                try:
                    self._track(dataset, catalog, sorted(made))
                except MlflowException as error:
                    raise DataFileError(
                        f"{dataset}: the study is finished and its files are written, but MLflow could not track it: "
                        f"{error}. The same command again tracks it, without computing it again"
                    ) from error

    def _track(self, dataset: str, catalog: Any, made: list[str]) -> None:
        import mlflow

        answer = catalog.load(f"{dataset}.answer")
        with mlflow.start_run(run_name=dataset, nested=True) as run, TemporaryDirectory() as folder:
            mlflow.set_tags(
                {
                    "dataset": dataset,
                    "environment": self._context.env or "local",
                    "command": run_command("--pipelines", dataset),
                    "guided_retraining": __version__,
                    "mlflow.note.content": "\n\n".join(answer["lines"]),
                }
            )
            mlflow.log_params(flat(self._context.config_loader["parameters"][dataset]))
            mlflow.log_metrics(main_figures(answer["recommendation"]))
            figures = {
                name.partition(".")[2]: "figures"
                for name in made
                if name.startswith(f"{dataset}.") and name.endswith("_figure")
            }
            for what, place in {**FILES, **figures}.items():
                if catalog.exists(f"{dataset}.{what}"):
                    target = catalog.get(f"{dataset}.{what}").filepath
                    to = Path(folder, place)
                    to.mkdir(exist_ok=True)
                    shutil.copy(
                        local_path(target), to / Path(target).name
                    )  # a local copy has a name of its own
            mlflow.log_artifacts(folder)
        logger.info("MLflow: %s is run %s at %s", dataset, run.info.run_id, mlflow.get_tracking_uri())


def flat(values: Any, name: str = "") -> dict[str, Any]:
    """Nested parameters by dotted names, as ``--params`` takes them.

    Args:
        values: dictionaries, one within another, of anything.
        name: of them all.

    >>> flat({"attack": {"n_test": 0.6}, "metrics": {"lsa": None, "random": {}}})
    {'attack.n_test': 0.6, 'metrics.lsa': None, 'metrics.random': {}}
    """
    if not isinstance(values, Mapping) or not values:
        return {name: values}
    parts = (flat(one, f"{name}.{key}" if name else key) for key, one in values.items())
    return {key: value for part in parts for key, value in part.items()}


def main_figures(recommendation: dict[str, Any]) -> dict[str, float]:
    """Accuracies with their intervals, costs and numbers of inputs of the models in a study's answer.

    Args:
        recommendation: from the study's answer.

    Returns:
        For example ``recommended.robust``, ``recommended.robust.low``, ``whole_pool.gradient_passes``.
    """
    found: dict[str, float | None] = {}
    for name, model in recommendation["models"].items():
        found[f"{name}.n_inputs"] = model["n_inputs"]
        found |= {f"{name}.{cost}": value for cost, value in model["cost"].items()}
        for kind, interval in model["accuracy"].items():
            found |= {f"{name}.{kind}{suffix}": interval[part] for part, suffix in INTERVAL.items()}
    return {name: float(value) for name, value in found.items() if value is not None}
