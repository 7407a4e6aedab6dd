"""A small study: two starts, four curves of cells in a shared store, one table; importable by worker processes."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node

from guided_retraining.io.atomic import AtomicJSONDataset
from guided_retraining.io.store import StoreDataset
from guided_retraining.storage.claims import share
from guided_retraining.storage.fingerprint import fingerprint
from guided_retraining.storage.store import Store

CURVES = ("a", "b", "c", "d")
CELLS = 6


def start(options: dict[str, Any]) -> dict[str, Any]:
    """What all curves need."""
    return {"base": options["base"], "threads": os.environ.get("TF_NUM_INTRAOP_THREADS")}


def curve(started: dict[str, Any], cells: Store, options: dict[str, Any], *, name: str) -> dict[str, Any]:
    """Cells of a curve; the last is the same for all curves, as the whole pool is."""
    if name == options.get("failing"):
        raise ValueError(f"curve {name} was told to fail")
    if name == options.get("deadly"):
        os._exit(3)
    log = Path(options["log"])

    def compute(position: int) -> dict[str, Any]:
        time.sleep(options.get("seconds", 0.0))
        with log.open("a") as stream:
            stream.write(f"{keys[position]} {os.getpid()}\n")
        return {"value": started["base"] + position}

    keys = [fingerprint(name, n) for n in range(CELLS - 1)] + [fingerprint("whole pool")]
    found = dict(share(cells, keys, compute))
    return {"name": name, "values": [found[position]["value"] for position in range(CELLS)]}


def gather(*curves: dict[str, Any]) -> dict[str, Any]:
    """All curves."""
    return {item["name"]: item["values"] for item in curves}


def alone(options: dict[str, Any]) -> dict[str, Any]:
    """Needs nothing that can fail."""
    return {"folder": str(Path.cwd()), "pid": os.getpid()}


def curve_a(*arguments: Any) -> dict[str, Any]:
    return curve(*arguments, name="a")


def curve_b(*arguments: Any) -> dict[str, Any]:
    return curve(*arguments, name="b")


def curve_c(*arguments: Any) -> dict[str, Any]:
    return curve(*arguments, name="c")


def curve_d(*arguments: Any) -> dict[str, Any]:
    return curve(*arguments, name="d")


def toy_pipeline() -> Pipeline:
    """start -> four curves -> table, and a node alone."""
    functions = (curve_a, curve_b, curve_c, curve_d)
    return Pipeline(
        [
            node(start, "params:options", "started", name="start"),
            *(
                node(
                    function,
                    ["started", "cells", "params:options"],
                    f"curve_{name}",
                    name=f"curve_{name}",
                    tags=["divisible", "backend"],
                )
                for name, function in zip(CURVES, functions, strict=True)
            ),
            node(gather, [f"curve_{name}" for name in CURVES], "table", name="gather"),
            node(alone, "params:options", "alone", name="alone"),
        ]
    )


def toy_catalog(folder: Path, **options: Any) -> DataCatalog:
    """Files below a folder."""
    names = ["started", *(f"curve_{name}" for name in CURVES), "table", "alone"]
    return DataCatalog(
        {
            "params:options": MemoryDataset({"base": 10, "log": str(folder / "log"), **options}),
            "cells": StoreDataset(filepath=str(folder / "cells")),
            **{name: AtomicJSONDataset(filepath=str(folder / f"{name}.json")) for name in names},
        }
    )
