"""What the package imports is declared in ``pyproject.toml``, and what is declared is imported or has a reason."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from project_copies import ROOT
from test_import_arrows import SOURCE, imports

# Imported only where the user asks for it: on Dask workers, with JAX as the backend, with energy measured, for ONNX,
# to track studies.
OPTIONAL = {"dask": "dask", "distributed": "dask", "cloudpickle": "dask", "toolz": "dask"}
OPTIONAL |= {"jax": "jax", "codecarbon": "energy", "onnxruntime": "onnx"}
OPTIONAL |= {"mlflow": "mlflow", "kedro_mlflow": "mlflow"}
NOT_IMPORTED = {
    "multiprocess": "ART's AutoAttack imports it without declaring it",
    "omegaconf": "keeps Kedro's own dependency below the release that prints deprecation warnings",
    "pyarrow": "pandas reads and writes Parquet with it",
    "tabulate": "pandas writes Markdown tables with it",
}


def canonical(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    """Canonical names of requirements such as ``Jinja2>=3.1`` or ``kedro-datasets[pandas]>=9``."""
    return {canonical(re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0]) for requirement in requirements}


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ALWAYS = declared(PROJECT["dependencies"])
EXTRAS = {extra: declared(rows) for extra, rows in PROJECT["optional-dependencies"].items()}
IMPORTED = sorted(
    {name.split(".")[0] for path in SOURCE.rglob("*.py") for _, name in imports(path)}
    - {"guided_retraining", *sys.stdlib_module_names}
)
DISTRIBUTIONS = packages_distributions()


@pytest.mark.parametrize("module", IMPORTED)
def test_what_is_imported_is_declared(module: str) -> None:
    where = EXTRAS[OPTIONAL[module]] if module in OPTIONAL else ALWAYS
    provided_by = {canonical(name) for name in DISTRIBUTIONS.get(module, [module])}
    assert provided_by & where, (
        f"{module} comes with {sorted(provided_by)}, which pyproject.toml does not name"
    )


def test_what_is_declared_is_imported_or_has_a_reason() -> None:
    used = {canonical(name) for module in IMPORTED for name in DISTRIBUTIONS.get(module, [module])}
    assert ALWAYS - used == set(NOT_IMPORTED)
