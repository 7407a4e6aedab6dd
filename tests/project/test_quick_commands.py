"""Commands that only list, check or tell load nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

HEAVY = ["art", "jax", "keras", "matplotlib", "scipy.stats", "sklearn", "tensorflow"]
COMMANDS = {
    "lists the pipelines": ["registry", "list"],
    "refuses a parameter": ["run", "--params", "digits.training.epochs=-1"],
    "refuses a pipeline": ["run", "--pipelines", "mertics"],
    "tells how far a study is": ["guided", "status", "digits", "--env", "smoke"],
}
# All in one process; what one command loads is held against those after it too.
LOADED_BY = """
import json, sys
from kedro.framework.cli.cli import main

loaded = {}
for what, arguments in json.loads(sys.argv.pop()).items():
    sys.argv = ["kedro", *arguments]
    try:
        main()
    except SystemExit:
        pass
    loaded[what] = sorted(set(sys.modules))
print("\\n" + json.dumps(loaded))
"""


def test_nothing_heavy_is_loaded_to_list_to_refuse_and_to_tell(smoke_project: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", LOADED_BY, json.dumps(COMMANDS)],
        cwd=smoke_project, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
    )  # fmt: skip
    output = finished.stdout + finished.stderr
    assert finished.returncode == 0, output
    for done in ("- ordering_retraining", "digits.training.epochs", "mertics", " 0 missing"):
        assert done in output
    for what, loaded in json.loads(finished.stdout.splitlines()[-1]).items():
        assert "guided_retraining.pipeline_registry" in loaded
        assert not set(HEAVY) & set(loaded), f"the command that {what} loads them"
