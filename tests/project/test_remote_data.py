"""A study whose data lie behind a URL: several processes, a real protocol, no folder that they share."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from file_server import USER, WORD, ftp_server

from project_copies import ask_for_fewer_cells, kedro, make_project, smoke_results


def test_workers_that_share_nothing_but_a_url_end_with_the_numbers_of_one_process(
    smoke_project: Path, tmp_path: Path, monkeypatch
) -> None:
    project, served = ask_for_fewer_cells(make_project(tmp_path / "project")), tmp_path / "served"
    served.mkdir()
    cache = tmp_path / "cache"
    monkeypatch.setenv("GUIDED_RETRAINING_CACHE", str(cache))
    monkeypatch.setenv("FSSPEC_FTP_USERNAME", USER)
    monkeypatch.setenv("FSSPEC_FTP_PASSWORD", WORD)
    with ftp_server(served) as url:
        (project / "conf/local").mkdir(exist_ok=True)
        (project / "conf/local/globals.yml").write_text(f"data: {url}/study\n")
        finished = kedro(
            project, "run", "--env", "smoke", "--pipelines", "digits",
            "--runner", "guided_retraining.runners.DaskRunner",
            "--runner-params", "n_workers=2",
        )  # fmt: skip
        output = finished.stdout + finished.stderr
        assert finished.returncode == 0, output
        status = kedro(project, "guided", "status", "digits", "--env", "smoke")
    assert ", 0 missing; 0 stale" in status.stdout, status.stderr
    assert not [path for path in (project / "data").rglob("*") if path.is_file()], "all went to the URL"

    made, expected = served / "study", smoke_project / "data"
    names = {path.relative_to(made) for path in made.rglob("*") if path.is_file()}
    delivered = {name for name in names if name.match("digits/hardened_store/*.npz")}
    assert len(delivered) == 1, "a part of the study may recommend another model than the whole"
    assert names - delivered < {path.relative_to(expected) for path in expected.rglob("*") if path.is_file()}
    assert len([name for name in names if name.match("07_model_output/digits/cells/*.json")]) == 12
    assert Path("smoke/08_reporting/digits/report.html") in names
    project.joinpath("data").rmdir()
    project.joinpath("data").symlink_to(made)
    folder = made / "smoke/07_model_output/digits"
    tables = sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.parquet"))
    assert {"correctness", "results", "config_2/curves"} < set(tables)
    for table in tables:
        found = smoke_results(project, table)
        pd.testing.assert_frame_equal(found, smoke_results(smoke_project, table, like=found))
    assert not list(cache.glob(".*")), "files on their way up stayed"
