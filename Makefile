# Needs Python 3.11 (to 3.13), make and pip. Override the interpreter: make demo PYTHON=python3.12
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help venv demo test test-slow lint bench-guidance bench-attacks bench-readers bench-retraining clean

help:
	@echo "make demo    install into .venv and run the study on handwritten digits (a few minutes)"
	@echo "make test    install into .venv and run the tests"
	@echo "make venv    only install"
	@echo "make lint    ruff and mypy"

venv: $(STAMP)

# Reinstalled only when the locked requirements or the package's own metadata change.
$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/kedro run

test: $(STAMP)
	$(BIN)/python -m pytest -q

test-slow: $(STAMP)
	$(BIN)/python -m pytest -q -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench-guidance bench-attacks bench-readers bench-retraining: bench-%: $(STAMP)
	$(BIN)/python benchmarks/bench_$*.py $(ARGS)

clean:
	rm -rf $(VENV)
