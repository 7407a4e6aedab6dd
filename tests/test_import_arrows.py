"""The arrow of imports: only what Kedro runs knows of Kedro, and a metric needs no deep-learning library."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "guided_retraining"
SOURCE = Path(__file__).resolve().parents[1] / "src" / PACKAGE
PLAIN_PACKAGES = (
    "readers",
    "models",
    "attacks",
    "guidance",
    "retraining",
    "evaluation",
    "report",
    "sequential",
)
KEDRO_ROOM = ("pipelines", "io", "runners", "project", "commands", "settings", "cli", "pipeline_registry")
DEEP_LEARNING = {"tensorflow", "keras", "torch", "jax", "art"}


def imports(module: Path, root: Path = SOURCE) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything a module imports, inside functions too."""
    package = (root.name, *module.relative_to(root).parent.parts)
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


def modules(package: str) -> list[Path]:
    """Every module of a package of ours, or the one module of that name."""
    found = sorted((SOURCE / package).rglob("*.py")) or [SOURCE / f"{package}.py"]
    assert found[0].exists(), f"there is no {package} in {SOURCE}"
    return found


def reached(package: str, forbidden: tuple[str, ...]) -> list[str]:
    """Imports, in a package, of anything at or below the forbidden names."""
    return [
        f"{path.relative_to(SOURCE)}:{line} imports {name}"
        for path in modules(package)
        for line, name in imports(path)
        if any(name == root or name.startswith(f"{root}.") for root in forbidden)
    ]


@pytest.mark.parametrize("package", PLAIN_PACKAGES)
def test_a_plain_package_knows_nothing_of_kedro(package: str) -> None:
    kedro_side = tuple(f"{PACKAGE}.{name}" for name in KEDRO_ROOM)
    assert not reached(package, ("kedro", "kedro_datasets", "kedro_viz", *kedro_side))


@pytest.mark.parametrize("package", ["guidance", "evaluation", "report", "readers"])
def test_no_deep_learning_library_where_plain_arrays_are_enough(package: str) -> None:
    users = tuple(f"{PACKAGE}.{name}" for name in ("models", "attacks", "machine.backend"))
    table = f"{PACKAGE}.attacks.registry."  # names and bounds, for which no library is needed
    found = reached(package, (*DEEP_LEARNING, *users))
    assert [line for line in found if f"imports {table}" not in line] == []


def test_words_figures_and_tables_of_attacks_load_no_deep_learning_library() -> None:
    code = (
        "import sys; import guided_retraining.report, guided_retraining.attacks.registry;"
        f"loaded = set({sorted(DEEP_LEARNING)!r}) & sys.modules.keys(); assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("module", ["images", "storage", "errors"])
def test_what_all_share_imports_no_stage_and_no_kedro(module: str) -> None:
    stages = tuple(f"{PACKAGE}.{name}" for name in (*PLAIN_PACKAGES, *KEDRO_ROOM))
    assert not reached(module, ("kedro", *DEEP_LEARNING, *stages))


def test_the_walk_sees_nested_relative_and_plain_imports(tmp_path: Path) -> None:
    root = tmp_path / "ours"
    (root / "inner").mkdir(parents=True)
    module = root / "inner" / "one.py"
    module.write_text("import a.b\nfrom .near import x\nfrom ..far import y\ndef f():\n    from c import d\n")
    assert [name for _, name in imports(module, root)] == ["a.b", "ours.inner.near.x", "ours.far.y", "c.d"]
