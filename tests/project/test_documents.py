"""What the documents point at is there: pages, sections, files, modules; facts told twice are told alike."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import guided_retraining
from project_copies import ROOT

SOURCE = ROOT / "src/guided_retraining"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(?:^|\s)((?:[\w.-]+/)+[\w.-]+\.(?:py|ipynb|yml|md))\b")  # such as storage/files.py
MODULE = re.compile(r"`guided_retraining((?:\.\w+)+)")
MADE_BY_USERS = re.compile(r"/(?:birds|mine|globals)\.yml$")


def anchors(document: Path) -> set[str]:
    """The names under which a page's headings are linked to."""
    headings = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for link in LINK.findall(CODE_BLOCK.sub("", document.read_text())):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), f"{document.name} links to {link}"
        assert not anchor or anchor in anchors(target), f"{document.name} links to {link}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_and_modules_named_are_there(document: Path) -> None:
    text = document.read_text()
    for name in [name for code in CODE.findall(text) for name in FILE.findall(code)]:
        assert (ROOT / name).exists() or (SOURCE / name).exists() or MADE_BY_USERS.search(name), name
    for dotted in MODULE.findall(text):
        parts = dotted.strip(".").split(".")
        found = [SOURCE.joinpath(*parts[:n]) for n in (len(parts), len(parts) - 1)]
        assert any(path.is_dir() or path.with_suffix(".py").exists() for path in found), dotted


def test_version_pythons_and_licence_are_told_alike() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == guided_retraining.__version__
    assert f"## [{guided_retraining.__version__}]" in (ROOT / "CHANGELOG.md").read_text()
    assert citation["license"] == project["license"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    pythons = workflow["jobs"]["check"]["strategy"]["matrix"]["python"]
    assert pythons == re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))
    newest = int(pythons[-1].removeprefix("3."))
    assert project["requires-python"] == f">={pythons[0]},<3.{newest + 1}"


def test_what_the_workflow_calls_is_in_the_makefile() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    called = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    called += (ROOT / ".ci/run").read_text().splitlines()
    targets = [
        name for line in called if line.startswith("make ") for name in line.split()[1:] if "=" not in name
    ]
    assert {"lint", "test", "build", "docs"} <= set(targets)
    made = set(re.findall(r"^([\w -]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(targets) <= {name for row in made for name in row.split()}
