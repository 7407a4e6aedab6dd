"""The registered pipelines: each stage over all data sets, each data set through all stages, and the default."""

from __future__ import annotations

import warnings

from kedro.pipeline import Pipeline

from guided_retraining.parameters.names import STAGES
from guided_retraining.parameters.study import Study
from guided_retraining.pipelines import (
    attack,
    comparison,
    delivery,
    download,
    metrics,
    ordering_retraining,
    preprocessing,
    reporting,
    training,
)
from guided_retraining.pipelines.wiring import for_dataset
from guided_retraining.project.config_loader import run_command, studies
from guided_retraining.readers.sources import SOURCES

DEFAULT_DATASET = "digits"


def register_pipelines() -> dict[str, Pipeline]:
    """All pipelines, built from the parameters of the configured data sets.

    Returns:
        The seven stages by name, ``download``, ``comparison``, the data sets by name, and ``__default__``.

    Raises:
        ParameterError: something in ``conf/`` or ``--params`` cannot be used.
    """
    configured = studies()
    with warnings.catch_warnings():
        # Between the inner namespaces and the data set's own, which is put around them last, names such as
        # "dsa.scores" look hand-written to Kedro.
        warnings.filterwarnings("ignore", message="One or more dataset names contain '.'")
        built = {name: dataset_stages(name, study) for name, study in configured.items()}
    pipelines = {stage: Pipeline([stages[stage] for stages in built.values()]) for stage in STAGES}
    pipelines |= {name: Pipeline(list(stages.values())) for name, stages in built.items()}
    pipelines["download"] = Pipeline(
        [for_dataset(name, download.create_pipeline(name)) for name in configured if name in SOURCES]
    )
    pipelines["comparison"] = for_dataset(
        "comparison", comparison.create_pipeline(list(configured), run_command("--pipelines"))
    )
    pipelines["__default__"] = pipelines.get(DEFAULT_DATASET, Pipeline([]))
    return pipelines


def dataset_stages(name: str, study: Study) -> dict[str, Pipeline]:
    """The seven stages of one data set.

    Args:
        name: of the data set.
        study: its parameters, which decide which metrics and configurations there are.
    """
    orders = {name: study.orders(name) for name in study.ordering_retraining.configurations}
    chosen = list(study.metrics)
    stages = {
        "preprocessing": preprocessing.create_pipeline(),
        "training": training.create_pipeline(),
        "attack": attack.create_pipeline(),
        "metrics": metrics.create_pipeline(chosen),
        "ordering_retraining": ordering_retraining.create_pipeline(name, orders),
        "reporting": reporting.create_pipeline(chosen),
        "delivery": delivery.create_pipeline(chosen),
    }
    return {stage: for_dataset(name, pipeline) for stage, pipeline in stages.items()}
