"""The catalog: every free data name is persisted by a pattern, and Kedro-Viz finds what it previews."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project


@pytest.fixture
def session(project: Path):
    bootstrap_project(project)
    configure_project("guided_retraining")  # pipelines are cached per process
    with KedroSession.create(project_path=project, env="smoke") as session:
        yield session


def test_every_data_name_has_a_pattern_of_its_own(session: KedroSession) -> None:
    from kedro.framework.project import pipelines

    context = session.load_context()
    catalog = context.catalog
    files: dict[str, str] = {}
    for name in sorted(pipelines["digits"].datasets() | pipelines["comparison"].datasets()):
        if name == "parameters" or name.startswith("params:"):
            continue
        dataset = catalog.get(name)
        assert type(dataset).__module__.startswith("guided_retraining.io"), f"{name} is not persisted by us"
        path = str(dataset._describe()["filepath"])
        assert path not in files, f"{name} and {files.get(path)} share {path}"
        files[path] = name
        assert dataset.metadata["kedro-viz"]["layer"]


@pytest.mark.parametrize("env", [None, "smoke"])
def test_one_line_moves_all_data_but_raw(project: Path, env: str | None) -> None:
    (project / "conf/local").mkdir(exist_ok=True)
    (project / "conf/local/globals.yml").write_text("data: memory://study\n")
    bootstrap_project(project)
    configure_project("guided_retraining")
    from kedro.framework.project import pipelines

    with KedroSession.create(project_path=project, env=env) as session:
        context = session.load_context()
        assert "digits" in context.params  # parameters first: they are read by loaders of their own
        catalog = context.catalog
        names = [name for name in pipelines["digits"].datasets() if not name.startswith("param")]
        places = {name: str(catalog.get(name)._describe()["filepath"]) for name in names}
    assert places.pop("digits.raw") == (project / "data/01_raw/digits").as_posix()
    stores = ("digits.training_store", "digits.attack_store", "digits.hardened_store", "digits.cells")
    assert all(places.pop(name).startswith("memory://study/0") for name in stores), (
        "all environments share them"
    )
    own = f"memory://study/{env}/0" if env else "memory://study/0"
    assert all(place.startswith(own) for place in places.values()), places
    assert len(set(places.values())) == len(places)


def test_an_environment_and_relative_folders_have_their_say(project: Path) -> None:
    (project / "conf/local").mkdir(exist_ok=True)
    (project / "conf/local/globals.yml").write_text("data: ../disk\nraw: /mnt/raw\n")
    (project / "conf/smoke/globals.yml").write_text("data: smoke_data\n")
    bootstrap_project(project)
    for env, place in ((None, project / "../disk"), ("smoke", project / "smoke_data/smoke")):
        with KedroSession.create(project_path=project, env=env) as session:
            catalog = session.load_context().catalog
            model = catalog.get("digits.model")._describe()["filepath"]
            assert model == str(place / "06_models/digits/model_*.keras")
            cells = catalog.get("digits.cells")._describe()["filepath"]
            assert cells == str(
                place.parent / "07_model_output/digits/cells"
                if env
                else place / "07_model_output/digits/cells"
            )
            assert str(catalog.get("digits.raw")._filepath) == "/mnt/raw/digits"


def test_the_catalog_knows_its_place_whatever_is_read_first(project: Path) -> None:
    from guided_retraining.project.config_loader import LayeredConfigLoader

    settings = {"base_env": "base", "default_run_env": "local", "env": "smoke"}
    elsewhere = shutil.copytree(project / "conf", project / "elsewhere")
    (elsewhere / "local/globals.yml").write_text("data: other_data\n")
    loader = LayeredConfigLoader(str(project / "conf"), **settings)
    assert loader["catalog"]["{dataset}.model"]["filepath"].startswith("data/smoke/06_models/")
    other = LayeredConfigLoader(str(elsewhere), **settings)
    assert other["parameters"]
    assert loader["catalog"]["{dataset}.model"]["filepath"].startswith("data/smoke/06_models/")
    assert other["catalog"]["{dataset}.model"]["filepath"].startswith("other_data/smoke/06_models/")


def test_registered_pipelines_and_namespaces(session: KedroSession) -> None:
    from kedro.framework.project import pipelines

    session.load_context()
    stages = [
        "preprocessing",
        "training",
        "attack",
        "metrics",
        "ordering_retraining",
        "reporting",
        "delivery",
    ]
    assert {*stages, "digits", "__default__"} <= set(pipelines)
    assert pipelines["__default__"].nodes == pipelines["digits"].nodes
    everything = pipelines["digits"]
    assert len(everything.filter(node_namespaces=["digits.ordering_retraining.config_1"]).nodes) == 7
    assert pipelines["metrics"].filter(node_namespaces=["digits"]).nodes
    names = [node.name for node in everything.nodes]
    assert len(names) == len(set(names))


def test_listing_pipelines_loads_no_deep_learning_library(project: Path) -> None:
    code = (
        "import sys\n"
        "from kedro.framework.startup import bootstrap_project\n"
        "bootstrap_project(__import__('pathlib').Path('.').resolve())\n"
        "from kedro.framework.project import pipelines\n"
        "assert 'digits' in dict(pipelines)\n"
        "heavy = {'tensorflow', 'keras', 'art'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr


def test_images_tables_and_figures_have_previews(smoke_project: Path) -> None:
    from guided_retraining.io.arrays import NumpyDataset
    from guided_retraining.io.atomic import AtomicJSONDataset, AtomicParquetDataset
    from guided_retraining.io.figure import FigureDataset
    from guided_retraining.io.replicates import ReplicatedArraysDataset

    data = smoke_project / "data/smoke"
    images = NumpyDataset(filepath=str(data / "05_model_input/digits/train_images.npy"))
    assert len(images.preview()) > 1000
    scores = ReplicatedArraysDataset(filepath=str(data / "04_feature/digits/dsa_scores_*.npy"))
    assert len(scores.preview()) > 1000
    results = AtomicParquetDataset(filepath=str(data / "07_model_output/digits/results.parquet"))
    assert len(results.preview(nrows=3)["data"]) == 3
    assert "lines" in AtomicJSONDataset(filepath=str(data / "08_reporting/digits/answer.json")).preview()
    figure = FigureDataset(filepath=str(data / "08_reporting/digits/differences_figure.png"))
    assert len(figure.preview()) > 1000
