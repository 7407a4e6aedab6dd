"""The Dask runner on a toy study: results, a killed worker, a failing node, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster_processes import Cluster
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from toy_nodes import CELLS, CURVES, alone, toy_catalog, toy_pipeline

from guided_retraining.errors import GuidedRetrainingError, ParameterError
from guided_retraining.runners import DaskRunner
from guided_retraining.runners.dask_runner import NodesFailedError


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers, started from the command line."""
    processes = Cluster(tmp_path_factory.mktemp("cluster"))
    processes.add_worker()
    processes.add_worker()
    yield processes
    processes.stop()


def computed(folder: Path) -> list[list[str]]:
    """Key and process of every cell that was finished."""
    return [line.split() for line in (folder / "log").read_text().splitlines()]


def sequential_table(folder: Path) -> dict[str, list[int]]:
    folder.mkdir()
    SequentialRunner().run(toy_pipeline(), toy_catalog(folder))
    return json.loads((folder / "table.json").read_text())


def test_a_cluster_gives_what_one_process_gives_and_shares_cells(cluster: Cluster, tmp_path: Path) -> None:
    expected = sequential_table(tmp_path / "sequential")
    DaskRunner(address=cluster.address).run(toy_pipeline(), toy_catalog(tmp_path, seconds=0.05))
    assert json.loads((tmp_path / "table.json").read_text()) == expected
    cells = computed(tmp_path)
    assert len({key for key, _ in cells}) == len(cells) == len(CURVES) * (CELLS - 1) + 1, "a cell ran twice"
    assert {int(pid) for _, pid in cells} == {worker.pid for worker in cluster.workers}, "a worker was idle"
    assert json.loads((tmp_path / "alone.json").read_text())["folder"] == str(Path.cwd())
    assert json.loads((tmp_path / "started.json").read_text())["threads"] == "1", "--nthreads was not kept"


def test_what_computes_with_a_model_goes_to_workers_with_a_gpu(tmp_path: Path) -> None:
    processes, study = Cluster(tmp_path), tmp_path / "study"
    study.mkdir()
    try:
        processes.add_worker()
        processes.add_worker("--resources", "GPU=1")  # made up: no GPU is looked for
        DaskRunner(address=processes.address).run(toy_pipeline(), toy_catalog(study, seconds=0.05))
        assert json.loads((study / "table.json").read_text()) == sequential_table(tmp_path / "sequential")
        assert {int(pid) for _, pid in computed(study)} == {processes.workers[1].pid}
        lost = tmp_path / "lost"
        lost.mkdir()
        with pytest.raises(GuidedRetrainingError, match="no Dask worker with a GPU for 2 s"):
            DaskRunner(address=processes.address, worker_timeout=2).run(
                toy_pipeline(), toy_catalog(lost, deadly="a")
            )
        assert (lost / "alone.json").exists(), "the other worker went on with what needs no GPU"
    finally:
        processes.stop()


def test_an_idle_worker_helps_with_the_last_curve(cluster: Cluster, tmp_path: Path) -> None:
    toy_catalog(tmp_path).save("started", {"base": 10})
    pipeline = toy_pipeline().only_nodes("curve_a")
    DaskRunner(address=cluster.address).run(pipeline, toy_catalog(tmp_path, seconds=0.3))
    cells = computed(tmp_path)
    assert len({key for key, _ in cells}) == len(cells) == CELLS
    assert len({pid for _, pid in cells}) == 2, "one worker did it alone"
    assert json.loads((tmp_path / "curve_a.json").read_text())["values"] == [10 + n for n in range(CELLS)]


def test_a_failing_node_blocks_only_what_needs_it(cluster: Cluster, tmp_path: Path, caplog) -> None:
    with pytest.raises(NodesFailedError) as caught:
        DaskRunner(address=cluster.address).run(toy_pipeline(), toy_catalog(tmp_path, failing="b"))
    assert "1 of 7 nodes failed, 1 could not run without them, 5 are done" in str(caught.value)
    assert "curve_b: ValueError: curve b was told to fail" in str(caught.value)
    assert "toy_nodes.py" in caplog.text, "the trace of an error nobody expects is logged"
    assert not (tmp_path / "curve_b.json").exists()
    assert all((tmp_path / f"curve_{name}.json").exists() for name in "acd")
    before = computed(tmp_path)

    DaskRunner(address=cluster.address).run(toy_pipeline(), toy_catalog(tmp_path))
    table = json.loads((tmp_path / "table.json").read_text())
    assert table == sequential_table(tmp_path / "sequential")
    assert len(computed(tmp_path)) == len(before) + CELLS - 1, "finished cells were not found again"


