# Needs Python 3.11 (to 3.13), make and pip. Override the interpreter: make demo PYTHON=python3.12
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help venv demo test test-slow lint docs build lock bench-guidance bench-attacks bench-commands bench-readers bench-retraining bench-gpu resolve clean

help:
	@echo "make demo    install into .venv and run the study on handwritten digits (a few minutes)"
	@echo "make test    install into .venv and run the tests"
	@echo "make venv    only install"
	@echo "make lint    ruff and mypy"
	@echo "make docs    the documentation as a site in docs/_build/html; a broken link fails"
	@echo "make build   the wheel in dist/"
	@echo "make lock    requirements.lock anew from pyproject.toml"
	@echo "make resolve which versions each extra for JAX and GPUs would install, for each Python; nothing is installed"

venv: $(STAMP)

# Reinstalled only when the locked requirements or the package's own metadata change.
$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/kedro run

# A process a core; modules in the order of tests/conftest.py, shuffled within it, the same each time.
test: $(STAMP)
	$(BIN)/python -m pytest -q -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder --randomly-seed 1

test-slow: $(STAMP)
	$(BIN)/python -m pytest -q -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(STAMP)
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build/html

build: $(STAMP)
	$(BIN)/python -m build --wheel --no-isolation

# For all operating systems and Python versions at once.
lock: $(STAMP)
	$(BIN)/uv pip compile --universal --no-header --no-annotate --python-version 3.11 \
		--extra dev --quiet --output-file requirements.lock pyproject.toml

resolve: $(STAMP)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python .ci/resolve_extras.py

bench-guidance bench-attacks bench-commands bench-readers bench-retraining bench-gpu: bench-%: $(STAMP)
	$(BIN)/python benchmarks/bench_$*.py $(ARGS)

clean:
	rm -rf $(VENV)