def test_a_killed_worker_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    processes = Cluster(tmp_path)
    study = tmp_path / "study"
    study.mkdir()
    try:
        processes.add_worker()
        processes.add_worker()
        run = threading.Thread(
            target=DaskRunner(address=processes.address).run,
            args=(toy_pipeline(), toy_catalog(study, seconds=0.4)),
        )
        run.start()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            seen = Counter(pid for _, pid in computed(study)) if (study / "log").exists() else Counter()
            if len(seen) == 2 and min(seen.values()) >= 2:
                break
            time.sleep(0.02)
        processes.kill_worker(int(min(seen)))
        run.join(90)
        assert not run.is_alive()
    finally:
        processes.stop()
    table = json.loads((study / "table.json").read_text())
    assert table == sequential_table(tmp_path / "sequential")
    cells = [key for key, _ in computed(study)]
    assert sorted(cells) == sorted(set(cells)), "a finished cell was computed again"
    assert len(cells) == len(CURVES) * (CELLS - 1) + 1


def test_local_workers_their_threads_and_a_node_that_kills_them(tmp_path: Path) -> None:
    runner = DaskRunner(n_workers=2, threads=1)
    with pytest.raises(NodesFailedError, match=r"curve_c: .*workers died") as caught:
        runner.run(toy_pipeline(), toy_catalog(tmp_path, deadly="c"))
    assert "1 of 7 nodes failed, 1 could not run without them, 5 are done" in str(caught.value)
    assert json.loads((tmp_path / "started.json").read_text())["threads"] == "1"
    assert json.loads((tmp_path / "alone.json").read_text())["pid"] != os.getpid()


def test_data_that_would_stay_in_memory_is_refused_before_anything_runs(tmp_path: Path) -> None:
    catalog = DataCatalog({"params:options": MemoryDataset({})})
    with pytest.raises(ParameterError, match=r"through files, and kept would stay in memory; .*catalog.yml"):
        DaskRunner(n_workers=1).run(Pipeline([node(alone, "params:options", "kept", name="alone")]), catalog)


def test_a_scheduler_that_is_not_there_is_named(monkeypatch) -> None:
    monkeypatch.setattr("guided_retraining.runners.cluster.CONNECT_SECONDS", 0.5)
    folder = Path("unused")
    with pytest.raises(
        GuidedRetrainingError, match=r"no Dask scheduler answers at address=tcp://127.0.0.1:9 "
    ):
        DaskRunner(address="tcp://127.0.0.1:9").run(toy_pipeline(), toy_catalog(folder))


def test_a_cluster_without_workers_ends_with_a_message(tmp_path: Path) -> None:
    processes = Cluster(tmp_path)
    try:
        with pytest.raises(GuidedRetrainingError, match="no Dask worker for 1 s"):
            DaskRunner(address=processes.address, worker_timeout=1).run(toy_pipeline(), toy_catalog(tmp_path))
    finally:
        processes.stop()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_workers": 0}, "n_workers=0: expected a whole number above 0"),
        ({"threads": "two"}, "threads='two'"),
        ({"worker_timeout": 0}, "worker_timeout=0: expected seconds above 0"),
        ({"n_workers": 2, "address": "tcp://host:1"}, "give one"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        DaskRunner(**arguments)


def test_without_dask_the_extra_is_named_and_the_package_still_imports() -> None:
    code = (
        "import sys\n"
        "sys.modules['distributed'] = sys.modules['dask'] = sys.modules['cloudpickle'] = None\n"
        "import guided_retraining.runners as runners\n"
        "from guided_retraining.errors import ParameterError\n"
        "try:\n"
        "    runners.DaskRunner\n"
        "except ParameterError as error:\n"
        "    print(error)\n"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'guided-retraining[dask]'" in finished.stdout
